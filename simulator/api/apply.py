"""Server-side apply, simplified: the applied fields win, and what a manager no longer applies goes.

Ownership of fields is remembered per manager as its last applied configuration, not as fieldsV1.
"""

from copy import deepcopy
from typing import Any

from simulator.api.strategic import merge_key, strategic
from simulator.objects import Obj

Applied = dict[tuple[str, str], Obj]


def apply(current: Obj | None, wanted: Obj, former: Obj | None) -> Obj:
    base = deepcopy(current) if current is not None else {}
    if former is not None:
        base = _without(base, former, wanted, "")
    merged: Obj = strategic(base, wanted)
    return merged


def _without(base: Any, former: Any, wanted: Any, path: str) -> Any:
    """`base` less what was applied formerly and no longer is."""
    if not (isinstance(base, dict) and isinstance(former, dict) and isinstance(wanted, dict)):
        return base
    for key, value in former.items():
        if key not in base:
            continue
        if key not in wanted:
            del base[key]
        elif isinstance(value, list):
            base[key] = _list_without(key, base[key], value, wanted[key], path)
        else:
            base[key] = _without(base[key], value, wanted[key], f"{path}.{key}")
    return base


def _list_without(field: str, base: Any, former: list[Any], wanted: Any, path: str) -> Any:
    key = merge_key(field, former, path)
    if key is None or not isinstance(base, list) or not isinstance(wanted, list):
        return base
    gone = {f.get(key) for f in former} - {w.get(key) for w in wanted}
    kept = [item for item in base if item.get(key) not in gone]
    by_key = {f.get(key): f for f in former}
    now = {w.get(key): w for w in wanted}
    return [
        _without(i, by_key.get(i.get(key), {}), now.get(i.get(key), {}), f"{path}.{field}")
        for i in kept
    ]
