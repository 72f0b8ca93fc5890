"""Accepting a failure over HTTP: who may, what is refused, what is shown and counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detection.models import Incident
from remediation.models import Acceptance, AuditEntry
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    found = records.incident(facts={"image": "shop/cart:2.0", "pods": 2})
    records.plan(found)
    return found


def path(incident: Incident) -> str:
    return f"remediation/events/{incident.anomaly_id}/accept"


def body(days: float = 30, **fields: Any) -> dict[str, Any]:
    at = records.NOW + timedelta(days=days)
    return {"review_at": at.isoformat(), "reason": "gone by spring"} | fields


def events(api: Api, **params: str) -> list[str]:
    return [row["entity_id"] for row in api.get("remediation/events", **params).json()["events"]]


def test_it_is_accepted_shown_and_ended(api: Api, incident: Incident) -> None:
    records.incident("other")
    answer = api.send("POST", path(incident), body())
    assert answer.status_code == 201, answer.content
    told = answer.json()["event"]
    assert (told["accepted"]["by"], told["accepted"]["reason"]) == ("anna", "gone by spring")
    assert told["timeline"][-1]["kind"] == "accepted"
    assert events(api, accepted="true") == ["cart"]
    assert events(api, accepted="false") == ["other"]
    listed = api.get("remediation/events").json()["events"]
    assert [bool(row["accepted"]) for row in listed] == [False, True]
    assert api.send("DELETE", path(incident)).json()["event"]["accepted"] is None
    assert events(api, accepted="true") == []
    assert list(AuditEntry.objects.values_list("kind", "actor")) == [
        ("acceptance added", "anna"), ("acceptance ended", "anna"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        (body(-1), 422, "review_at"),
        (body(91), 422, "review_at"),
        (body(review_at="9999-12-31T23:59:59Z"), 422, "review_at"),
        (body(review_at="0001-01-01T00:00:00Z"), 422, "review_at"),
        (body(review_at="soon"), 400, "review_at"),
        (body(review_at=None), 400, "review_at"),
        (body(reason=" "), 422, "reason"),
        (body(reason=""), 400, "reason"),
        ({"reason": "no date"}, 400, "review_at"),
        ({"review_at": "2026-03-01T00:00:00Z"}, 400, "reason"),
        (body(reason="a\x00b"), 400, None),
    ],
)
def test_what_is_wrong_is_refused_and_named(
    api: Api, incident: Incident, sent: dict[str, Any], status: int, field: str | None
) -> None:
    problem = check_problem(api.send("POST", path(incident), sent), status)
    if field:
        assert field in [error["field"] for error in problem["errors"]]
    assert not Acceptance.objects.exists()


def test_what_turns_text_around_is_kept_as_visible_text(api: Api, incident: Incident) -> None:
    """The gate in front of every body has made it visible before the form sees it."""
    api.send("POST", path(incident), body(reason="gone \u202e by spring"))
    assert "\u202e" not in Acceptance.objects.get().reason


def test_a_second_answer_does_nothing(api: Api, incident: Incident) -> None:
    assert api.send("POST", path(incident), body()).status_code == 201
    assert check_problem(api.send("POST", path(incident), body()), 409)["type"].endswith("accepted")
    assert api.send("DELETE", path(incident)).status_code == 200
    check_problem(api.send("DELETE", path(incident)), 404)


def test_what_is_over_is_409(api: Api) -> None:
    over = records.incident("old", status="Resolved", open_key=None, closed_at=records.NOW)
    assert check_problem(api.send("POST", path(over), body()), 409)["type"].endswith("over")


@pytest.mark.parametrize(
    "held", [(), ("remediation.add_silence", "remediation.approve_plan"),
             ("remediation.delete_acceptance",)],
)  # fmt: skip
def test_other_permissions_accept_nothing(incident: Incident, held: tuple[str, ...]) -> None:
    other = Api(records.user("eve", "detection.view_incident", *held))
    check_problem(other.send("POST", path(incident), body()), 403)
    assert not Acceptance.objects.exists()


def test_a_command_for_what_is_accepted_is_refused_with_why(api: Api, incident: Incident) -> None:
    api.send("POST", path(incident), body())
    command = {"command": "rollback_deployment name=cart namespace=shop revision=3"}
    answer = api.send("POST", f"remediation/events/{incident.anomaly_id}/remediate", command)
    assert check_problem(answer, 422)["errors"] == [{"field": "gate", "detail": "acceptance"}]


def test_a_list_takes_as_many_queries_however_many_are_accepted(
    api: Api, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        found = records.incident(f"app-{number}")
        assert api.send("POST", path(found), body()).status_code == 201
    with django_assert_max_num_queries(14):
        rows = api.get("remediation/events").json()["events"]
    assert all(row["accepted"] for row in rows)


def test_the_metrics_count_it_apart(api: Api, incident: Incident) -> None:
    api.send("POST", path(incident), body())
    text = api.client.get("/metrics").content.decode()
    labels = '{cause="IMAGE_NOT_FOUND",severity="critical",status="AwaitingApproval"} 1.0'
    assert f"kubewise_incidents_accepted{labels}" in text
    assert f"kubewise_incidents_open{labels}" not in text
