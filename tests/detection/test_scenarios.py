"""Every scenario of the benchmark, decoded and correlated in this process, without HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import benchmarks
from benchmarks.scenarios import Scenario, objects_of
from detection.causes import Severity
from tests.detection.builders import NOW, incidents, snapshot_from

FILES = sorted((Path(benchmarks.__file__).parent / "scenarios").glob("*.yaml"))
WITH_METRICS = frozenset({"f01-proven-by-prometheus"})


def scenario(path: Path) -> Scenario:
    return Scenario(path.stem, yaml.safe_load(path.read_text()))


def owner(expected: dict[str, Any]) -> tuple[str, str, str]:
    return expected["kind"], expected["namespace"], expected["name"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_gives_just_the_incidents_that_it_expects(path: Path) -> None:
    one = scenario(path)
    found = incidents(snapshot_from(objects_of(one, NOW)))
    seen = [item for item in found if item.severity != Severity.INFO]
    if path.stem in WITH_METRICS:
        assert {str(item.cause) for item in seen} <= {"BAD_RELEASE"}
        return
    wanted = {owner(item["owner"]): item for item in one.expected}
    assert {(i.owner.kind, i.owner.namespace, i.owner.name) for i in seen} == set(wanted)
    for item in seen:
        expected = wanted[item.owner.kind, item.owner.namespace, item.owner.name]
        assert item.cause in expected["causes"]
        assert item.severity in str(expected.get("severity", item.severity))


def test_the_background_is_some_dozen_workloads() -> None:
    snapshot = snapshot_from(objects_of(Scenario("none", {}), NOW))
    assert len(snapshot.workloads) >= 24
    assert len(snapshot.pods) >= 60
