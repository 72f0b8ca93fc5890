"""Comments, silences, policies, windows, the audit export; commands that are refused at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from detection.models import Incident
from remediation.audit import trail
from remediation.controls import mode_and_stop
from remediation.models import Approval, AuditEntry, MaintenanceWindow, Policy, Silence
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

pytestmark = pytest.mark.django_db
COMMAND = {"command": "rollback_deployment name=cart namespace=shop revision=3"}


@pytest.fixture
def incident() -> Incident:
    found = records.incident()
    records.plan(found)
    return found


def path(incident: Incident, verb: str) -> str:
    return f"remediation/events/{incident.anomaly_id}/{verb}"


def pause(**fields: Any) -> dict[str, Any]:
    times = {"starts_at": records.NOW, "ends_at": records.NOW + timedelta(hours=1)}
    shown = {name: value.isoformat() for name, value in times.items()}
    return {"namespace_pattern": "shop", "reason": "upgrade"} | shown | fields


def test_a_comment_stands_in_the_timeline_with_its_author(api: Api, incident: Incident) -> None:
    answer = api.send("POST", path(incident, "comment"), {"text": "<b>known</b>"})
    assert answer.status_code == 201
    last = answer.json()["event"]["timeline"][-1]
    assert (last["actor"], last["kind"], last["reason"]) == ("anna", "comment", "<b>known</b>")


@pytest.mark.parametrize("text", [" ", "\u00a0", "\n\t"])
def test_a_comment_of_spaces_alone_is_422(api: Api, incident: Incident, text: str) -> None:
    answer = api.send("POST", f"remediation/events/{incident.anomaly_id}/comment", {"text": text})
    assert check_problem(answer, 422)["errors"][0]["field"] == "text"
    assert not incident.transitions.filter(kind="comment").exists()


def test_a_silence_covers_its_owner_and_holds_commands_back(api: Api, incident: Incident) -> None:
    body = {"until": (records.NOW + timedelta(hours=2)).isoformat(), "reason": "load test"}
    assert api.send("POST", path(incident, "silence"), body).status_code == 201
    row = Silence.objects.get()
    assert (row.namespace_pattern, row.name_pattern, row.author) == ("shop", "cart", "anna")
    refused = check_problem(api.send("POST", path(incident, "remediate"), COMMAND), 422)
    assert refused["errors"] == [{"field": "gate", "detail": "silence"}]
    assert not Approval.objects.exists()


@pytest.mark.parametrize("hours", [-1, 24 * 31])
def test_a_silence_without_a_sensible_end_is_422(api: Api, incident: Incident, hours: int) -> None:
    body = {"until": (records.NOW + timedelta(hours=hours)).isoformat(), "reason": "x"}
    check_problem(api.send("POST", path(incident, "silence"), body), 422)
    assert not Silence.objects.exists()


def test_a_command_while_stopped_is_409_and_says_who_stopped(api: Api, incident: Incident) -> None:
    mode_and_stop.set_stop(incident.cluster, True, "boss", "odd rollbacks", records.NOW)
    found = check_problem(api.send("POST", path(incident, "remediate"), COMMAND), 409)
    assert found["type"] == "urn:kubewise:stopped"
    assert "odd rollbacks" in found["detail"]


def test_a_candidate_is_named_by_plan_and_index(api: Api, incident: Incident) -> None:
    plan = incident.plans.get()
    answer = api.send("POST", path(incident, "remediate"), {"plan": plan.pk, "candidate": 0})
    assert answer.status_code == 202, answer.content
    assert answer.json()["command"] == records.ROLLBACK["command"]


def test_a_candidate_of_a_plan_that_is_over_is_stale(api: Api, incident: Incident) -> None:
    plan = incident.plans.get()
    incident.plans.update(superseded_at=records.NOW)
    answer = api.send("POST", path(incident, "remediate"), {"plan": plan.pk, "candidate": 0})
    assert check_problem(answer, 409)["type"] == "urn:kubewise:stale"


@pytest.mark.parametrize("body", [{}, {"candidate": 0}, {**COMMAND, "candidate": 0, "plan": 1}])
def test_neither_or_both_of_command_and_candidate_is_400(
    api: Api, incident: Incident, body: dict[str, Any]
) -> None:
    check_problem(api.send("POST", path(incident, "remediate"), body), 400)


@pytest.mark.parametrize(
    ("where", "model", "body"),
    [
        ("policies", Policy, {"namespace_pattern": "team-*", "mode": "MANUAL"}),
        ("maintenance-windows", MaintenanceWindow, None),
        ("silences", Silence, None),
    ],
)
def test_a_row_is_made_changed_and_deleted_with_each_step_on_the_audit_trail(
    api: Api, where: str, model: Any, body: Any
) -> None:
    body = body or pause()
    made = api.send("POST", where, body)
    assert made.status_code == 201, made.content
    one = f"{where}/{made.json()['id']}"
    changed = api.send("PUT", one, body | {"namespace_pattern": "shop-2"})
    assert changed.json()["namespace_pattern"] == "shop-2"
    assert api.get(one).json() == changed.json()
    [listed] = api.get(where).json()[where.replace("-", "_")]
    assert listed == changed.json()
    assert api.send("DELETE", one).status_code == 204
    assert not model.objects.exists()
    steps = [entry.kind.rpartition(" ")[2] for entry in AuditEntry.objects.all()]
    assert steps == ["added", "changed", "deleted"]
    assert trail.verify_trail() == []


@pytest.mark.parametrize(
    ("where", "body", "status"),
    [
        ("policies", {"namespace_pattern": "a", "mode": "YOLO"}, 400),
        ("policies", {"namespace_pattern": "a", "mode": "AUTO", "allowed_actions": ["x"]}, 400),
        ("policies", {"namespace_pattern": 7, "mode": "AUTO"}, 400),
        ("silences", {"reason": "no times"}, 400),
        ("silences", "backwards", 422),
    ],
)
def test_a_wrong_row_is_refused_and_nothing_is_written(
    api: Api, where: str, body: Any, status: int
) -> None:
    if body == "backwards":
        body = pause(ends_at=(records.NOW - timedelta(hours=1)).isoformat())
    check_problem(api.send("POST", where, body), status)
    assert not AuditEntry.objects.exists()


def test_a_second_policy_of_one_pattern_is_409(api: Api) -> None:
    body = {"namespace_pattern": "shop", "mode": "AUTO"}
    api.send("POST", "policies", body)
    check_problem(api.send("POST", "policies", body), 409)


def test_the_author_is_who_sends_it_whatever_the_body_says(api: Api) -> None:
    api.send("POST", "silences", pause(author="boss"))
    assert Silence.objects.get().author == "anna"


def test_the_audit_trail_is_exported_as_json_lines(api: Api, reader: User) -> None:
    for mode in ("AUTO", "MANUAL"):
        api.send("PUT", "setup/mode", {"mode": mode})
    answer = api.get("audit")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert [line["seq"] for line in lines] == [1, 2]
    rest = b"".join(api.get("audit", after=1).streaming_content).splitlines()
    assert [json.loads(line)["seq"] for line in rest] == [2]
    check_problem(Api(reader).get("audit"), 403)
