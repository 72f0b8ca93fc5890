"""Whatever waits says its present reason: it is decided again when its gates' inputs change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from detection.domain.statuses import Status
from detection.models import Cluster, Incident
from detection.runtime.source_visibility import save_sources
from remediation.clients import Clients
from remediation.controls import acceptances, mode_and_stop
from remediation.housekeeping.sweep import sweep
from remediation.models import Attempt, MaintenanceWindow, Plan, Policy, Silence
from remediation.policy import gate_inputs
from remediation.policy.decisions import decide_incident
from tests.remediation.cases import NOW
from tests.remediation.steps import fresh, planned

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("advance", "act", "notify"):
        monkeypatch.setattr(f"kubewise_site.pipeline.{name}", lambda record_id: None)


def waiting(cluster: Cluster, name: str = "cart", **fields: Any) -> Incident:
    """Decided a moment ago, on what counts now."""
    inputs = gate_inputs.gate_inputs(cluster, NOW).digest("shop", name)
    given = {
        "cluster": cluster, "open_key": name, "owner_kind": "Deployment", "owner_name": name,
        "owner_namespace": "shop", "cause": "BAD_RELEASE", "severity": "warning", "summary": "x",
        "status": Status.AWAITING_APPROVAL, "onset": NOW, "first_seen": NOW, "last_seen": NOW,
        "analyzed_version": 1, "decision": {"verdict": "ask", "index": 0, "inputs": inputs},
    }  # fmt: skip
    return Incident.objects.create(**(given | fields))


def pause(model: Any, cluster: Cluster, name: str) -> None:
    model.objects.create(
        cluster=cluster, name_pattern=name, author="ada", reason="known",
        starts_at=NOW, ends_at=NOW + timedelta(hours=1),
    )  # fmt: skip


CHANGES: dict[str, Callable[[Cluster], object]] = {
    "mode": lambda cluster: mode_and_stop.set_mode(cluster, "AUTO", "ada", "", NOW),
    "stop": lambda cluster: mode_and_stop.set_stop(cluster, True, "ada", "", NOW),
    "policy": lambda cluster: Policy.objects.create(
        cluster=cluster, namespace_pattern="shop", mode="OFF"
    ),
    "window": lambda cluster: pause(MaintenanceWindow, cluster, "*"),
    "silence": lambda cluster: pause(Silence, cluster, "cart"),
    "acceptance": lambda cluster: acceptances.accept(
        Incident.objects.get(), "ada", "known", NOW + timedelta(days=9), NOW
    ),
    "source": lambda cluster: save_sources(cluster, (), {"kubernetes/pods": "403"}, (), NOW),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_what_gates_depend_on_is_a_new_decision_once(
    cluster: Cluster, change: str
) -> None:
    found = waiting(cluster)
    assert sweep(NOW) == []
    CHANGES[change](cluster)
    assert sweep(NOW) == [f"advance {found.pk}"]
    assert sweep(NOW + timedelta(seconds=5)) == [], "it is in the queue"


@pytest.mark.parametrize(
    "change",
    [
        lambda cluster: pause(Silence, cluster, "payments"),
        lambda cluster: Policy.objects.create(
            cluster=cluster, namespace_pattern="payments", mode="OFF"
        ),
    ],
)
def test_what_covers_another_owner_is_no_reason(
    cluster: Cluster, change: Callable[[Cluster], object]
) -> None:
    waiting(cluster)
    change(cluster)
    assert sweep(NOW) == []


def test_a_window_that_ends_is_a_change_too(cluster: Cluster) -> None:
    pause(MaintenanceWindow, cluster, "*")
    found = waiting(cluster)
    assert sweep(NOW) == []
    assert sweep(NOW + timedelta(hours=1)) == [f"advance {found.pk}"]


def test_a_change_during_a_storm_is_worked_off_in_parts(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_inputs, "MOST_DUE", 2)
    found = [waiting(cluster, f"n{number}") for number in range(5)]
    CHANGES["mode"](cluster)
    assert len(sweep(NOW)) == 2
    assert sweep(NOW + timedelta(seconds=5)) == []
    now_inputs = gate_inputs.gate_inputs(cluster, NOW)
    for row in found[:2]:
        digest = now_inputs.digest("shop", row.owner_name)
        Incident.objects.filter(pk=row.pk).update(
            decide_again_at=None, decision={"verdict": "ask", "inputs": digest}
        )
    assert len(sweep(NOW + timedelta(seconds=10))) == 2


def test_what_an_attempt_was_made_for_is_not_decided_again(cluster: Cluster) -> None:
    found = waiting(cluster, status=Status.ESCALATED)
    plan = Plan.objects.create(incident=found, incident_version=1, created_at=NOW, digest="d")
    Attempt.objects.create(
        incident=found, plan=plan, idempotency_key="i", state=Attempt.State.VERIFIED,
        outcome="inconclusive", lease_until=NOW, action="restart_pod", command="restart_pod",
        executor="ada", created_at=NOW,
    )  # fmt: skip
    CHANGES["mode"](cluster)
    assert sweep(NOW) == []


def test_after_manual_to_auto_nothing_says_any_more_that_the_mode_is_manual(
    cluster: Cluster, incident_of: Callable[..., Incident], clients: Clients, now: datetime
) -> None:
    found = planned(incident_of("crash_loop"), clients, now)
    assert any("the mode is MANUAL" in reason for reason in found.decision["reasons"])
    mode_and_stop.set_mode(cluster, "AUTO", "ada", "tested enough", now)
    assert f"advance {found.pk}" in sweep(now)
    decide_incident(found.pk, clients, now)
    reasons = fresh(found).decision["reasons"]
    assert not any("the mode is MANUAL" in reason for reason in reasons)
    assert any("before AUTO was switched on" in reason for reason in reasons)
    assert not any("advance" in done for done in sweep(now + timedelta(minutes=1)))


def test_a_thousand_that_wait_take_a_bounded_number_of_queries(
    cluster: Cluster, django_assert_max_num_queries: Any
) -> None:
    inputs = gate_inputs.gate_inputs(cluster, NOW).digest("shop", "cart")
    found = waiting(cluster)
    rows = []
    for number in range(999):
        row = Incident.objects.get(pk=found.pk)
        row.pk, row.open_key, row.anomaly_id = None, f"n{number}", uuid4()
        row.first_seen = NOW - timedelta(days=1)  # no storm of now: that would be a change too
        rows.append(row)
    Incident.objects.bulk_create(rows)
    assert (found.decision or {})["inputs"] == inputs
    with django_assert_max_num_queries(16):
        assert gate_inputs.reconsider_changed(cluster, NOW) == 0
    CHANGES["mode"](cluster)
    with django_assert_max_num_queries(16):
        assert gate_inputs.reconsider_changed(cluster, NOW) == gate_inputs.MOST_DUE
    assert Incident.objects.filter(decide_again_at=NOW).count() == gate_inputs.MOST_DUE
