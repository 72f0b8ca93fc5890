"""The sweep publishes whatever the database says is due, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.models import Cluster, Incident
from detection.runtime.heartbeats import beat
from remediation.execution.attempts import State
from remediation.housekeeping.sweep import PUBLISH_AGAIN, sweep
from remediation.models import Approval, Plan
from tests.remediation.cases import NOW

pytestmark = pytest.mark.django_db
ACT = {"verdict": "act", "index": 0}


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """No broker: what is published is what `sweep` returns."""
    for name in ("advance", "act", "reconcile", "verify"):
        monkeypatch.setattr(f"kubewise_site.pipeline.{name}", lambda record_id: None)


def incident(cluster: Cluster, status: Status, **fields: Any) -> Incident:
    return Incident.objects.create(
        cluster=cluster, **{"open_key": "k"} | fields, owner_kind="Deployment",
        owner_namespace="shop", owner_name="cart", owner_uid="uid-1", cause="BAD_RELEASE",
        severity="warning", status=status, summary="x", onset=NOW, first_seen=NOW, last_seen=NOW,
    )  # fmt: skip


def plan(found: Incident, **fields: Any) -> Plan:
    return Plan.objects.create(
        incident=found, incident_version=1, created_at=NOW, digest="d", candidates=[], **fields
    )


def attempt(found: Incident, state: State, **fields: Any) -> None:
    found.attempts.create(
        plan=plan(found), idempotency_key="i", state=state, action="noop", command="noop",
        executor="AUTO", created_at=NOW, **{"lease_until": NOW, **fields},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "fields", "verb"),
    [
        (Status.DETECTED, {}, "advance"),
        (Status.PREDICTED_FAILURE, {}, "advance"),
        (Status.REMEDIATION_FAILED, {"analyzed_version": 1}, "advance"),
        (Status.ANALYZING, {"analyzed_version": 1}, "advance"),
        (Status.ANALYZING, {"lease_until": NOW}, "advance"),
        (Status.AWAITING_APPROVAL, {"version": 2, "analyzed_version": 1}, "advance"),
        (
            Status.ANALYZING,
            {"analyzed_version": 1, "decided_version": 1, "decision": ACT},
            "act",
        ),
    ],
)
def test_an_incident_that_waits_is_published(
    cluster: Cluster, status: Status, fields: dict[str, Any], verb: str
) -> None:
    found = incident(cluster, status, **fields)
    assert sweep(NOW) == [f"{verb} {found.pk}"]


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (Status.ANALYZING, {"lease_until": NOW + timedelta(seconds=1)}),
        (Status.AWAITING_APPROVAL, {"analyzed_version": 1}),
        (Status.ESCALATED, {"analyzed_version": 1}),
        (Status.VERIFICATION_PENDING, {"analyzed_version": 0}),
        (Status.RESOLVED, {}),
        (Status.DISMISSED, {}),
    ],
)
def test_an_incident_that_is_in_hand_or_over_is_left_alone(
    cluster: Cluster, status: Status, fields: dict[str, Any]
) -> None:
    incident(cluster, status, **fields)
    assert sweep(NOW) == []


def test_what_was_published_a_moment_ago_is_not_published_again(cluster: Cluster) -> None:
    found = incident(cluster, Status.DETECTED)
    assert sweep(NOW)
    assert sweep(NOW + timedelta(seconds=5)) == []
    assert sweep(NOW + PUBLISH_AGAIN) == [f"advance {found.pk}"]


def many(cluster: Cluster, number: int) -> None:
    for name in range(number):
        incident(cluster, Status.DETECTED, open_key=f"k{name}")


def test_a_full_queue_gets_nothing_more_and_what_waits_longest_comes_first(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remediation.housekeeping.sweep.MOST_AT_ONCE", 3)
    many(cluster, 5)
    first = sweep(NOW)
    assert len(first) == 3
    assert sweep(NOW + timedelta(seconds=5)) == [], "all three still wait in the queue"
    taken = Incident.objects.get(pk=int(first[0].split()[1]))
    Incident.objects.filter(pk=taken.pk).update(status=Status.VERIFICATION_PENDING)
    (second,) = sweep(NOW + timedelta(seconds=10))
    assert second not in first
    assert sweep(NOW + timedelta(seconds=21))[0] not in {*first, second}, "the last new one first"


@pytest.mark.parametrize("queue", ["analyze", "consult"])
def test_a_slow_queue_is_not_filled_with_the_same_incident_many_times(
    cluster: Cluster, queue: str
) -> None:
    """Of a chain, each step's queue counts."""
    incident(cluster, Status.DETECTED)
    beat(f"queue/{queue}", NOW, wait_ms=60_000)
    sent = [bool(sweep(NOW + timedelta(seconds=at))) for at in range(0, 240, 5)]
    assert sent.count(True) == 2
    beat(f"queue/{queue}", NOW, wait_ms=10)
    quick = [bool(sweep(NOW + timedelta(seconds=at))) for at in range(240, 480, 5)]
    assert quick.count(True) == 12


@pytest.mark.parametrize(
    ("age", "used", "due"),
    [
        (timedelta(0), False, True),
        (timedelta(minutes=15), False, False),
        (timedelta(0), True, False),
    ],
)
def test_an_approval_without_an_attempt_is_published_while_it_is_valid(
    cluster: Cluster, ada: Any, age: timedelta, used: bool, due: bool
) -> None:
    found = incident(cluster, Status.AWAITING_APPROVAL, analyzed_version=1)
    Approval.objects.create(
        plan=plan(found), user=ada, verdict="approved", digest="d", at=NOW - age,
        expires_at=NOW - age + timedelta(minutes=15), used_at=NOW if used else None,
    )  # fmt: skip
    assert sweep(NOW) == ([f"act {found.pk}"] if due else [])


@pytest.mark.parametrize("state", [State.CLAIMED, State.SENDING, State.UNKNOWN])
def test_an_attempt_whose_lease_ran_out_is_reconciled(cluster: Cluster, state: State) -> None:
    found = incident(cluster, Status.REMEDIATION_ATTEMPTED)
    attempt(found, state)
    assert sweep(NOW) == [f"reconcile {found.attempts.get().pk}"]
    assert sweep(NOW - timedelta(seconds=1)) == []


def test_a_verification_is_published_when_it_is_due(cluster: Cluster) -> None:
    found = incident(cluster, Status.VERIFICATION_PENDING)
    attempt(found, State.APPLIED, verify_due_at=NOW)
    assert sweep(NOW - timedelta(seconds=1)) == []
    assert sweep(NOW) == [f"verify {found.attempts.get().pk}"]
