"""The annotation that stops: whatever it says, and whatever the API server answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.kubernetes.client import Forbidden, KubernetesError, NotFound, Unreachable
from detection.models import Cluster, Incident
from remediation.clients import Clients
from remediation.controls import mode_and_stop
from remediation.controls.stop_in_cluster import STOP, reason_to_stop
from remediation.execution.act import act
from remediation.models import Attempt
from remediation.results import Ending
from tests.remediation.steps import acted, fresh, planned, real_writes

Make = Callable[..., Incident]
PATH = "/api/v1/namespaces/kubewise"
ABSENT = {"kind": "Status", "reason": "NotFound",
          "details": {"kind": "namespaces", "name": "kubewise"}}  # fmt: skip
A_POD = {"kind": "pods", "name": "kubewise"}


class Answering:
    """A connection with one answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def within(self, seconds: float) -> Answering:
        assert seconds <= 10
        return self

    def get(self, path: str) -> bytes:
        assert path == PATH
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()


def namespace(annotations: Any, name: str = "kubewise", kind: str = "Namespace") -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "annotations": annotations}}


def reason(answer: Any) -> str:
    return reason_to_stop(Answering(answer))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "answer",
    [namespace(None), namespace({}), namespace({"team": "a"}), namespace({STOP: "false"}),
     NotFound("gone", 404, "NotFound", ABSENT)],
    ids=["null", "none", "others", "false", "no namespace"],
)  # fmt: skip
def test_nothing_is_said(answer: Any) -> None:
    assert reason(answer) == ""


@pytest.mark.parametrize(
    "value",
    ["true", "", "0", "no", "off", "released", "False ", "FALSE", "freeze", "\x00", "x" * 262_144],
)
def test_every_value_but_one_stops(value: str) -> None:
    told = reason(namespace({STOP: value}))
    assert STOP in told
    assert len(told) < 500


UNREADABLE = {
    "403": Forbidden("no", 403, "Forbidden", {}),
    "401": KubernetesError("no", 401),
    "500": KubernetesError("oops", 500),
    "429": KubernetesError("later", 429),
    "no answer": Unreachable("timed out"),
    "a proxy's 404": NotFound("404 page not found", 404, "", {}),
    "a 404 about another": NotFound("x", 404, "NotFound", ABSENT | {"details": A_POD}),
    "a 404 with odd details": NotFound("x", 404, "NotFound", ABSENT | {"details": ["namespaces"]}),
    "no JSON": b"<html>",
    "nothing": b"",
    "not UTF-8": b"\xff\xfe",
    "nested": b"[" * 100_000,
    "a list": [],
    "null": b"null",
    "another namespace": namespace({}, "default"),
    "another kind": namespace({}, kind="ConfigMap"),
    "no metadata": {"kind": "Namespace"},
    "metadata is text": {"kind": "Namespace", "metadata": "kubewise"},
    "annotations are text": namespace(STOP),
    "annotations are a list": namespace([STOP]),
    "annotations are empty text": namespace(""),
    "false, but no text": namespace({STOP: False}),
    "null for a value": namespace({STOP: None}),
}  # fmt: skip


@pytest.mark.parametrize("how", UNREADABLE)
def test_unreadable_means_stopped(how: str) -> None:
    assert "can't be read, which counts as stopped" in reason(UNREADABLE[how])


@pytest.fixture
def decided(auto: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Incident:
    return planned(incident_of("image_not_found"), clients, now)


def annotate(simulator: Any, annotations: dict[str, str]) -> None:
    simulator.cluster.store.put("namespaces", namespace(annotations))


@pytest.mark.django_db
def test_with_the_annotation_nothing_is_sent_and_people_are_told_why(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    annotate(simulator, {STOP: "migration weekend"})
    assert act(decided.pk, clients, now) == Ending.REFUSED
    assert simulator.writes == []
    assert not Attempt.objects.exists()
    assert "migration weekend" in str(fresh(decided).decision)


@pytest.mark.django_db
def test_decisions_see_it_too_so_that_nothing_waits_to_be_carried_out(
    auto: Cluster, incident_of: Make, clients: Clients, simulator: Any, now: datetime
) -> None:
    annotate(simulator, {STOP: "migration weekend"})
    incident = planned(incident_of("image_not_found"), clients, now)
    assert incident.status == Status.REMEDIATION_SUGGESTED
    assert "migration weekend" in str(incident.decision)
    assert incident.decide_again_at, "it is decided again once the annotation is gone"


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["claimed", "sending"])
def test_set_at_the_last_moment_it_holds_right_before_the_write(
    decided: Incident, clients: Clients, simulator: Any, now: datetime, moment: str
) -> None:
    def stop(name: str) -> None:
        if name == moment:
            annotate(simulator, {STOP: "hold it"})

    act(decided.pk, clients, now, stop)
    attempt = decided.attempts.get()
    assert (attempt.state, attempt.open_target) == (Attempt.State.REFUSED, None)
    assert "hold it" in attempt.error
    assert real_writes(simulator) == []


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [{"mode": "refuse", "code": 403}, {"mode": "refuse", "code": 500},
                                   {"mode": "drop"}], ids=["403", "500", "cut off"])  # fmt: skip
def test_where_it_becomes_unreadable_nothing_is_written(
    decided: Incident, clients: Clients, simulator: Any, now: datetime, fault: dict[str, Any]
) -> None:
    def break_it(name: str) -> None:
        if name == "sending":
            simulator.api.switches.add(resource="namespaces", verbs=("get",), **fault)

    act(decided.pk, clients, now, break_it)
    assert "can't be read" in decided.attempts.get().error
    assert real_writes(simulator) == []


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["false", "release", "true"])
def test_no_value_releases_the_stop_switch_of_kubewise(
    decided: Incident, clients: Clients, simulator: Any, now: datetime, value: str
) -> None:
    mode_and_stop.set_stop(decided.cluster, True, "ada", "hold it", now)
    annotate(simulator, {STOP: value})
    act(decided.pk, clients, now)
    assert simulator.writes == []
    assert mode_and_stop.standing(decided.cluster).stopped


@pytest.mark.django_db
def test_without_the_annotation_it_acts(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    annotate(simulator, {"team": "a"})
    assert acted(decided, clients, now).state == Attempt.State.APPLIED
    assert len(real_writes(simulator)) == 1
