"""What the Kubernetes API answers: lists, objects with hostile fields, schedules, selectors."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

import benchmarks
from benchmarks.manifests.expand import ManifestMoment, expand
from detection.correlation import correlate
from detection.failures import Context, find_all
from detection.failures.workloads.cron import MOST_RUNS, runs_between
from detection.kubernetes.client import KubernetesError, error_of
from detection.kubernetes.decoding import Undecodable, decode_object, decode_page
from detection.kubernetes.label_selectors import selector_of, selects
from detection.kubernetes.resources import RESOURCES
from detection.snapshot import Snapshot
from tests.detection.builders import NOW, snapshot_from
from tests.fuzz.mutation import mutated
from tests.fuzz.properties import all_safe, hold
from tests.fuzz.target import target

LONGEST_TEXT = 20_000
MOST_SECONDS = 2.0


@target("Kubernetes answers")
def answers(data: bytes) -> None:
    kind = RESOURCES[len(data) % len(RESOURCES)].type
    try:
        for item in decode_page(data, kind).items:
            str(item.ref)
        decode_object(data, kind)
    except Undecodable:
        pass
    for status in (400, 403, 410, 500):
        hold(isinstance(error_of(status, data, "GET /x"), KubernetesError), "no error")


@target("Kubernetes objects", longest=64)
def objects(data: bytes) -> None:
    """The objects of a scenario with hostile fields: every failure is judged, all text is safe."""
    manifests = _scenarios()[int.from_bytes(data[:2], "big") % len(_scenarios())]
    changed = mutated(manifests, data[2:])
    judged([item for item in changed if isinstance(item, dict) and "kind" in item])


def judged(manifests: list[dict[str, Any]]) -> None:
    """Find and correlate; no function breaks, and nothing unsafe comes out."""
    kinds = {resource.type.KIND for resource in RESOURCES}
    known = [item for item in manifests if isinstance(item["kind"], str) and item["kind"] in kinds]
    began = time.process_time()
    snapshot = _snapshot(known)
    found = correlate(find_all(snapshot, Context(NOW)), snapshot)
    hold(time.process_time() - began < MOST_SECONDS, "judging took too long")
    broken = {name: why for name, why in snapshot.blind.items() if name.startswith("detection/")}
    hold(not broken, f"could not be judged: {broken}")
    all_safe([(one.summary, one.evidence, one.owner) for one in found], LONGEST_TEXT)


def _snapshot(manifests: list[dict[str, Any]]) -> Snapshot:
    return snapshot_from(manifests)


@cache
def _scenarios() -> tuple[list[dict[str, Any]], ...]:
    """What each scenario of the benchmark adds to the healthy background."""
    folder = Path(benchmarks.__file__).parent / "scenarios"
    specs = [yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))]
    entries = [[*(one.get("nodes") or []), *(one.get("objects") or [])] for one in specs]
    return tuple(expand(ManifestMoment(NOW), part) for part in entries if part)


@target("cron", longest=128)
def cron(data: bytes) -> None:
    text, _, zone = data.decode("utf-8", "replace").partition("|")
    start = datetime(2026, 3, 1, tzinfo=UTC)
    began = time.process_time()
    runs = runs_between(text, zone, start, start + timedelta(days=400))
    hold(time.process_time() - began < MOST_SECONDS, "it took too long")
    hold(runs is None or len(runs) <= MOST_RUNS, "runs without a bound")


@target("selectors", longest=1024)
def selectors(data: bytes) -> None:
    try:
        raw = json.loads(data)
        found = selector_of(raw if isinstance(raw, dict) else None)
    except (ValueError, RecursionError, msgspec.ValidationError):
        return
    hold(isinstance(selects(found, {"app": "web"}), bool), "neither yes nor no")
