"""What is set while a dry run takes its time is honoured before the write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.models import Cluster, Incident
from remediation.approval import approvals
from remediation.clients import Clients
from remediation.cluster.writer import JSON_PATCH, path_of
from remediation.execution.act import act
from remediation.models import Attempt, MaintenanceWindow, Silence
from remediation.observation.observe import owner_of
from remediation.policy.owner_guards import held_back
from tests.remediation.steps import fresh, planned, real_writes

pytestmark = pytest.mark.django_db
Make = Callable[..., Incident]
MOMENTS = ("claimed", "sending")


def _annotate(clients: Clients, incident: Incident, value: str) -> None:
    assert clients.writer is not None
    patch = [{"op": "add", "path": "/metadata/annotations/kubewise.io~1mode", "value": value}]
    path = path_of(owner_of(incident))
    clients.writer.request("PATCH", path, None, patch, content_type=JSON_PATCH)


def _at(moment: str, then: Callable[[], object]) -> Callable[[str], None]:
    def checkpoint(name: str) -> None:
        if name == moment:
            then()

    return checkpoint


@pytest.fixture
def decided(auto: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Incident:
    return planned(incident_of("image_not_found"), clients, now)


@pytest.mark.parametrize("value", ["off", "manual"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_owners_mode_set_meanwhile_stops_the_write(
    decided: Incident, clients: Clients, simulator: Any, now: datetime, moment: str, value: str
) -> None:
    act(decided.pk, clients, now, _at(moment, lambda: _annotate(clients, decided, value)))
    assert len(real_writes(simulator)) == 1, "the annotation alone"
    if moment == "claimed":  # later there was a conflict, and the cluster is asked what stands
        assert f"is {value} now" in Attempt.objects.get().error
        assert fresh(decided).status == Status.AWAITING_APPROVAL


@pytest.mark.parametrize("model", [MaintenanceWindow, Silence])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_window_or_silence_set_meanwhile_stops_the_write(
    decided: Incident, clients: Clients, simulator: Any, now: datetime, moment: str, model: Any
) -> None:
    def pause() -> None:
        times = {"starts_at": now, "ends_at": now + timedelta(hours=1)}
        model.objects.create(cluster=decided.cluster, author="ada", reason="upgrade", **times)

    act(decided.pk, clients, now, _at(moment, pause))
    assert real_writes(simulator) == []
    assert "ada: upgrade" in Attempt.objects.get().error


def test_an_approval_overrules_manual_but_never_off(
    cluster: Cluster, incident_of: Make, clients: Clients, simulator: Any, ada: Any, now: datetime
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    plan = incident.plans.get()
    approvals.approve(plan.pk, 0, ada, "go", plan.digest, now)
    act(incident.pk, clients, now, _at("claimed", lambda: _annotate(clients, incident, "off")))
    assert len(real_writes(simulator)) == 1, "the annotation alone"


@pytest.mark.parametrize(
    ("value", "approved", "stops"),
    [(None, False, False), ("auto", False, False), (" OFF ", True, True), ("manual", True, False),
     ("manual", False, True), ("of", False, True)],
)  # fmt: skip
def test_what_the_annotation_says(value: str | None, approved: bool, stops: bool) -> None:
    annotations = {} if value is None else {"kubewise.io/mode": value}
    assert bool(held_back({"metadata": {"annotations": annotations}}, approved)) is stops
