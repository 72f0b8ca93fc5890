"""Anomalies and information are no message, but where the policy of their namespace says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detection.clients import current_cluster
from detection.domain.statuses import Status
from detection.models import Incident
from remediation.audit import trail
from remediation.models import AuditEntry, Policy
from tests.remediation.cases import NOW
from tests.remediation.notifications.test_notifications import HOOK, incident, story

pytestmark = pytest.mark.django_db
A, D = Status.ANALYZING, Status.DETECTED
SUGGESTED, HANDED, OVER = Status.REMEDIATION_SUGGESTED, Status.ESCALATED, Status.RESOLVED
STEPS = [(0, D), (5, A), (10, SUGGESTED), (70, SUGGESTED), (80, HANDED), (120, HANDED), (130, OVER)]
QUIET: list[dict[str, str]] = [{"cause": "METRIC_ANOMALY", "severity": "warning"},
                               {"severity": "info"}]  # fmt: skip


@pytest.fixture(autouse=True)
def targets(settings: Any) -> None:
    settings.NOTIFY_URLS = (HOOK,)


def policy(pattern: str, tells_all: bool = True) -> Policy:
    return Policy.objects.create(
        cluster=current_cluster(), namespace_pattern=pattern, mode="AUTO", tells_all=tells_all
    )


@pytest.mark.parametrize("fields", QUIET)
@pytest.mark.parametrize("pattern", ["shop", "sh*", "*"])
def test_a_policy_can_tell_of_them_when_they_last_and_when_they_end(
    fields: dict[str, str], pattern: str
) -> None:
    policy(pattern)
    assert story(incident(**fields), *STEPS) == ["Opened", "Closed"]


@pytest.mark.parametrize("fields", QUIET)
def test_what_ends_within_the_grace_time_is_on_the_page_alone(fields: dict[str, str]) -> None:
    policy("shop")
    assert story(incident(**fields), (0, D), (10, SUGGESTED), (59, SUGGESTED), (60, OVER)) == []


@pytest.mark.parametrize("fields", QUIET)
@pytest.mark.parametrize("patterns", [{}, {"payments": True}, {"*": True, "shop": False}])
def test_elsewhere_they_stay_on_the_page(fields: dict[str, str], patterns: dict[str, bool]) -> None:
    for pattern, tells_all in patterns.items():
        policy(pattern, tells_all)
    assert story(incident(**fields), *STEPS) == []


def test_a_symptom_of_another_incident_is_never_told() -> None:
    policy("shop")
    root = incident(open_key="root", owner_name="root", owner_uid="r")
    found = incident(severity="info", parent=root)
    assert story(found, *STEPS) == []
    assert Incident.objects.count() == 2


def test_other_incidents_are_told_as_before() -> None:
    policy("shop")
    steps = [(0, D), (5, Status.AWAITING_APPROVAL), (70, Status.AWAITING_APPROVAL), (80, OVER)]
    assert story(incident(severity="warning"), *steps) == ["Opened, awaiting approval", "Closed"]


def test_the_switch_is_audited_and_older_entries_still_fit() -> None:
    row = policy("shop", tells_all=False)
    assert "tells_all" not in AuditEntry.objects.get().payload, "as entries from before"
    Policy.objects.filter(pk=row.pk).update(tells_all=True)
    assert AuditEntry.objects.latest("seq").payload["tells_all"] is True
    assert trail.verify_trail() == []
    assert row.namespace_pattern == "shop"


def test_the_sweep_asks_as_many_questions_however_many_namespaces(
    django_assert_max_num_queries: Any,
) -> None:
    from remediation import notifications

    policy("shop-*")
    for number in range(40):
        incident(open_key=f"k{number}", owner_namespace=f"shop-{number}", severity="info")
    now = NOW + timedelta(minutes=2)
    with django_assert_max_num_queries(4):
        due = notifications.due_notifications(current_cluster(), now)
        assert Incident.objects.filter(due).count() == 40
