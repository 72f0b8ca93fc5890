"""POST /api/v1/alerts: Alertmanager's payload, version 4, and what is none."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from detection.models import Alert
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

# The shape that Alertmanager documents and sends.
PAYLOAD: dict[str, Any] = {
    "receiver": "kubewise", "status": "firing", "version": "4", "truncatedAlerts": 0,
    "groupKey": '{}:{alertname="KubePodCrashLooping"}',
    "groupLabels": {"alertname": "KubePodCrashLooping"},
    "commonLabels": {"alertname": "KubePodCrashLooping", "severity": "warning"},
    "commonAnnotations": {}, "externalURL": "http://alertmanager:9093",
    "alerts": [
        {
            "status": status, "fingerprint": fingerprint, "startsAt": "2026-03-01T02:55:00.000Z",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus:9090/graph?g0",
            "labels": {"alertname": "KubePodCrashLooping", "namespace": "shop",
                       "pod": "cart-7d9f-x2x", "severity": "warning"},
            "annotations": {"summary": "Pod is crash looping."},
        }
        for status, fingerprint in (("firing", "c1a5"), ("resolved", "c1a6"))
    ],
}  # fmt: skip


def test_a_group_of_alerts_is_received(api: Api) -> None:
    answer = api.send("POST", "alerts", PAYLOAD)
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert (body["status"], body["firing"], body["resolved"]) == ("success", 1, 1)
    assert dict(Alert.objects.values_list("fingerprint", "state")) == {
        "c1a5": "firing", "c1a6": "resolved",
    }  # fmt: skip


def test_the_same_payload_again_changes_nothing(api: Api) -> None:
    for _ in range(2):
        api.send("POST", "alerts", PAYLOAD)
    assert Alert.objects.count() == 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "3"),
        (("alerts",), {}),
        (("alerts", 0, "status"), "maybe"),
        (("alerts", 0, "fingerprint"), "'; drop table"),
        (("alerts", 0, "startsAt"), "yesterday"),
        (("alerts", 0, "labels"), [1]),
        (("alerts", 0, "labels"), {"a": {"b": "c"}}),
    ],
)
def test_a_payload_that_is_none_is_400_and_nothing_is_written(
    api: Api, path: tuple[Any, ...], value: Any
) -> None:
    body: Any = copy.deepcopy(PAYLOAD)
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert check_problem(api.send("POST", "alerts", body), 400)["errors"]
    assert not Alert.objects.exists()


def test_an_alert_of_another_age_began_when_it_came_and_its_text_is_safe(api: Api) -> None:
    body: Any = copy.deepcopy(PAYLOAD)
    body["alerts"][0] |= {"startsAt": "0001-01-01T00:00:00Z"}
    body["alerts"][0]["labels"]["alertname"] = "a\u202eb\x1b[31m"
    assert api.send("POST", "alerts", body).status_code == 202
    alert = Alert.objects.get(fingerprint="c1a5")
    assert alert.starts_at == alert.received_at
    assert alert.name == alert.labels["alertname"] == "a\\u202eb\\u001b[31m"


def test_a_service_user_needs_one_permission_only(db: None) -> None:
    service = records.user("alertmanager", "detection.post_alerts")
    assert Api(service).send("POST", "alerts", PAYLOAD).status_code == 202
    check_problem(Api(service).send("PUT", "setup/mode", {"mode": "AUTO"}), 403)
