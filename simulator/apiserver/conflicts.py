"""Who applied which field: what a second manager may not change without force."""

import json
from collections.abc import Iterator
from typing import Any

from simulator.apimachinery.errors import ApiError, apply_conflict
from simulator.apimachinery.objects import Obj
from simulator.apiserver.merge_patch import merge_key

Conflict = tuple[str, str]
IDENTITY = (
    ".apiVersion",
    ".kind",
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.uid",
    ".metadata.resourceVersion",
)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Field paths as fieldpath.Path prints them, with their values; a list without keys is one."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _field(key, inner, path)
    elif path not in IDENTITY:
        yield path, value


def _field(key: str, value: Any, path: str) -> Iterator[tuple[str, Any]]:
    by = merge_key(key, value, path) if isinstance(value, list) else None
    if by is None or not all(isinstance(one, dict) for one in value):
        yield from leaves(value, f"{path}.{key}")
        return
    for one in value:
        yield from leaves(one, f"{path}.{key}[{by}={json.dumps(one.get(by))}]")


def conflicts(live: Obj, wanted: Obj, others: dict[str, set[str]]) -> list[Conflict]:
    """(manager, path) of each field that another one applied and that would change."""
    held = dict(leaves(live))
    changed = {path for path, value in leaves(wanted) if held.get(path) != value}
    return sorted((manager, path) for manager, own in others.items() for path in changed & own)


def refusal(found: list[Conflict]) -> ApiError:
    """In the words of managedfields.NewConflictError."""
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}"', "field": path}
        for manager, path in found
    ]
    return apply_conflict(_message(found), causes)


def _message(found: list[Conflict]) -> str:
    if len(found) == 1:
        manager, path = found[0]
        return f'Apply failed with 1 conflict: conflict with "{manager}": {path}'
    told = []
    for manager in sorted({one for one, _ in found}):
        lines = [f"\n- {path}" for one, path in found if one == manager]
        told.append(f'conflicts with "{manager}":' + "".join(lines))
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(told)
