"""The loop by hand: each step a plain function, the cluster over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.models import Cluster, Incident
from remediation.approval import approvals
from remediation.clients import Clients
from remediation.results import Approved
from tests.remediation.steps import acted, fresh, planned, real_writes, statuses, verified

pytestmark = pytest.mark.django_db
Make = Callable[..., Incident]


def test_auto_rolls_a_bad_image_back_and_verifies_it(
    auto: Cluster, incident_of: Make, clients: Clients, simulator: Any, now: datetime
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    assert incident.decision is not None
    assert incident.decision["verdict"] == "act", incident.decision
    attempt = verified(acted(incident, clients, now), clients)
    assert (attempt.executor, attempt.outcome) == ("AUTO", "resolved"), attempt.error
    assert statuses(incident) == [
        "Detected", "Analyzing", "RemediationAttempted", "VerificationPending", "Resolved",
    ]  # fmt: skip
    assert len(real_writes(simulator)) == 1
    assert fresh(incident).open_key is None


def test_manual_waits_for_an_approval_and_then_does_the_same(
    cluster: Cluster, incident_of: Make, clients: Clients, simulator: Any, now: datetime, ada: Any
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    assert incident.status == Status.AWAITING_APPROVAL
    plan = incident.plans.get()
    assert isinstance(approvals.approve(plan.pk, 0, ada, "ok", plan.digest, now), Approved)
    attempt = verified(acted(incident, clients, now), clients)
    assert (attempt.executor, attempt.outcome) == ("ada", "resolved"), attempt.error
    assert len(real_writes(simulator)) == 1


@pytest.mark.parametrize(
    ("fault", "command"),
    [
        ("crash_loop", "rollback_deployment"),
        ("hung_replica", "restart_pod"),
        ("insufficient_capacity", "rollback_deployment"),
    ],
)
def test_auto_repairs_what_is_proven(
    auto: Cluster,
    incident_of: Make,
    clients: Clients,
    simulator: Any,
    now: datetime,
    fault: str,
    command: str,
) -> None:
    incident = planned(incident_of(fault), clients, now)
    assert incident.decision is not None
    assert incident.decision["verdict"] == "act", incident.decision
    attempt = verified(acted(incident, clients, now), clients)
    assert attempt.action == command
    assert attempt.outcome == "resolved", (attempt.error, attempt.outcome_reason)
    assert fresh(incident).status == Status.RESOLVED


@pytest.mark.parametrize("fault", ["crash_no_history", "pull_unauthorized", "job_failed"])
def test_what_no_action_helps_is_escalated_with_zero_writes(
    auto: Cluster,
    incident_of: Make,
    clients: Clients,
    simulator: Any,
    now: datetime,
    fault: str,
) -> None:
    incident = planned(incident_of(fault), clients, now)
    assert incident.status == Status.ESCALATED
    assert simulator.writes == []
