"""The next candidate, planned by a person: decided, rehearsed and carried out as any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.models import Cluster, Incident
from remediation.approval import approvals, next_candidate
from remediation.approval.next_candidate import Planned, plan_next
from remediation.clients import Clients
from remediation.controls import mode_and_stop
from remediation.execution.act import act
from remediation.models import Attempt, Plan
from remediation.policy.decisions import decide_incident
from remediation.results import Approved, Ending, Handled
from tests.remediation.steps import acted, fresh, planned, real_writes, verified

pytestmark = pytest.mark.django_db
Make = Callable[..., Incident]


@pytest.fixture
def seen(cluster: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Plan:
    """A waiting plan whose second candidate is the rollback that helps."""
    incident = planned(incident_of("image_not_found"), clients, now)
    plan = incident.plans.get()
    good = plan.candidates[0]
    other = good | {"parameters": good["parameters"] | {"revision": 1}}
    plan.candidates = [other, *plan.candidates]
    plan.save()
    return plan


def picked(seen: Plan, clients: Clients, ada: Any, now: datetime) -> Plan:
    ending = plan_next(seen.pk, 1, seen.digest, ada, now)
    assert isinstance(ending, Planned)
    decide_incident(seen.incident_id, clients, now)
    return Plan.objects.get(pk=ending.plan_id)


def test_the_gates_are_asked_about_it_and_in_auto_it_still_waits_for_a_yes(
    seen: Plan, cluster: Cluster, clients: Clients, simulator: Any, ada: Any, now: datetime
) -> None:
    mode_and_stop.set_mode(cluster, "AUTO", "ada", "", now)
    plan = picked(seen, clients, ada, now)
    incident = fresh(plan.incident)
    decision = incident.decision or {}
    assert (decision["index"], decision["verdict"]) == (1, "ask")
    assert incident.status == Status.AWAITING_APPROVAL
    assert act(incident.pk, clients, now) == Ending.NOTHING
    assert real_writes(simulator) == []


def test_once_approved_it_is_rehearsed_carried_out_and_verified(
    seen: Plan, clients: Clients, simulator: Any, ada: Any, now: datetime
) -> None:
    plan = picked(seen, clients, ada, now)
    ending = approvals.approve(plan.pk, plan.chosen, ada, "", plan.digest, now)
    assert isinstance(ending, Approved)
    attempt = verified(acted(plan.incident, clients, now), clients)
    assert (attempt.parameters["revision"], attempt.outcome) == (2, "resolved")
    assert attempt.diff
    assert len(real_writes(simulator)) == 1


def test_an_approval_given_while_another_is_planned_stands(
    seen: Plan, ada: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faster(plan: Plan, *_: Any) -> None:
        approved = approvals.approve(plan.pk, 1, ada, "", plan.digest, now)
        assert isinstance(approved, Approved)

    monkeypatch.setattr(next_candidate, "trouble", faster)
    assert isinstance(plan_next(seen.pk, 1, seen.digest, ada, now), Handled)
    assert fresh(seen.incident).plans.get() == Plan.objects.get(superseded_at=None)
    assert not fresh(seen.incident).transitions.filter(reason__contains="no longer counts").exists()


def test_a_decision_under_way_about_the_former_candidate_counts_for_nothing(
    seen: Plan, clients: Clients, ada: Any, now: datetime
) -> None:
    plan_next(seen.pk, 1, seen.digest, ada, now)
    incident = fresh(seen.incident)
    assert incident.decide_again_at == now
    decide_incident(incident.pk, clients, now)
    assert (fresh(incident).decision or {})["index"] == 1
    assert not Attempt.objects.exists()
