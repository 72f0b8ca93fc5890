"""A pass of the workers and `diagnose` see the same: they observe by the same function."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.detection.scenarios import (
    Scenario,
    load_scenarios,
    prepare,
    scenario_case,
    settings_for,
)
from detection.clients import current_cluster
from detection.domain.findings import Finding
from detection.failures import registry
from detection.kubernetes.client import Connection, connect
from detection.models import Incident, SourceState
from detection.pipeline.detect import detect
from remediation.controls.limits import limits
from remediation.diagnose.run import diagnose_cluster
from simulator.simulator import Simulator

pytestmark = pytest.mark.django_db
Told = tuple[str, str, str, str, str]
NAMES = frozenset(
    {
        "c00-background",
        "c14-list-refused",
        "f01-crash-new-image",
        "f06-shared-secret",
        "f31-backend-crashes",
        "f45-coredns-down",
        "f48-database-crashes",
        "f51-node-unknown",
        "f60-strict-mtls",
    }
)


@pytest.fixture
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """The scenario's cluster, without a Prometheus."""
    one: Scenario = request.param
    with Simulator(controllers=False, background=False) as simulator:
        case = scenario_case(one, datetime.now(UTC))
        simulator.load(case.objects, case.logs)
        prepare(simulator, one)
        with settings_for(simulator, tmp_path, ""):
            yield connection(simulator, tmp_path)


def connection(simulator: Any, folder: Path) -> Connection:
    return connect(kubeconfig=str(simulator.kubeconfig(folder / "pass", "read")))


@pytest.mark.parametrize(
    "served", [one for one in load_scenarios() if one.name in NAMES], indirect=True,
    ids=lambda one: one.name,
)  # fmt: skip
def test_a_pass_records_what_diagnose_reports(served: Connection) -> None:
    now = datetime.now(UTC)
    report = diagnose_cluster(served, now, limits())
    detect(current_cluster(), served, now)
    assert recorded() == {
        (f.owner.kind, f.owner.namespace, f.owner.name, f.cause.value, f.severity.value)
        for f in (item.finding for item in report.found)
    }
    assert blind() == set(report.blind)


def recorded() -> set[Told]:
    rows = Incident.objects.values_list(
        "owner_kind", "owner_namespace", "owner_name", "cause", "severity"
    )
    return set(rows)


def blind() -> set[str]:
    rows = SourceState.objects.filter(state=SourceState.State.BLIND)
    return set(rows.values_list("name", flat=True))


def test_the_scenarios_of_this_comparison_are_there() -> None:
    assert {one.name for one in load_scenarios()} >= NAMES


@pytest.mark.parametrize("served", [Scenario("none", {})], indirect=True)
def test_a_failure_function_that_breaks_is_blind_in_both(
    served: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(snapshot: object, context: object) -> Iterator[Finding]:
        raise ZeroDivisionError

    monkeypatch.setattr(registry, "FAILURES", [registry.Failure("broken", (), broken)])
    now = datetime.now(UTC)
    report = diagnose_cluster(served, now, limits())
    detect(current_cluster(), served, now)
    assert blind() == set(report.blind) == {"detection/broken"}
