"""Merge patch (RFC 7386) and strategic merge patch."""

from typing import Any

from simulator.apimachinery.objects import Obj

MERGE_KEYS: dict[str, str] = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "conditions": "type",
    "addresses": "type",
    "ownerReferences": "uid",
    "topologySpreadConstraints": "topologyKey",
    "schedulingGates": "name",
    "resourceClaims": "name",
    "webhooks": "name",
    "secrets": "name",
}
SETS = {"finalizers"}


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def strategic(target: Any, patch: Any, path: str = "") -> Any:
    """A strategic merge patch of a built-in kind; lists merge by their key."""
    if not isinstance(patch, dict):
        return patch
    directive = patch.get("$patch")
    if directive == "replace":
        return {k: v for k, v in patch.items() if k != "$patch"}
    if directive == "delete":
        return None
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_field(result, key, value, path)
    _apply_directives(result, patch)
    return result


def _merge_field(result: Obj, key: str, value: Any, path: str) -> None:
    if value is None:
        result.pop(key, None)
    elif isinstance(value, list):
        result[key] = _merge_list(key, result.get(key) or [], value, path)
    else:
        merged = strategic(result.get(key), value, f"{path}.{key}")
        if merged is None:
            result.pop(key, None)
        else:
            result[key] = merged


def _apply_directives(result: Obj, patch: Obj) -> None:
    kept = patch.get("$retainKeys")
    if kept is not None:
        for key in [k for k in result if k not in kept]:
            del result[key]
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            field = key.split("/", 1)[1]
            result[field] = [v for v in result.get(field) or [] if v not in value]


def merge_key(field: str, items: list[Any], path: str) -> str | None:
    if field == "ports":
        service = path == ".spec" or any(isinstance(i, dict) and "port" in i for i in items)
        return "port" if service else "containerPort"
    if field == "taints":
        return "key" if path == ".spec" else None
    return MERGE_KEYS.get(field)


def _merge_list(field: str, current: list[Any], patch: list[Any], path: str) -> list[Any]:
    if field in SETS:
        return [*current, *(v for v in patch if v not in current)]
    key = merge_key(field, patch, path)
    if key is None or any(not isinstance(item, dict) for item in patch):
        return patch
    if any(map(_says_replace, patch)):
        return [item for item in patch if not _says_replace(item)]
    return _merge_keyed(key, current, patch, f"{path}.{field}")


def _says_replace(item: Obj) -> bool:
    return bool(item.get("$patch") == "replace")


def _merge_keyed(key: str, current: list[Obj], patch: list[Obj], path: str) -> list[Any]:
    result = list(current)
    for item in patch:
        at = next((i for i, c in enumerate(result) if c.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            result = [c for c in result if c.get(key) != item.get(key)]
        elif at is None:
            result.append(strategic({}, item, path))
        else:
            result[at] = strategic(result[at], item, path)
    return result
