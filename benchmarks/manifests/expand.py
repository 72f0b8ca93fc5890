"""Scenario entries → raw Kubernetes objects, as an API server would give them.

An entry names its kind by its key (`deployment: cart`) and says only what matters; the rest is
what the controllers would have written. Times are relative to now, `-5m`. `raw:` takes any object
as it is, with relative times too.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Entry = Mapping[str, Any]
Obj = dict[str, Any]
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
RELATIVE = re.compile(r"-(\d+(?:\.\d+)?)([smhd])")
NODES = [f"node-{letter}" for letter in "abcdef"]


@dataclass(frozen=True)
class ManifestMoment:
    """The moment that relative times count from."""

    now: datetime

    def at(self, age: str | None) -> str | None:
        """`-5m` or `5m` → the timestamp five minutes before now."""
        if age is None:
            return None
        moment = self.now - timedelta(seconds=seconds(age))
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(age: str) -> float:
    match = RELATIVE.fullmatch(f"-{str(age).removeprefix('-')}")
    if match is None:
        raise ValueError(f"no time like -5m: {age!r}")
    return float(match[1]) * UNITS[match[2]]


def uid_of(kind: str, namespace: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace}/{name}"))


def short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:9]


def metadata(world: ManifestMoment, kind: str, entry: Entry, name: str, **more: Any) -> Obj:
    namespace = entry.get("namespace", "shop")
    meta = {
        "name": name,
        "namespace": namespace,
        "uid": uid_of(kind, namespace, name),
        "creationTimestamp": world.at(entry.get("age", "20d")),
        "generation": 1,
        "resourceVersion": "1000",
        "labels": dict(entry.get("labels") or {}),
        "annotations": dict(entry.get("annotations") or {}),
    }
    if entry.get("managers"):
        meta["managedFields"] = [_managed(world, found) for found in entry["managers"]]
    return meta | more


def _managed(world: ManifestMoment, found: Entry) -> Obj:
    field = {"manager": found["manager"], "operation": "Update", "time": world.at(found["age"])}
    return field | ({"subresource": found["subresource"]} if "subresource" in found else {})


def owner(kind: str, namespace: str, name: str, api: str = "apps/v1") -> list[Obj]:
    return [
        {
            "apiVersion": api,
            "kind": kind,
            "name": name,
            "uid": uid_of(kind, namespace, name),
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def template(entry: Entry, revision: Entry) -> Obj:
    """The pod template of one revision; `template` in the revision is merged into its spec."""
    spec = {
        "containers": _template_containers(entry, revision),
        "restartPolicy": entry.get("restartPolicy", "Always"),
        "terminationGracePeriodSeconds": 30,
    }
    spec |= {key: entry[key] for key in ("initContainers", "imagePullSecrets") if key in entry}
    spec |= revision.get("template") or {}
    annotations = revision.get("templateAnnotations") or {}
    meta: Obj = {"labels": {"app": entry["name"]}, "creationTimestamp": None}
    return {"metadata": meta | ({"annotations": annotations} if annotations else {}), "spec": spec}


def _template_containers(entry: Entry, revision: Entry) -> list[Obj]:
    default = f"registry.example/{entry['name']}:1.0.0"
    image = revision.get("image") or entry.get("image") or default
    only = [{"name": entry.get("container", "app")}]
    containers = revision.get("containers") or entry.get("containers") or only
    return [{"image": image, **container} for container in containers]


def condition(world: ManifestMoment, type_: str, value: Entry | str) -> Obj:
    """`{status, reason, message, age, updated}`; a text is the status."""
    given: Entry = {"status": value} if isinstance(value, str) else value
    since = world.at(given.get("age", "20d"))
    return {
        "type": type_,
        "status": str(given.get("status", "True")),
        "reason": given.get("reason", ""),
        "message": given.get("message", ""),
        "lastTransitionTime": since,
        "lastUpdateTime": world.at(given["updated"]) if "updated" in given else since,
    }


def conditions(world: ManifestMoment, given: Mapping[str, Entry | str]) -> list[Obj]:
    return [condition(world, type_, value) for type_, value in given.items()]


def timed(world: ManifestMoment, value: Any) -> Any:
    """A raw object with its relative times made absolute."""
    if isinstance(value, dict):
        return {key: timed(world, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [timed(world, inner) for inner in value]
    if isinstance(value, str) and RELATIVE.fullmatch(value):
        return world.at(value)
    return value


Expand = Callable[[ManifestMoment, Entry], Iterator[Obj]]
EXPANSIONS: dict[str, Expand] = {}


def expands(kind: str) -> Callable[[Expand], Expand]:
    def register(function: Expand) -> Expand:
        EXPANSIONS[kind] = function
        return function

    return register


def expand(world: ManifestMoment, entries: list[Entry]) -> list[Obj]:
    """All objects of a scenario's entries."""
    from benchmarks.manifests import batch, cluster_objects, controllers, surroundings  # noqa: F401 they register themselves

    found: list[Obj] = []
    for entry in entries:
        if "raw" in entry:
            found.append(timed(world, entry["raw"]))
            continue
        kind = next((key for key in entry if key in EXPANSIONS), None)
        if kind is None:
            raise ValueError(f"an entry of no known kind: {sorted(entry)}")
        found += EXPANSIONS[kind](world, {"name": entry[kind], **entry})
    return found
