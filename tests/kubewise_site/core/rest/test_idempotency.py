"""An Idempotency-Key: the same request twice is done once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from detection.models import Incident
from kubewise_site.core.access.models import IdempotencyKey
from remediation.models import Approval, Plan
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

COMMAND = {"command": "rollback_deployment name=cart namespace=shop revision=3"}


@pytest.fixture
def incident(admin: User) -> Incident:
    found = records.incident()
    records.plan(found)
    return found


def send(api: Api, incident: Incident, key: str, body: Any = COMMAND) -> Any:
    path = f"remediation/events/{incident.anomaly_id}/remediate"
    return api.send("POST", path, body, idempotency_key=key)


def test_the_same_request_twice_is_done_once_and_answered_twice(
    api: Api, incident: Incident
) -> None:
    first, second = (send(api, incident, "night-1") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Approval.objects.count() == 1
    assert Plan.objects.count() == 2


def test_without_the_key_the_second_request_is_409(api: Api, incident: Incident) -> None:
    path = f"remediation/events/{incident.anomaly_id}/remediate"
    answers = [api.send("POST", path, COMMAND).status_code for _ in range(2)]
    assert answers == [202, 409]


def test_a_key_that_was_used_for_another_request_is_422(api: Api, incident: Incident) -> None:
    send(api, incident, "night-1")
    other = send(api, incident, "night-1", {"command": "escalate"})
    assert check_problem(other, 422)["type"] == "urn:kubewise:idempotency-key-reused"


def test_keys_of_two_people_have_nothing_in_common(api: Api, incident: Incident) -> None:
    send(api, incident, "night-1")
    boss = User.objects.create_superuser("boss")
    check_problem(send(Api(boss), incident, "night-1"), 409)


def test_a_request_that_was_refused_may_be_sent_again(api: Api, incident: Incident) -> None:
    wrong = {"command": "explode name=x"}
    assert [send(api, incident, "k", wrong).status_code for _ in range(2)] == [400, 400]
    assert not IdempotencyKey.objects.exists()


def test_a_request_that_is_under_way_is_409_until_its_process_is_given_up(
    api: Api, incident: Incident
) -> None:
    send(api, incident, "k")
    IdempotencyKey.objects.update(status=None, body="")
    assert check_problem(send(api, incident, "k"), 409)["type"] == "urn:kubewise:in-progress"
    IdempotencyKey.objects.update(at=datetime.now(UTC) - timedelta(minutes=2))
    assert check_problem(send(api, incident, "k"), 409)["type"] == "urn:kubewise:handled"


def test_keys_are_forgotten_after_a_day(api: Api, incident: Incident) -> None:
    send(api, incident, "old")
    IdempotencyKey.objects.update(at=datetime.now(UTC) - timedelta(days=2))
    send(api, incident, "new")
    assert [row.key for row in IdempotencyKey.objects.all()] == []


@pytest.mark.parametrize("key", ["", "x" * 201, "naïve"])
def test_a_key_that_is_none_is_400(api: Api, incident: Incident, key: str) -> None:
    check_problem(send(api, incident, key), 400)
    assert not Approval.objects.exists()
