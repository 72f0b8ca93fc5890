"""Another candidate is planned by a click: a new plan, every gate anew, nothing approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from detection.clients import current_cluster
from detection.models import Incident
from remediation.approval import approvals
from remediation.approval.next_candidate import Planned, plan_next
from remediation.controls import mode_and_stop
from remediation.models import Approval, Plan, Policy
from remediation.policy.decide import decide
from remediation.policy.verdicts import Verdict
from remediation.results import Approved, Stale
from tests.kubewise_site import records
from tests.remediation.cases import acting_case

RESTART = records.ROLLBACK | {
    "action": "restart_deployment",
    "parameters": {"name": "cart", "namespace": "shop"},
    "command": "restart_deployment name=cart namespace=shop",
}
BOTH = [records.ROLLBACK, RESTART, records.ESCALATE]
NEXT = "/admin/detection/incident/next/"


@pytest.fixture
def plan(db: None) -> Plan:
    return records.plan(records.incident(analyzed_version=1, decided_version=1), candidates=BOTH)


def page_of(browser: Client, plan: Plan) -> str:
    path = f"/admin/detection/incident/{plan.incident_id}/change/"
    return str(browser.get(path).content.decode())


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_one_click_plans_it_and_the_form_shows_it(browser: Client, plan: Plan) -> None:
    button = f'name="next" value="{plan.pk}:1:{plan.digest}"'
    assert button in page_of(browser, plan)
    body = {"next": f"{plan.pk}:1:{plan.digest}", "incident": plan.incident_id}
    assert told(browser.post(NEXT, body)).startswith("Planned: restart_deployment name=cart")
    plan.refresh_from_db()
    newer = Plan.objects.exclude(pk=plan.pk).get()
    assert plan.superseded_at
    assert (newer.chosen, newer.spec_hash, newer.source) == (1, plan.spec_hash, plan.source)
    page = page_of(browser, plan)
    assert f'value="{newer.pk}:1:{newer.digest}" checked' in page
    assert "checking the candidate that is planned now" in page
    assert not Approval.objects.exists()


def test_the_decision_is_due_at_once_and_the_timeline_tells_who_asked(
    plan: Plan, admin: User
) -> None:
    Incident.objects.update(lease_until=records.NOW + timedelta(minutes=1))
    assert isinstance(plan_next(plan.pk, 1, plan.digest, admin, records.NOW), Planned)
    incident = Incident.objects.get()
    assert (incident.decide_again_at, incident.lease_until) == (records.NOW, None)
    note = incident.transitions.get(kind="plan")
    assert (note.actor, "restart_deployment" in note.reason) == ("anna", True)


def test_a_second_click_finds_the_plan_gone(plan: Plan, admin: User) -> None:
    plan_next(plan.pk, 1, plan.digest, admin, records.NOW)
    assert isinstance(plan_next(plan.pk, 1, plan.digest, admin, records.NOW), Stale)
    assert Plan.objects.count() == 2


def test_an_approval_of_the_former_plan_is_stale(plan: Plan, admin: User) -> None:
    plan_next(plan.pk, 1, plan.digest, admin, records.NOW)
    ending = approvals.approve(plan.pk, 0, admin, "", plan.digest, records.NOW)
    assert isinstance(ending, Stale)


def test_what_was_approved_is_not_exchanged(plan: Plan, admin: User) -> None:
    assert isinstance(approvals.approve(plan.pk, 0, admin, "", plan.digest, records.NOW), Approved)
    ending = plan_next(plan.pk, 1, plan.digest, admin, records.NOW)
    assert ending.__class__.__name__ == "Handled"
    assert Plan.objects.count() == 1


@pytest.mark.parametrize(("index", "why"), [(2, "changes nothing"), (9, "no candidate")])
def test_what_is_no_candidate_to_plan_is_refused(
    plan: Plan, admin: User, index: int, why: str
) -> None:
    ending = plan_next(plan.pk, index, plan.digest, admin, records.NOW)
    assert why in getattr(ending, "reason", "")
    assert Plan.objects.count() == 1


def test_what_a_policy_forbids_is_not_planned(plan: Plan, admin: User) -> None:
    Policy.objects.create(cluster=current_cluster(), namespace_pattern="shop", mode="AUTO",
                          forbidden_actions=["restart_deployment"])  # fmt: skip
    plan.digest = "f" * 64
    plan.save()
    ending = plan_next(plan.pk, 1, plan.digest, admin, records.NOW)
    assert "forbids restart_deployment" in getattr(ending, "reason", "")
    assert Plan.objects.count() == 1


def test_a_pulled_stop_switch_refuses_it(plan: Plan, admin: User) -> None:
    mode_and_stop.set_stop(current_cluster(), True, "anna", "odd", records.NOW)
    ending = plan_next(plan.pk, 1, plan.digest, admin, records.NOW)
    assert "odd" in getattr(ending, "reason", "")


@pytest.mark.parametrize("source", ["undo", "person"])
def test_an_undo_and_a_persons_own_command_have_no_next(
    browser: Client, plan: Plan, admin: User, source: str
) -> None:
    Plan.objects.update(source=source)
    assert 'name="next"' not in page_of(browser, plan)
    ending = plan_next(plan.pk, 1, plan.digest, admin, records.NOW)
    assert "only one candidate" in getattr(ending, "reason", "")


def test_in_auto_a_picked_candidate_waits_for_a_person() -> None:
    assert decide(acting_case()).verdict == Verdict.ACT
    picked = decide(acting_case(picked=True))
    assert picked.verdict == Verdict.ASK
    assert any("instead of the first" in reason for reason in picked.reasons)
    assert decide(acting_case(picked=True, approved=True)).verdict == Verdict.ACT


def test_a_viewer_may_not_plan(plan: Plan) -> None:
    client = Client()
    client.force_login(records.user("vic", "detection.view_incident"))
    assert client.post(NEXT, {"next": f"{plan.pk}:1:{plan.digest}"}).status_code == 403
    assert Plan.objects.count() == 1


@pytest.mark.parametrize("path", ["review/", "next/"])
def test_a_session_that_ended_under_the_form_leads_back_and_says_that_nothing_was_done(
    browser: Client, plan: Plan, path: str
) -> None:
    url = f"/admin/detection/incident/{path}?incident={plan.incident_id}"
    to_login = Client().post(url, {"verdict": "approve", "choice": "1:0:d"})
    assert to_login["Location"].startswith("/admin/login/?next=")
    back = browser.get(url)
    assert back["Location"] == f"/admin/detection/incident/{plan.incident_id}/change/"
    assert told(back).startswith("Nothing was done")
    assert not Approval.objects.exists()


def test_a_form_of_an_earlier_session_says_that_nothing_was_done(admin: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    answer = client.post("/admin/detection/incident/review/", {"verdict": "approve"})
    assert answer.status_code == 403
    assert "Nothing was done" in answer.content.decode()
