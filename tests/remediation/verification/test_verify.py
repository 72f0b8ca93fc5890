"""What one look at the cluster says: pure judgements, and their effect on the records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.incidents import states
from detection.models import Cluster, Incident
from remediation.execution.attempts import State
from remediation.models import Attempt, Budget, Plan, PlanSource
from remediation.verification.verify import OwnerCheck, Timing, conclude, judge_owner
from tests.remediation.cases import NOW

TIMES = Timing(soak=timedelta(seconds=30))
WELL = OwnerCheck(ready=3, desired=3)
LATE = timedelta(hours=1)


def attempt(**fields: Any) -> Attempt:
    return Attempt(**{"created_at": NOW, "executed_at": NOW, "before": {"ready": 2}, **fields})


def test_healthy_is_not_resolved_before_its_soak_is_over() -> None:
    assert judge_owner(attempt(), WELL, TIMES, NOW).outcome is None
    soaked = attempt(healthy_since=NOW)
    assert judge_owner(soaked, WELL, TIMES, NOW + timedelta(seconds=29)).outcome is None
    assert judge_owner(soaked, WELL, TIMES, NOW + timedelta(seconds=30)).outcome == "resolved"


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (replace(WELL, blind="kubernetes/pods"), "inconclusive"),
        (replace(WELL, gone=True), "inconclusive"),
        (replace(WELL, signal="BAD_RELEASE: it crashes"), "not fixed"),
        (replace(WELL, ready=2), "not fixed"),
        (replace(WELL, progressing=True), "not fixed"),
        (replace(WELL, ready=1), "worse"),
        (replace(WELL, ready=1, progressing=True), "not fixed"),
        (replace(WELL, ready=0, desired=0, signal="SCALED_TO_ZERO: x"), "worse"),
    ],
)
def test_after_the_deadline(seen: OwnerCheck, outcome: str) -> None:
    assert judge_owner(attempt(), seen, TIMES, NOW + LATE).outcome == outcome


@pytest.mark.parametrize(
    "seen",
    [
        replace(WELL, progressing=True),
        replace(WELL, ready=0),
        replace(WELL, blind="kubernetes/pods"),
    ],
)
def test_before_the_deadline_it_is_looked_at_again(seen: OwnerCheck) -> None:
    assert judge_owner(attempt(), seen, TIMES, NOW + timedelta(seconds=60)).outcome is None


def test_the_deadline_is_the_rollouts_own_plus_soak() -> None:
    slow = replace(WELL, progressing=True, deadline_seconds=1200)
    assert judge_owner(attempt(), slow, TIMES, NOW + timedelta(seconds=1229)).outcome is None
    assert judge_owner(attempt(), slow, TIMES, NOW + timedelta(seconds=1230)).outcome == "not fixed"


def test_no_data_is_never_resolved_however_long_it_soaked() -> None:
    soaked = attempt(healthy_since=NOW)
    blind = replace(WELL, blind="kubernetes/pods")
    assert judge_owner(soaked, blind, TIMES, NOW + LATE).outcome != "resolved"


@pytest.fixture
def applied(cluster: Cluster) -> Attempt:
    incident = Incident.objects.create(
        cluster=cluster, open_key="k", owner_kind="Deployment", owner_namespace="shop",
        owner_name="cart", owner_uid="uid-1", cause="BAD_RELEASE", severity="warning",
        status=Status.VERIFICATION_PENDING, summary="x", onset=NOW, first_seen=NOW, last_seen=NOW,
    )  # fmt: skip
    plan = Plan.objects.create(
        incident=incident, incident_version=1, created_at=NOW, digest="d", candidates=[]
    )
    Budget.objects.create(cluster=cluster, name="open", window_start=NOW, spent=1)
    Budget.objects.create(cluster=cluster, name="hour", window_start=NOW, spent=1)
    return Attempt.objects.create(
        incident=incident, plan=plan, idempotency_key="i", open_target="uid-1",
        state=State.APPLIED, lease_until=NOW, action="scale_deployment",
        parameters={"name": "cart", "namespace": "shop", "replicas": 5},
        command="scale_deployment name=cart namespace=shop replicas=5",
        target={"kind": "Deployment", "namespace": "shop", "name": "cart", "uid": "uid-1"},
        inverse={
            "action": "scale_deployment",
            "parameters": {"name": "cart", "namespace": "shop", "replicas": 3},
        },
        executor="AUTO", created_at=NOW, executed_at=NOW, verify_due_at=NOW,
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("resolved", Status.RESOLVED),
        ("not fixed", Status.REMEDIATION_FAILED),
        ("worse", Status.ESCALATED),
        ("inconclusive", Status.ESCALATED),
    ],
)
def test_each_outcome_frees_the_target_and_moves_the_incident(
    applied: Attempt, outcome: str, status: Status
) -> None:
    conclude(applied, Attempt.Outcome(outcome), "because", TIMES, NOW)
    assert (applied.state, applied.open_target) == (State.VERIFIED, None)
    assert Incident.objects.get().status == status
    assert Budget.objects.get(name="open").spent == 0
    assert Budget.objects.get(name="hour").spent == 1


@pytest.mark.django_db
def test_worse_is_handed_to_people_with_the_inverse_as_text(applied: Attempt) -> None:
    conclude(applied, Attempt.Outcome.WORSE, "1 of 3 ready", TIMES, NOW)
    reason = applied.incident.transitions.last().reason
    assert "scale_deployment name=cart namespace=shop replicas=3" in reason


@pytest.mark.django_db
def test_after_two_that_did_not_help_people_are_asked(applied: Attempt) -> None:
    applied.incident.attempts.create(
        plan=applied.plan, idempotency_key="j", state=State.VERIFIED, outcome="not fixed",
        lease_until=NOW, action="noop", command="x", executor="AUTO", created_at=NOW,
    )  # fmt: skip
    conclude(applied, Attempt.Outcome.NOT_FIXED, "because", TIMES, NOW)
    assert Incident.objects.get().status == Status.ESCALATED


@pytest.fixture
def well(applied: Attempt) -> Attempt:
    """Its incident was told as well while the attempt is still verified."""
    incident = applied.incident
    states.resolve_before_the_end(incident, actor="KubeWise", reason="gone", now=NOW)
    return applied


@pytest.mark.django_db
def test_a_well_incident_keeps_its_end_and_gives_its_key_up(well: Attempt) -> None:
    conclude(well, Attempt.Outcome.RESOLVED, "3 of 3 ready", TIMES, NOW + LATE)
    incident = Incident.objects.get()
    assert (incident.status, incident.closed_at, incident.open_key) == ("Resolved", NOW, None)
    assert incident.transitions.get(kind="verified").reason == "resolved: 3 of 3 ready"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("not fixed", Status.REMEDIATION_FAILED),
        ("worse", Status.ESCALATED),
        ("inconclusive", Status.ESCALATED),
        ("contained", Status.ESCALATED),
    ],
)
def test_any_other_outcome_opens_it_again_and_goes_on_as_before(
    well: Attempt, outcome: str, status: Status
) -> None:
    conclude(well, Attempt.Outcome(outcome), "because", TIMES, NOW + LATE)
    incident = Incident.objects.get()
    assert (incident.status, incident.closed_at, incident.open_key) == (status, None, "k")
    assert well.state == State.VERIFIED


@pytest.mark.django_db
def test_worse_after_it_was_well_is_undone_all_the_same(well: Attempt) -> None:
    conclude(well, Attempt.Outcome.WORSE, "1 of 3 ready", TIMES, NOW + LATE, "spec-hash")
    incident = Incident.objects.get()
    assert incident.status == Status.ANALYZING
    assert incident.plans.filter(source=PlanSource.UNDO).count() == 1


@pytest.mark.django_db
def test_the_owner_stays_taken_until_the_verification_has_ended(well: Attempt) -> None:
    well.refresh_from_db()
    assert (well.state, well.open_target) == (State.APPLIED, "uid-1")
    assert Budget.objects.get(name="open").spent == 1
