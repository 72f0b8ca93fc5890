"""Server-side apply, simplified: the applied fields win, and what a manager no longer applies goes.

Ownership of fields is remembered per manager as its last applied configuration, not as fieldsV1;
only those who apply own fields, so an ordinary update is never in conflict.
"""

import json
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from simulator.apimachinery.objects import Obj
from simulator.apiserver.conflicts import conflicts, leaves, refusal
from simulator.apiserver.merge_patch import merge_key, strategic


@dataclass(frozen=True)
class Own:
    """What a manager applied last, and which of those fields another one took by force."""

    config: Obj
    lost: frozenset[str] = frozenset()

    def fields(self) -> set[str]:
        return {path for path, _ in leaves(self.config)} - self.lost


Applied = dict[str, Own]


def apply(current: Obj, wanted: Obj, owned: Applied, manager: str, force: bool) -> Obj:
    """The object afterwards; ApiError 409 for what another manager owns, unless forced."""
    others = {name: own.fields() for name, own in owned.items() if name != manager}
    found = conflicts(current, wanted, others)
    if found and not force:
        raise refusal(found)
    base = deepcopy(current)
    if manager in owned:
        base = _without(base, owned[manager].config, wanted, "", set().union(*others.values()))
    merged: Obj = strategic(base, deepcopy(wanted))
    return merged


def owned_after(owned: Applied, manager: str, wanted: Obj, before: Obj) -> Applied:
    """Who owns what once `wanted` has been applied to `before`."""
    others = {name: own for name, own in owned.items() if name != manager}
    taken = conflicts(before, wanted, {name: own.fields() for name, own in others.items()})
    lost = {name: frozenset(path for one, path in taken if one == name) for name in others}
    kept = {name: Own(own.config, own.lost | lost[name]) for name, own in others.items()}
    return kept | {manager: Own(wanted)}


def _without(base: Any, former: Any, wanted: Any, path: str, kept: set[str]) -> Any:
    """`base` less what was applied formerly and no longer is, unless another owns it."""
    if not (isinstance(base, dict) and isinstance(former, dict) and isinstance(wanted, dict)):
        return base
    for key, value in former.items():
        inner = f"{path}.{key}"
        if key not in base:
            continue
        if key not in wanted:
            if not _has_owner(inner, kept):
                del base[key]
        elif isinstance(value, list):
            base[key] = _list_without(key, base[key], value, wanted[key], path, kept)
        else:
            base[key] = _without(base[key], value, wanted[key], inner, kept)
    return base


def _has_owner(path: str, kept: set[str]) -> bool:
    return any(own == path or own.startswith((f"{path}.", f"{path}[")) for own in kept)


def _list_without(
    field: str, base: Any, former: list[Any], wanted: Any, path: str, kept: set[str]
) -> Any:
    key = merge_key(field, former, path)
    if key is None or not isinstance(base, list) or not isinstance(wanted, list):
        return base
    by_key, now = ({one.get(key): one for one in some} for some in (former, wanted))
    found = []
    for item in base:
        name = item.get(key)
        inner = f"{path}.{field}[{key}={json.dumps(name)}]"
        if name in now or name not in by_key or _has_owner(inner, kept):
            found.append(_without(item, by_key.get(name, {}), now.get(name, {}), inner, kept))
    return found
