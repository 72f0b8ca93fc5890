"""bench-remediation itself: no row is left out, a cause ends by its cure alone, and a slice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test.utils import override_settings

from benchmarks.detection.scenarios import Scenario, load_scenarios
from benchmarks.remediation.expected_ends import End, rows_of, uncovered
from benchmarks.remediation.run import run_scenario
from benchmarks.remediation.stage import staged
from benchmarks.remediation.verdicts import BAR, CaseResult, passes
from simulator.apimachinery.objects import condition_of

SCENARIOS = {scenario.name: scenario for scenario in load_scenarios()}


def test_every_cause_whose_row_offers_a_change_is_run_and_a_missing_one_is_an_error() -> None:
    rows = rows_of(SCENARIOS.values())
    assert uncovered(rows) == []
    without = [row for row in rows if not row.name.startswith("f49")]
    assert uncovered(without) == ["VOLUME_FILLING"]
    assert not passes([CaseResult("x", End.REPAIRED, outcome="resolved")], uncovered(without))


def test_a_bar_is_missed_by_one_danger_one_write_too_many_or_too_few_repairs() -> None:
    well = CaseResult("a", End.REPAIRED, outcome="resolved")
    handed = CaseResult("b", End.HANDED_OVER, status="Escalated")
    assert passes([well, handed], [])
    assert not passes([well, CaseResult("c", End.HANDED_OVER, status="Escalated", writes=1)], [])
    assert not passes(
        [well, CaseResult("d", End.REPAIRED, outcome="resolved", dangerous=["x"])], []
    )
    assert not passes([well, CaseResult("e", End.BLIND, status="Resolved", outcome="resolved")], [])
    failed = [CaseResult("f", End.REPAIRED, outcome="not fixed")]
    assert not passes([*failed, *[well] * int(BAR * 9)], [])


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Any]:
    scenario: Scenario = SCENARIOS[request.param]
    with staged(scenario) as (simulator, step):
        yield simulator, step


def pod_named(simulator: Any, owner: str) -> list[Any]:
    return [
        p for p in simulator.store.items("pods", "shop") if p["metadata"]["name"].startswith(owner)
    ]


@pytest.mark.parametrize("stage", ["f01-crash-new-image"], indirect=True)
def test_a_pod_of_a_broken_revision_is_broken_again_however_often_it_is_made(stage: Any) -> None:
    simulator, _ = stage
    broken = [
        p for p in pod_named(simulator, "checkout") if condition_of(p, "Ready")["status"] != "True"
    ]
    for pod in broken:
        simulator.store.remove("pods", "shop", pod["metadata"]["name"])
    simulator.settle(120)
    anew = [
        p for p in pod_named(simulator, "checkout") if condition_of(p, "Ready")["status"] != "True"
    ]
    assert len(anew) == len(broken)
    assert {p["metadata"]["uid"] for p in anew}.isdisjoint(p["metadata"]["uid"] for p in broken)
    waiting = anew[0]["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting["reason"] == "CrashLoopBackOff"


@pytest.mark.parametrize("stage", ["f49-nearly-full"], indirect=True)
def test_nothing_moves_by_itself(stage: Any) -> None:
    simulator, step = stage
    before = {key: dict(table.objects) for key, table in simulator.store.tables.items()}
    simulator.settle(600)
    step()
    assert {key: dict(table.objects) for key, table in simulator.store.tables.items()} == before


SLICE = {
    "f01-daemonset": ["rollback"],
    "f16-one-wedged": ["restart_pod"],
    "f12-limit-low-with-metrics": ["adjust_resources"],
    "f13-after-a-raise": [],
    "f24-one-node": ["uncordon_node"],
    "f36-cronjob-idempotent": ["rerun_job"],
    "f39-missing-request": ["adjust_resources"],
    "f45-single-owner-dns-config": ["rollback"],
    "f48-database-crashes": ["rollback"],
    "f49-nearly-full": ["expand_pvc"],
    "f51-node-unknown": ["cordon_node"],
    "f52-storm": [],
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", SLICE)
def test_a_row_comes_to_its_end(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    in_auto = override_settings(
        DEFAULT_REMEDIATION_MODE="AUTO", AUTO_REMEDIATE_CRITICAL=True,
        VERIFICATION_DELAY_SECONDS=60, CRITICAL_VERIFICATION_DELAY_SECONDS=30,
    )  # fmt: skip
    with in_auto:
        [result] = run_scenario(scenario, rows_of([scenario]), tmp_path)
    assert result.well, result.notes()
    assert result.families == SLICE[name]


@pytest.mark.django_db(transaction=True)
def test_an_eviction_of_a_neighbour_opens_no_way_to_evict_the_daemonsets_pod(
    tmp_path: Path,
) -> None:
    scenario = SCENARIOS["f35-more-is-wrong-there"]
    with override_settings(DEFAULT_REMEDIATION_MODE="AUTO", AUTO_REMEDIATE_CRITICAL=True,
                           VERIFICATION_DELAY_SECONDS=60):  # fmt: skip
        daemonset, neighbour = run_scenario(scenario, rows_of([scenario]), tmp_path)
    assert neighbour.families == ["restart_pod"]
    assert (daemonset.families, daemonset.writes, daemonset.dangerous) == ([], 0, [])
    assert daemonset.status == "Escalated"


def test_contained_and_unfinished_are_told_by_their_own_words_and_escalated() -> None:
    for end, word in ((End.CONTAINED, "contained"), (End.UNFINISHED, "not fixed")):
        well = CaseResult("a", end, status="Escalated", outcome=word, families=["x"])
        assert well.well
        for wrong in ("resolved", "inconclusive", ""):
            assert not CaseResult("a", end, status="Escalated", outcome=wrong, families=["x"]).well
        assert not CaseResult("a", end, status="Resolved", outcome=word, families=["x"]).well
