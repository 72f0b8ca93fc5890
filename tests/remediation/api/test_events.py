"""The list of events and one event: shapes, paging, filters, queries."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from detection.domain.statuses import Status
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

EVENT_KEYS = {
    "anomaly_id", "status", "entity_type", "entity_id", "namespace", "detection_timestamp",
    "anomaly_score", "metric_snapshot", "ai_analysis", "suggested_remediation_commands",
    "remediation_attempts", "verification_time", "resolution_time", "prediction_data",
    "is_proactive", "notes", "cause", "severity", "owner", "timeline", "plan", "decision",
}  # fmt: skip
ANALYSIS_KEYS = {
    "root_cause", "impact", "severity", "confidence", "recommendations", "source", "evidence",
    "model_says",
}  # fmt: skip
CANDIDATE_KEYS = {
    "action_type", "resource_type", "resource_name", "namespace", "parameters", "command",
    "kubectl", "risk", "description",
}  # fmt: skip
ATTEMPT_KEYS = {
    "command", "parameters", "executor", "timestamp", "success", "result", "error", "is_proactive",
}  # fmt: skip


def test_an_event_has_every_key_that_scripts_rely_on(api: Api, admin: User) -> None:
    incident = records.incident()
    plan = records.plan(incident)
    records.attempt(plan, approval=records.approval(plan, admin))
    event = api.get(f"remediation/events/{incident.anomaly_id}").json()["event"]
    assert set(event) >= EVENT_KEYS
    assert set(event["ai_analysis"]) == ANALYSIS_KEYS
    [first, second] = event["suggested_remediation_commands"]
    assert set(first) >= CANDIDATE_KEYS
    assert [first["index"], second["index"]] == [0, 1]
    assert set(event["remediation_attempts"][0]) >= ATTEMPT_KEYS
    assert set(event["plan"]) >= {"id", "digest", "candidates"}


def test_an_event_says_what_the_records_say(api: Api) -> None:
    incident = records.incident()
    records.attempt(records.plan(incident))
    event = api.get(f"remediation/events/{incident.anomaly_id}").json()["event"]
    assert event["entity_type"] == "deployment"
    assert (event["entity_id"], event["namespace"]) == ("cart", "shop")
    assert event["owner"] == {
        "kind": "Deployment", "namespace": "shop", "name": "cart", "uid": "uid-cart",
    }  # fmt: skip
    assert event["suggested_remediation_commands"][0]["kubectl"] == records.ROLLBACK["kubectl"]
    attempt = event["remediation_attempts"][0]
    assert (attempt["executor"], attempt["success"]) == ("AUTO", True)
    assert attempt["result"] == "resolved"
    assert event["verification_time"] == attempt["settled_at"]
    assert [step["after"] for step in event["timeline"]] == ["Detected", "AwaitingApproval"]
    assert event["decision"]["verdict"] == "ask"


def test_times_are_rfc_3339_in_utc(api: Api) -> None:
    incident = records.incident()
    event = api.get(f"remediation/events/{incident.anomaly_id}").json()["event"]
    assert event["detection_timestamp"] == incident.first_seen.isoformat().replace("+00:00", "Z")


def test_an_event_without_analysis_and_plan_says_so(api: Api) -> None:
    incident = records.incident(diagnosis=None, decision=None, status=Status.DETECTED)
    event = api.get(f"remediation/events/{incident.anomaly_id}").json()["event"]
    assert event["ai_analysis"] is None
    assert event["plan"] is None
    assert event["suggested_remediation_commands"] == []
    assert event["resolution_time"] is None


def test_only_a_resolved_event_has_a_resolution_time(api: Api) -> None:
    over = {"open_key": None, "closed_at": records.NOW}
    resolved = records.incident("a", status=Status.RESOLVED, **over)
    dismissed = records.incident("b", status=Status.DISMISSED, **over)
    times = [
        api.get(f"remediation/events/{row.anomaly_id}").json()["event"]["resolution_time"]
        for row in (resolved, dismissed)
    ]
    assert times[0]
    assert times[1] is None


@pytest.mark.parametrize(
    ("fields", "success"),
    [
        ({"state": "claimed", "outcome": ""}, None),
        ({"state": "unknown", "outcome": ""}, None),
        ({"state": "applied", "outcome": ""}, True),
        ({"state": "failed", "outcome": ""}, False),
        ({"state": "refused", "outcome": ""}, False),
        ({"state": "verified", "outcome": "worse"}, False),
        ({"state": "verified", "outcome": "inconclusive"}, False),
        ({"state": "verified", "outcome": "resolved"}, True),
    ],
)
def test_success_is_null_until_an_attempt_is_settled(
    api: Api, fields: dict[str, Any], success: bool | None
) -> None:
    incident = records.incident()
    records.attempt(records.plan(incident), **fields)
    event = api.get(f"remediation/events/{incident.anomaly_id}").json()["event"]
    assert event["remediation_attempts"][0]["success"] is success


def test_an_unknown_event_is_404(api: Api) -> None:
    check_problem(api.get(f"remediation/events/{uuid4()}"), 404)
    check_problem(api.get("remediation/events/not-an-id"), 404)


def test_the_list_is_newest_first(api: Api) -> None:
    for name in "abc":
        records.incident(name)
    body = api.get("remediation/events").json()
    assert set(body) == {"status", "count", "events", "next", "previous", "cursor"}
    assert [event["entity_id"] for event in body["events"]] == ["c", "b", "a"]
    assert (body["status"], body["count"], body["next"]) == ("success", 3, None)


def test_pages_hold_every_event_once_and_lead_back(api: Api) -> None:
    for number in range(5):
        records.incident(f"app-{number}")
    first = api.get("remediation/events", limit=2).json()
    second = api.client.get(first["next"]).json()
    third = api.client.get(second["next"]).json()
    names = [e["entity_id"] for page in (first, second, third) for e in page["events"]]
    assert names == [f"app-{number}" for number in (4, 3, 2, 1, 0)]
    assert third["next"] is None
    assert api.client.get(second["previous"]).json()["events"] == first["events"]


def test_an_event_that_arrives_meanwhile_shifts_no_page(api: Api) -> None:
    for number in range(3):
        records.incident(f"app-{number}")
    first = api.get("remediation/events", limit=2).json()
    records.incident("late")
    [rest] = api.client.get(first["next"]).json()["events"]
    assert rest["entity_id"] == "app-0"


def test_the_status_filter_keeps_only_that_status(api: Api) -> None:
    records.incident("a")
    records.incident("b", status=Status.ESCALATED)
    [event] = api.get("remediation/events", status="Escalated").json()["events"]
    assert event["entity_id"] == "b"


def test_an_unknown_status_is_400_and_lists_the_valid_ones(api: Api) -> None:
    body = check_problem(api.get("remediation/events", status="Broken"), 400)
    assert body["errors"][0]["field"] == "status"
    assert all(status in body["detail"] for status in Status.values)


@pytest.mark.parametrize("limit", ["0", "501", "-1", "many", "1.5", "", "٣"])
def test_a_limit_out_of_bounds_is_400(api: Api, limit: str) -> None:
    body = check_problem(api.get("remediation/events", limit=limit), 400)
    assert "500" in body["detail"]


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_outside_the_calendar_is_400(api: Api, name: str, value: str) -> None:
    check_problem(api.get("remediation/events", **{name: value}), 400)


@pytest.mark.parametrize("position", ['["\\ud800", "2026-03-01T03:00:00Z", 1]',
                                      '["0001-01-01T00:00:00+14:00", 1]'])  # fmt: skip
def test_a_made_up_cursor_is_refused_before_it_is_asked(api: Api, position: str) -> None:
    cursor = b64encode(urlencode({"p": position}).encode()).decode()
    search = {"q": "app"} if "ud800" in position else {}
    check_problem(api.get("remediation/events", cursor=cursor, **search), 400)


@pytest.mark.parametrize("cursor", ["%%%", "cD1hYmM=", "cD0tMQ==", "bz0x", "x" * 5000])
def test_a_broken_cursor_is_no_first_page(api: Api, cursor: str) -> None:
    answer = api.get("remediation/events", cursor=cursor)
    check_problem(answer, answer.status_code)
    assert answer.status_code in (400, 404)


def test_the_list_takes_the_same_number_of_queries_for_any_number_of_events(
    api: Api, admin: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get("remediation/events", limit=500).status_code == 200
        return len(captured)

    _with_history(admin, 2, "a")
    few = queries()
    _with_history(admin, 20, "b")
    assert queries() == few
    assert few == 8


def test_one_event_takes_a_constant_number_of_queries(
    api: Api, admin: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    _with_history(admin, 1, "a")
    incident = records.incident("b")
    for _ in range(4):
        plan = records.plan(incident, superseded_at=records.NOW)
        records.attempt(plan, approval=records.approval(plan, admin))
    with django_assert_num_queries(6):
        api.get(f"remediation/events/{incident.anomaly_id}")


def _with_history(admin: User, number: int, prefix: str) -> None:
    for index in range(number):
        plan = records.plan(records.incident(f"{prefix}-{index}"))
        records.attempt(plan, approval=records.approval(plan, admin))
