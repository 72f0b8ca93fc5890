"""Approve, reject, command, analyze: what is answered to each ending."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from detection.domain.statuses import Status
from detection.models import Incident
from detection.models.anomaly import AnomalyFeedback
from remediation.models import Approval, Plan
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    return records.incident()


@pytest.fixture
def plan(incident: Incident) -> Plan:
    return records.plan(incident)


def path(incident: Incident, verb: str) -> str:
    return f"remediation/events/{incident.anomaly_id}/{verb}"


def seen(plan: Plan, **fields: Any) -> dict[str, Any]:
    return {"plan": plan.pk, "digest": plan.digest, "reason": "looks right"} | fields


def test_an_approval_is_accepted_and_kept_with_name_and_reason(
    api: Api, admin: User, incident: Incident, plan: Plan
) -> None:
    answer = api.send("POST", path(incident, "approve"), seen(plan))
    assert answer.status_code == 202
    assert set(answer.json()) == {"status", "message", "event"}
    row = Approval.objects.get()
    assert (row.user, row.reason, row.digest) == (admin, "looks right", plan.digest)


def test_a_second_approval_of_the_same_plan_is_409(
    api: Api, incident: Incident, plan: Plan
) -> None:
    api.send("POST", path(incident, "approve"), seen(plan))
    body = check_problem(api.send("POST", path(incident, "approve"), seen(plan)), 409)
    assert body["type"] == "urn:kubewise:handled"
    assert Approval.objects.count() == 1


@pytest.mark.parametrize("missing", ["plan", "digest"])
def test_an_approval_without_what_was_seen_is_400(
    api: Api, incident: Incident, plan: Plan, missing: str
) -> None:
    body = seen(plan)
    del body[missing]
    found = check_problem(api.send("POST", path(incident, "approve"), body), 400)
    assert found["errors"][0]["field"] == missing
    assert not Approval.objects.exists()


@pytest.mark.parametrize("digest", ["e" * 64, "é"])
def test_an_approval_of_another_digest_is_stale(
    api: Api, incident: Incident, plan: Plan, digest: str
) -> None:
    body = seen(plan, digest=digest)
    found = check_problem(api.send("POST", path(incident, "approve"), body), 409)
    assert found["type"] == "urn:kubewise:stale"
    assert not Approval.objects.exists()


def test_the_plan_of_another_event_can_not_be_approved_through_this_one(
    api: Api, incident: Incident, plan: Plan
) -> None:
    other = records.plan(records.incident("other"))
    answer = api.send("POST", path(incident, "approve"), seen(other))
    check_problem(answer, 409)
    assert not Approval.objects.exists()


def test_a_candidate_that_is_text_only_or_none_is_422(
    api: Api, incident: Incident, plan: Plan
) -> None:
    body = seen(plan, candidate=7)
    found = check_problem(api.send("POST", path(incident, "approve"), body), 422)
    assert found["type"] == "urn:kubewise:refused"


def test_an_event_that_is_over_takes_no_approval(api: Api) -> None:
    over = records.incident("over", status=Status.RESOLVED, open_key=None)
    answer = api.send("POST", path(over, "approve"), seen(records.plan(over)))
    assert check_problem(answer, 409)["type"] == "urn:kubewise:handled"


def test_a_rejection_dismisses_the_event(api: Api, incident: Incident, plan: Plan) -> None:
    answer = api.send("POST", path(incident, "reject"), {"plan": plan.pk, "reason": "known"})
    assert answer.status_code == 200
    assert answer.json()["event"]["status"] == "Dismissed"
    again = api.send("POST", path(incident, "reject"), {"plan": plan.pk})
    assert check_problem(again, 409)["type"] == "urn:kubewise:handled"


def test_a_command_of_a_person_becomes_a_plan_and_an_approval(
    api: Api, incident: Incident, plan: Plan
) -> None:
    command = "rollback_deployment name=cart namespace=shop revision=3"
    answer = api.send("POST", path(incident, "remediate"), {"command": command})
    assert answer.status_code == 202, answer.content
    assert set(answer.json()) == {"status", "message", "command", "result", "event"}
    assert answer.json()["command"] == command
    assert answer.json()["event"]["plan"]["source"] == "person"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("kubectl delete pod x", "kubectl"),
        ("explode name=x", "explode"),
        ("restart_deployment name=cart", "namespace"),
        ("restart_deployment name=cart namespace=shop; reboot", "';'"),
        ("restart_deployment name=../x namespace=shop", "name"),
        ("scale_deployment name=cart namespace=shop replicas=0", "replicas"),
    ],
)
def test_a_command_that_can_not_be_read_is_400_and_says_what_and_where(
    api: Api, incident: Incident, plan: Plan, command: str, says: str
) -> None:
    answer = api.send("POST", path(incident, "remediate"), {"command": command})
    body = check_problem(answer, 400)
    assert body["errors"][0]["field"] == "command"
    assert says in body["detail"]
    assert not Approval.objects.exists()


def test_a_command_at_another_owner_is_422(api: Api, incident: Incident, plan: Plan) -> None:
    command = "rollback_deployment name=other namespace=shop revision=3"
    answer = api.send("POST", path(incident, "remediate"), {"command": command})
    assert "target" in check_problem(answer, 422)["detail"]


def test_a_command_that_makes_it_worse_is_422(api: Api, incident: Incident, plan: Plan) -> None:
    command = "restart_deployment name=cart namespace=shop"
    answer = api.send("POST", path(incident, "remediate"), {"command": command})
    assert "worse" in check_problem(answer, 422)["detail"]


def test_an_event_in_hand_takes_no_command(api: Api) -> None:
    busy = records.incident(status=Status.VERIFICATION_PENDING)
    command = "rollback_deployment name=cart namespace=shop revision=3"
    answer = api.send("POST", path(busy, "remediate"), {"command": command})
    check_problem(answer, 409)


def test_an_analysis_on_demand_is_202_with_a_link(api: Api, incident: Incident) -> None:
    answer = api.send("POST", f"anomalies/analyze/{incident.anomaly_id}")
    assert answer.status_code == 202
    assert set(answer.json()) == {"status", "message", "event"}
    assert answer.headers["Location"].endswith(f"/remediation/events/{incident.anomaly_id}")
    assert answer.json()["event"]["timeline"][-1]["kind"] == "analysis"


def test_an_analysis_on_demand_makes_the_analysis_due(api: Api, incident: Incident) -> None:
    Incident.objects.update(analyzed_version=incident.version)
    api.send("POST", f"anomalies/analyze/{incident.anomaly_id}")
    incident.refresh_from_db()
    assert incident.analyzed_version < incident.version


@pytest.mark.parametrize(
    "status", [Status.ANALYZING, Status.VERIFICATION_PENDING, Status.RESOLVED, Status.DISMISSED]
)
def test_an_analysis_is_409_where_one_is_under_way_or_pointless(api: Api, status: Status) -> None:
    incident = records.incident(status=status)
    answer = api.send("POST", f"anomalies/analyze/{incident.anomaly_id}")
    check_problem(answer, 409)


@pytest.mark.parametrize("verb", ["approve", "reject", "remediate"])
def test_an_unknown_event_is_404_for_every_verb(api: Api, verb: str) -> None:
    body = {"plan": 1, "digest": "d", "command": "noop"}
    check_problem(api.send("POST", f"remediation/events/{uuid4()}/{verb}", body), 404)


def test_the_api_succeeds_with_the_broker_away(
    api: Api, incident: Incident, plan: Plan, django_capture_on_commit_callbacks: Any
) -> None:
    """The tests have no broker: publishing fails, the approval stands."""
    with django_capture_on_commit_callbacks(execute=True) as published:
        answer = api.send("POST", path(incident, "approve"), seen(plan))
    assert answer.status_code == 202
    assert len(published) == 1
    assert Approval.objects.count() == 1


def test_nothing_is_approved_while_the_stop_switch_is_pulled_and_the_reason_is_told(
    api: Api, incident: Incident, plan: Plan
) -> None:
    api.send("PUT", "setup/stop", {"stopped": True, "reason": "odd rollbacks"})
    body = check_problem(api.send("POST", path(incident, "approve"), seen(plan)), 409)
    assert body["type"] == "urn:kubewise:stopped"
    assert body["detail"] == "anna pulled the stop switch: odd rollbacks"
    assert not Approval.objects.exists()
    api.send("PUT", "setup/stop", {"stopped": False})
    assert api.send("POST", path(incident, "approve"), seen(plan)).status_code == 202


def test_what_changes_nothing_is_approved_while_it_is_stopped(
    api: Api, incident: Incident, plan: Plan
) -> None:
    api.send("PUT", "setup/stop", {"stopped": True})
    body = seen(plan, candidate=1)
    assert plan.candidates[1]["action"] == "escalate"
    assert api.send("POST", path(incident, "approve"), body).status_code == 202


def test_a_false_positive_is_marked_once(api: Api) -> None:
    anomaly = records.incident(cause="METRIC_ANOMALY", score=3.5)
    answer = api.send("POST", path(anomaly, "false-positive"), {"note": "the weekly batch"})
    assert answer.status_code == 200
    assert answer.json()["event"]["timeline"][-1]["reason"] == "false positive"
    row = AnomalyFeedback.objects.get()
    assert (row.by, row.note, row.score) == ("anna", "the weekly batch", 3.5)
    body = check_problem(api.send("POST", path(anomaly, "false-positive"), {}), 409)
    assert body["type"] == "urn:kubewise:marked"
    assert AnomalyFeedback.objects.count() == 1


def test_only_an_anomaly_can_be_a_false_positive(api: Api, incident: Incident) -> None:
    body = check_problem(api.send("POST", path(incident, "false-positive"), {}), 409)
    assert body["type"] == "urn:kubewise:not-an-anomaly"
    assert "IMAGE_NOT_FOUND" in body["detail"]
    assert not AnomalyFeedback.objects.exists()


def test_a_false_positive_needs_its_permission_and_an_event(api: Api) -> None:
    anomaly = records.incident(cause="METRIC_ANOMALY")
    clerk = Api(records.user("clerk", "detection.comment_incident"))
    check_problem(clerk.send("POST", path(anomaly, "false-positive"), {}), 403)
    check_problem(api.send("POST", f"remediation/events/{uuid4()}/false-positive", {}), 404)
