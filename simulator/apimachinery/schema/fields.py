"""Unknown fields of an object, by the official client's models."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from simulator.apimachinery.objects import Obj
from simulator.apimachinery.resources import Resource

SPECIAL = {("", "Event"): "CoreV1Event", ("events.k8s.io", "Event"): "EventsV1Event"}


@cache
def table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("fields.json").read_text())
    return found


def model_of(resource: Resource) -> str | None:
    """The client's model name; None for kinds whose fields are free (custom resources)."""
    if resource.custom:
        return None
    name = SPECIAL.get((resource.group, resource.kind), resource.version.upper() + resource.kind)
    return name if name in table() else None


def prune(resource: Resource, obj: Obj) -> list[str]:
    """Drops unknown fields in place and returns their paths, as strict decoding names them."""
    model = model_of(resource)
    return _prune(model, obj, "") if model else []


def _prune(kind: Any, value: Any, path: str) -> list[str]:
    """`kind` is the name of a model, [kind of the items] or {"*": kind of the values}."""
    match kind, value:
        case [inner], list():
            return [u for i, item in enumerate(value) for u in _prune(inner, item, f"{path}[{i}]")]
        case {"*": inner}, dict():
            return [u for k, v in value.items() for u in _prune(inner, v, f"{path}.{k}")]
        case str(), dict():
            return _prune_model(table().get(kind) or {}, value, path)
    return []


def _prune_model(fields: Obj, value: Obj, path: str) -> list[str]:
    if not fields:
        return []
    unknown = []
    for key in list(value):
        here = f"{path}.{key}" if path else key
        if key in fields:
            unknown += _prune(fields[key], value[key], here)
        elif key != "$patch":
            unknown.append(here)
            del value[key]
    return unknown
