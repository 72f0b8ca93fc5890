"""Snapshots for tests, from the same compact entries as the scenarios of the benchmark."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.manifests.expand import ManifestMoment, expand
from detection.correlation import correlate
from detection.domain.findings import Finding
from detection.failures import Context, find_all
from detection.kubernetes.decoding import decode_page
from detection.kubernetes.resources import RESOURCES
from detection.snapshot import Snapshot

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BY_KIND = {resource.type.KIND: resource for resource in RESOURCES}
NODES = [{"node": f"node-{letter}"} for letter in "abcdef"]


def objects(entries: Iterable[Mapping[str, Any]], now: datetime = NOW) -> list[dict[str, Any]]:
    return expand(ManifestMoment(now), list(entries))


def snapshot_from(found: Iterable[Mapping[str, Any]], now: datetime = NOW) -> Snapshot:
    """As the scan would decode these raw objects; kinds that it doesn't read are left out."""
    lists: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for item in found:
        lists[item["kind"]].append(item)
    decoded: dict[str, Any] = {}
    for kind, resource in BY_KIND.items():
        content = json.dumps({"kind": f"{kind}List", "items": lists[kind]}).encode()
        decoded[resource.field] = decode_page(content, resource.type).items
    return Snapshot(at=now, **decoded)


def snapshot_of(*entries: Mapping[str, Any], nodes: bool = True) -> Snapshot:
    return snapshot_from(objects([*(NODES if nodes else []), *entries]))


def incidents(snapshot: Snapshot, context: Context | None = None) -> list[Finding]:
    """What a pass would record. A function that raised fails the test."""
    found = find_all(snapshot, context or Context(snapshot.at))
    broken = {name: why for name, why in snapshot.blind.items() if name.startswith("detection/")}
    assert not broken, broken
    return correlate(found, snapshot)


def crash(**more: Any) -> dict[str, Any]:
    """The state of a container in a crash loop."""
    told = {"waiting": "CrashLoopBackOff", "exit": 1, "ended": "1m", "ran": "2s", "restarts": 7}
    return {"app": told | more}
