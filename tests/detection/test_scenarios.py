"""Every scenario of the benchmark, decoded and correlated in this process, without HTTP.

What metrics or refused lists tell is the matter of `python -m benchmarks.scenarios`, which goes
over HTTP; without them a scenario may find less, but nothing on any other owner.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import benchmarks
from benchmarks.scenarios import Scenario, logs_of, objects_of
from detection.causes import Severity
from detection.snapshot import Snapshot
from tests.detection.builders import NOW, incidents, snapshot_from

FILES = sorted((Path(benchmarks.__file__).parent / "scenarios").glob("*.yaml"))
OVER_HTTP = frozenset({"metrics", "refused", "throttled"})


def scenario(path: Path) -> Scenario:
    return Scenario(path.stem, yaml.safe_load(path.read_text()))


def owner(expected: dict[str, Any]) -> tuple[str, str, str]:
    return expected["kind"], expected["namespace"], expected["name"]


def snapshot_with_logs(one: Scenario) -> Snapshot:
    raw = objects_of(one, NOW)
    logs = {key[:3]: text for key, text in logs_of(one, raw).items()}
    return replace(snapshot_from(raw), logs=logs)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_gives_just_the_incidents_that_it_expects(path: Path) -> None:
    one = scenario(path)
    found = incidents(snapshot_with_logs(one))
    seen = [item for item in found if item.severity != Severity.INFO]
    wanted = {owner(item["owner"]): item for item in one.expected}
    if OVER_HTTP & one.spec.keys():
        assert len(seen) <= len(wanted)
        return
    assert {(i.owner.kind, i.owner.namespace, i.owner.name) for i in seen} == set(wanted)
    for item in seen:
        expected = wanted[item.owner.kind, item.owner.namespace, item.owner.name]
        assert item.cause in expected["causes"]
        assert item.severity in str(expected.get("severity", item.severity))


def test_the_background_is_some_dozen_workloads() -> None:
    snapshot = snapshot_from(objects_of(Scenario("none", {}), NOW))
    assert len(snapshot.workloads) >= 24
    assert len(snapshot.pods) >= 60
