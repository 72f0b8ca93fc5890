"""A cluster of broken workloads as an API server would answer, with or without hostile objects."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from benchmarks.hostile.kinds import Kind
from benchmarks.hostile.texts import RAW
from benchmarks.manifests.expand import ManifestMoment, expand
from detection.kubernetes.client import Account, Connection, NotFound
from detection.kubernetes.resources import RESOURCES

# A Deployment, its ReplicaSet and its pod.
OBJECTS_EACH = 3
PLURALS = {resource.type.KIND: resource.plural for resource in RESOURCES}
PATHS = {resource.path(""): resource.plural for resource in RESOURCES}
CRASH = {"waiting": "CrashLoopBackOff", "exit": 1, "ended": "1m", "ran": "2s", "restarts": 7}


def workloads(number: int, now: datetime) -> list[dict[str, Any]]:
    """So many Deployments whose only pod crashes, on six nodes."""
    entries: list[Mapping[str, Any]] = [
        {"deployment": f"d{n}", "namespace": f"team-{n % 20}",
         "revisions": [{"pods": [{"age": "1h", "containers": {"app": CRASH}}]}]}
        for n in range(number)
    ]  # fmt: skip
    nodes: list[Mapping[str, Any]] = [{"node": f"node-{letter}"} for letter in "abcdef"]
    return expand(ManifestMoment(now), [*nodes, *entries])


def raw(kind: Kind) -> str:
    """The hostile object as JSON."""
    slug = kind.name.replace(" ", "-").replace(",", "")
    plain = {"name": slug, "namespace": "hostile", "uid": f"hostile-{slug}",
             "creationTimestamp": "2026-03-01T10:00:00Z", "generation": 1}  # fmt: skip
    text = json.dumps({"metadata": plain | dict(kind.metadata)} | dict(kind.fields))
    for mark, value in RAW.items():
        text = text.replace(f'"{mark}"', value)
    return text


class Served(Connection):
    """Answers lists and logs from what it was given; everything else is a 404."""

    def __init__(self, found: Iterable[Mapping[str, Any]], kinds: Iterable[Kind] = ()) -> None:
        super().__init__(None, Account("https://served", "served", "benchmark"))
        self._lists: defaultdict[str, list[str]] = defaultdict(list)
        for item in found:
            self._lists[PLURALS.get(item["kind"], "")].append(json.dumps(item))
        self._logs = {}
        for kind in kinds:
            self._lists[kind.plural].append(raw(kind))
            self._logs[kind.name.replace(" ", "-")] = kind.log

    def within(self, seconds: float) -> Served:
        return self

    def get(self, path: str, params: dict[str, str] | None = None, accept: str = "") -> bytes:
        if path.endswith("/log"):
            return self._logs.get(path.split("/")[-2], "").encode("utf-8", "surrogatepass")
        if path not in PATHS:
            raise NotFound(f"GET {path}: 404", 404)
        items = ",".join(self._lists[PATHS[path]])
        return f'{{"kind":"List","metadata":{{}},"items":[{items}]}}'.encode()
