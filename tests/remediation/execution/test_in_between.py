"""What happens between plan, act and look: accounts that are missing, plans that are void, time
that nobody watched, pods that crash a moment after they were ready.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.statuses import Status
from detection.kubernetes.client import NotConfigured
from detection.models import Cluster, Incident
from remediation import clients as accounts
from remediation.approval import approvals
from remediation.clients import Clients, acting
from remediation.execution.act import act
from remediation.models import Attempt, Plan
from remediation.observation import observe as fresh_module
from remediation.observation.observe import owner_of
from remediation.results import Ending
from remediation.verification.verify import OwnerCheck, Timing, timing_of, verify
from tests.remediation.steps import acted, fresh, planned, real_writes

pytestmark = pytest.mark.django_db
Make = Callable[..., Incident]
WHY = "the token file /run/act can't be read"


@pytest.fixture
def decided(auto: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Incident:
    return planned(incident_of("image_not_found"), clients, now)


def test_an_act_account_that_is_missing_is_said_and_people_are_asked(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    assert act(decided.pk, Clients(clients.reader, why=WHY), now) == Ending.REFUSED
    assert (fresh(decided).status, real_writes(simulator)) == (Status.AWAITING_APPROVAL, [])
    assert WHY in decided.transitions.last().reason
    assert fresh(decided).decide_again_at, "a later try may work"


def test_an_approval_that_can_not_be_carried_out_says_so_and_may_be_given_again(
    cluster: Cluster, incident_of: Make, clients: Clients, ada: Any, now: datetime
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    plan = incident.plans.get()
    approvals.approve(plan.pk, 0, ada, "go", plan.digest, now)
    act(incident.pk, Clients(clients.reader, why=WHY), now)
    assert WHY in incident.transitions.last().reason
    assert Plan.objects.get().answered_at is None


def test_the_reason_of_a_missing_writer_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_writer() -> None:
        raise NotConfigured(WHY)

    monkeypatch.setattr(accounts, "_writer", no_writer)
    monkeypatch.setattr(accounts.detection_clients, "reader", object)
    assert (acting().writer, acting().why) == (None, WHY)


def test_a_plan_that_somebody_changed_is_escalated_and_not_carried_out(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    Plan.objects.update(candidates=[{"action": "delete_namespace", "parameters": {}}])
    assert act(decided.pk, clients, now) == Ending.NOTHING
    assert (fresh(decided).status, real_writes(simulator)) == (Status.ESCALATED, [])


def test_an_approval_is_told_to_be_void_when_another_plan_takes_its_place(
    cluster: Cluster, incident_of: Make, clients: Clients, ada: Any, now: datetime
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    plan = incident.plans.get()
    approvals.approve(plan.pk, 0, ada, "go", plan.digest, now)
    Incident.objects.filter(pk=incident.pk).update(analyzed_version=0)
    planned(incident, clients, now)
    said = list(incident.transitions.filter(kind="approval").values_list("reason", flat=True))
    assert any("the approval by ada no longer counts" in reason for reason in said), said


def test_a_sign_that_is_too_young_for_an_incident_is_no_health(
    decided: Incident, clients: Clients, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new crash of a pod that is ready for a moment: its dwell is not over, but it counts."""
    young = [
        replace(item, cause=Cause.BAD_RELEASE, opens_at=now + timedelta(minutes=5))
        for item in _findings(decided, clients, now)
    ]
    monkeypatch.setattr("detection.pipeline.observe.with_urgency", lambda *_: young)
    around = fresh_module.observe_incident(clients.reader, decided, now)
    assert around.about(owner_of(decided)) == []
    assert [item.cause for item in around.signs_of(owner_of(decided))] == [Cause.BAD_RELEASE]


def _findings(incident: Incident, clients: Clients, now: datetime) -> list[Any]:
    around = fresh_module.observe_incident(clients.reader, incident, now)
    return around.about(owner_of(incident))


def test_the_first_look_does_not_wait_for_the_whole_soak(
    decided: Incident, clients: Clients, now: datetime, settings: Any
) -> None:
    settings.VERIFICATION_DELAY_SECONDS = 120
    attempt = acted(decided, clients, now)
    assert attempt.executed_at
    assert attempt.verify_due_at
    assert attempt.verify_due_at - attempt.executed_at == timedelta(seconds=30)
    assert timing_of(attempt.incident).soak == timedelta(seconds=120)


def test_a_short_soak_is_looked_at_as_soon(
    decided: Incident, clients: Clients, now: datetime, settings: Any
) -> None:
    settings.VERIFICATION_DELAY_SECONDS = 3
    attempt = acted(decided, clients, now)
    assert attempt.executed_at
    assert attempt.verify_due_at
    assert attempt.verify_due_at - attempt.executed_at == timedelta(seconds=3)


def test_time_that_nobody_watched_is_no_soak(
    decided: Incident, clients: Clients, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = acted(decided, clients, now)
    long_after = now + timedelta(minutes=20)
    well = OwnerCheck(ready=3, desired=3)
    monkeypatch.setattr("remediation.verification.verify.check_owner", lambda *_: well)
    Attempt.objects.filter(pk=attempt.pk).update(healthy_since=now, verify_due_at=now)
    times = Timing(soak=timedelta(seconds=30))
    assert verify(attempt.pk, clients, long_after, times) == Ending.LATER
    attempt.refresh_from_db()
    assert attempt.healthy_since == long_after
