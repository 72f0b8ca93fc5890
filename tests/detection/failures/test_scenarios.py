"""Every scenario of the benchmark, decoded and correlated in this process, without HTTP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import benchmarks
from benchmarks.detection.scenarios import Scenario, logs_of, objects_of, run
from detection.domain.causes import Severity
from detection.domain.families import family_of
from tests.detection.builders import NOW, incidents, snapshot_from

FILES = sorted((Path(benchmarks.__file__).parent / "scenarios").glob("*.yaml"))
OVER_HTTP = frozenset({"metrics", "throttled", "prometheus"})


def scenario(path: Path) -> Scenario:
    return Scenario(path.stem, yaml.safe_load(path.read_text()))


def owner(expected: dict[str, Any]) -> tuple[str, str, str]:
    return expected["kind"], expected["namespace"], expected["name"]


SERVED = [path for path in FILES if OVER_HTTP & scenario(path).spec.keys()]


@pytest.mark.parametrize("path", [p for p in FILES if p not in SERVED], ids=lambda path: path.stem)
def test_a_scenario_gives_just_the_incidents_that_it_expects(path: Path) -> None:
    one = scenario(path)
    objects = objects_of(one, NOW)
    logs = {key[:3]: text for key, text in logs_of(one, objects).items()}
    found = incidents(replace(snapshot_from(objects), logs=logs))
    told = {cause for item in one.expected for cause in item["causes"]}
    seen = [item for item in found if item.severity != Severity.INFO or item.cause in told]
    wanted = {owner(item["owner"]): item for item in one.expected}
    assert {(i.owner.kind, i.owner.namespace, i.owner.name) for i in seen} == set(wanted)
    for item in seen:
        expected = wanted[item.owner.kind, item.owner.namespace, item.owner.name]
        assert item.cause in expected["causes"]
        assert item.severity in str(expected.get("severity", item.severity))
        assert type(item.facts) is family_of(item.cause, item.facts.specific)


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.stem)
def test_a_scenario_over_http_gives_just_what_it_expects(path: Path, tmp_path: Path) -> None:
    score = run(scenario(path), tmp_path)
    assert (score.owner, score.cause, score.first) == (score.expected,) * 3, score.notes
    assert (score.dangerous, score.false, score.writes) == (0, 0, 0), score.notes


def test_the_background_is_some_dozen_workloads() -> None:
    snapshot = snapshot_from(objects_of(Scenario("none", {}), NOW))
    assert len(snapshot.workloads) >= 24
    assert len(snapshot.pods) >= 60
