"""What every module shares: objects are plain dicts, exactly as the API writes them."""

from typing import Any

Obj = dict[str, Any]


def name_of(obj: Obj) -> str:
    return str(obj["metadata"].get("name", ""))


def namespace_of(obj: Obj) -> str:
    return str(obj["metadata"].get("namespace", ""))


def uid_of(obj: Obj) -> str:
    return str(obj["metadata"].get("uid", ""))


def labels_of(obj: Obj) -> dict[str, str]:
    found: dict[str, str] = obj["metadata"].get("labels") or {}
    return found


def annotations_of(obj: Obj) -> dict[str, str]:
    found: dict[str, str] = obj["metadata"].get("annotations") or {}
    return found


def controller_of(obj: Obj) -> Obj | None:
    """The ownerReference with controller=true, if there is one."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            found: Obj = owner
            return found
    return None


def condition_of(obj: Obj, kind: str) -> Obj:
    """The status condition of that type; empty when it isn't there."""
    for condition in obj.get("status", {}).get("conditions") or ():
        if condition.get("type") == kind:
            found: Obj = condition
            return found
    return {}
