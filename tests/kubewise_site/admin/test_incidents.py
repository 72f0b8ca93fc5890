"""The list of incidents and the page of one, with its review form."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from detection.domain.statuses import Status
from detection.models import Incident
from remediation.models import Approval, Plan
from tests.kubewise_site import records

LIST = "/admin/detection/incident/"
REVIEW = "/admin/detection/incident/review/"


def choice(plan: Plan, index: int = 0, digest: str = "") -> str:
    return f"{plan.pk}:{index}:{digest or plan.digest}"


def page_of(browser: Client, incident: Incident) -> str:
    answer = browser.get(reverse("admin:detection_incident_change", args=[incident.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def logged_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def test_the_list_shows_what_is_open(browser: Client) -> None:
    records.incident("cart")
    records.incident("old", status=Status.RESOLVED, open_key=None)
    page = browser.get(LIST).content.decode()
    assert "Deployment shop/cart" in page
    assert "awaiting approval" in page
    assert "shop/old" not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=all", {"cart", "node-1", "old"}),
        ("state=over", {"old"}),
        ("state=waiting", {"cart"}),
        ("severity__exact=info", {"node-1"}),
        ("status__exact=Escalated&state=all", set()),
        ("cause=NODE_NOT_READY", {"node-1"}),
        ("kind=Node", {"node-1"}),
        ("namespace=shop", {"cart"}),
        ("q=car", {"cart"}),
        ("q=art", set()),
    ],
)
def test_the_list_is_narrowed_by_filters_and_search(
    browser: Client, query: str, names: set[str]
) -> None:
    records.incident("cart")
    records.incident("old", status=Status.RESOLVED, open_key=None)
    records.incident(
        "node-1", owner_kind="Node", owner_namespace="", cause="NODE_NOT_READY",
        severity="info", status=Status.DETECTED,
    )  # fmt: skip
    answer = browser.get(f"{LIST}?{query}")
    found = {row.owner_name for row in answer.context["cl"].result_list}
    assert found == names


def test_the_list_takes_the_same_number_of_queries_for_any_number(browser: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(LIST).status_code == 200
        return len(captured)

    records.plan(records.incident("a"))
    few = queries()
    for number in range(20):
        records.plan(records.incident(f"b-{number}"))
    assert queries() == few


def test_the_page_tells_everything_about_one_incident(browser: Client, admin: User) -> None:
    incident = records.incident(status=Status.RESOLVED, open_key=None)
    plan = records.plan(incident)
    records.attempt(plan, approval=records.approval(plan, admin))
    page = page_of(browser, incident)
    for text in (
        "Deployment shop/cart: the image does not exist",
        "does not exist in the registry",
        "Decisive:",
        records.ROLLBACK["kubectl"],
        "risk: medium",
        "the mode is MANUAL",
        "shop/cart:1.9",
        "looks right",
        "2 of 2 replicas are ready",
    ):
        assert text in page, text


def test_the_page_takes_a_constant_number_of_queries(browser: Client, admin: User) -> None:
    def queries(incident: Incident) -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(browser, incident)
        return len(captured)

    first, second = records.incident("a"), records.incident("b")
    for incident, number in ((first, 1), (second, 6)):
        for _ in range(number):
            plan = records.plan(incident)
            records.attempt(plan, approval=records.approval(plan, admin))
    assert queries(first) == queries(second)


def test_nothing_on_the_page_is_edited(browser: Client) -> None:
    incident = records.incident()
    url = reverse("admin:detection_incident_change", args=[incident.pk])
    browser.post(url, {"summary": "changed"})
    incident.refresh_from_db()
    assert incident.summary != "changed"
    for path in (f"{LIST}add/", f"{LIST}{incident.pk}/delete/"):
        assert browser.get(path).status_code == 403


def test_the_page_of_no_incident_is_404(browser: Client) -> None:
    for number in ("999", "x", "²", "9" * 30):
        assert browser.get(f"{LIST}{number}/change/").status_code == 404


def test_an_approval_says_what_happens_next(browser: Client, admin: User) -> None:
    incident = records.incident()
    plan = records.plan(incident)
    body = {"verdict": "approve", "choice": choice(plan), "reason": "ok", "incident": incident.pk}
    answer = browser.post(REVIEW, body)
    assert answer["Location"] == reverse("admin:detection_incident_change", args=[incident.pk])
    assert told(answer) == "Approved; KubeWise checks every gate again, then acts."
    row = Approval.objects.get()
    assert (row.user, row.reason, row.digest, row.candidate_index) == (admin, "ok", plan.digest, 0)
    assert "KubeWise checks every gate again, then acts" in page_of(browser, incident)


def test_a_stale_approval_says_that_a_new_plan_is_made(browser: Client) -> None:
    plan = records.plan(records.incident())
    answer = browser.post(REVIEW, {"verdict": "approve", "choice": choice(plan, digest="e" * 64)})
    assert told(answer).startswith("Stale: ")
    assert "new plan" in told(answer)
    assert not Approval.objects.exists()


def test_a_second_approval_says_already_handled(browser: Client) -> None:
    plan = records.plan(records.incident())
    body = {"verdict": "approve", "choice": choice(plan)}
    browser.post(REVIEW, body)
    browser.get(LIST)
    assert told(browser.post(REVIEW, body)).endswith("Already handled.")
    assert Approval.objects.count() == 1


def test_a_rejection_dismisses(browser: Client) -> None:
    incident = records.incident()
    plan = records.plan(incident)
    answer = browser.post(REVIEW, {"verdict": "reject", "choice": choice(plan), "reason": "known"})
    assert told(answer) == "Rejected."
    incident.refresh_from_db()
    assert incident.status == Status.DISMISSED


def test_many_are_approved_from_the_list_after_they_were_shown(browser: Client) -> None:
    plans = [records.plan(records.incident(name)) for name in "abcd"]
    body = {"action": "approve_selected", "_selected_action": [plan.incident_id for plan in plans]}
    confirm = browser.post(LIST, body).content.decode()
    assert not Approval.objects.exists()
    assert all(choice(plan) in confirm for plan in plans)
    assert records.ROLLBACK["command"] in confirm
    browser.post(REVIEW, {"verdict": "approve", "choice": choice(plans[3])})
    browser.get(LIST)
    answer = browser.post(
        REVIEW, {"verdict": "approve", "choice": [choice(plan) for plan in plans]}
    )
    assert told(answer) == "3 approved, 1 already handled."


def test_ticked_incidents_without_a_plan_say_so(browser: Client) -> None:
    incident = records.incident(status=Status.DETECTED)
    body = {"action": "approve_selected", "_selected_action": [incident.pk]}
    answer = browser.post(LIST, body)
    assert "None of these incidents has a plan" in told(answer)


def test_what_only_people_can_do_has_no_approve_button(browser: Client) -> None:
    incident = records.incident()
    records.plan(incident, candidates=[records.ESCALATE])
    page = page_of(browser, incident)
    assert 'value="approve"' not in page
    assert "it is for a person to do" in page


def test_a_viewer_sees_no_button_and_may_not_review(db: None) -> None:
    viewer = logged_in(records.user("viewer", "detection.view_incident"))
    incident = records.incident()
    plan = records.plan(incident)
    page = page_of(viewer, incident)
    assert 'value="approve"' not in page
    assert "approve_selected" not in viewer.get(LIST).content.decode()
    body = {"verdict": "approve", "choice": choice(plan)}
    assert viewer.post(REVIEW, body).status_code == 403
    assert not Approval.objects.exists()


def test_who_may_not_view_incidents_sees_none(reader: User) -> None:
    client = logged_in(reader)
    incident = records.incident()
    url = reverse("admin:detection_incident_change", args=[incident.pk])
    assert client.get(url).status_code == 403
    assert "shop/cart" not in client.get("/admin/").content.decode()


def test_a_review_is_a_post_with_a_csrf_token(admin: User) -> None:
    plan = records.plan(records.incident())
    client = logged_in(admin, enforce_csrf_checks=True)
    body = {"verdict": "approve", "choice": choice(plan)}
    assert client.post(REVIEW, body).status_code == 403
    assert client.get(REVIEW, body).status_code == 302
    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verdict": "approve"},
        {"verdict": "explode", "choice": "1:0:d"},
        {"verdict": "approve", "choice": "1:0"},
        {"verdict": "approve", "choice": "x:y:z"},
        {"verdict": "approve", "choice": "²:0:d"},
    ],
)
def test_a_form_that_is_none_of_ours_is_400(browser: Client, body: dict[str, str]) -> None:
    assert browser.post(REVIEW, body).status_code == 400


def test_a_plan_that_is_gone_is_told(browser: Client) -> None:
    answer = browser.post(REVIEW, {"verdict": "approve", "choice": "999:0:d"})
    assert told(answer) == "Refused: there is no such plan."
