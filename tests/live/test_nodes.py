"""A kubelet that falls silent, as the node lifecycle controller tells it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.statuses import Status
from detection.models import Incident
from remediation.models import Attempt
from tests.contract.target import Space, eventually
from tests.controlplane.node import HEARTBEAT
from tests.controlplane.nodes import NODES
from tests.controlplane.rest import Json
from tests.live.kubewise import KubeWise, reasons
from tests.live.scenes import deployed

pytestmark = [pytest.mark.live, pytest.mark.django_db, pytest.mark.timeout(300)]


@pytest.fixture
def lost(shop: Space) -> Iterator[str]:
    """The node below one of the shop's two pods, silent from now on and back after the test."""
    deployed(shop)
    name = str(shop.running(2)[0]["spec"]["nodeName"])
    heartbeat(shop, name, "stopped")
    eventually(lambda: ready(shop, name) == "Unknown", "the node is missed")
    yield name
    heartbeat(shop, name, None)
    eventually(lambda: ready(shop, name) == "True", "the node is back")
    eventually(lambda: not taints(shop, name), "it takes pods again")


def heartbeat(shop: Space, name: str, value: str | None) -> None:
    body = {"metadata": {"annotations": {HEARTBEAT: value}}}
    shop.api.patch(f"{NODES}/{name}", body, "merge").ok()


def ready(shop: Space, name: str) -> str:
    conditions = shop.api.get(f"{NODES}/{name}").ok()["status"]["conditions"]
    return next(str(one["status"]) for one in conditions if one["type"] == "Ready")


def taints(shop: Space, name: str) -> list[Json]:
    found: list[Json] = shop.api.get(f"{NODES}/{name}").ok()["spec"].get("taints", [])
    return found


def test_a_silent_node_is_one_incident_to_which_the_owners_of_its_pods_are_related(
    auto: KubeWise, shop: Space, lost: str
) -> None:
    incident = auto.finds(Cause.NODE_NOT_READY, "", lost)
    owner = {"kind": "Deployment", "namespace": shop.name, "name": "web"}
    assert owner in [{name: ref[name] for name in owner} for ref in incident.related]
    assert "Ready=Unknown/NodeStatusUnknown" in incident.evidence[0]["text"]
    assert Incident.objects.filter(owner_kind="Node").count() == 1
    assert not Incident.objects.filter(owner_namespace=shop.name).exclude(parent=incident).exists()
    incident = auto.plans(incident)
    assert incident.status == Status.AWAITING_APPROVAL, reasons(incident)
    offered = [one["action"] for one in incident.plans.get().candidates]
    assert (offered[0], offered[-1]) == ("cordon_node", "escalate")
    assert not incident.attempts.exists()


def test_a_cordon_of_a_silent_node_is_contained_and_not_called_resolved(
    auto: KubeWise, shop: Space, lost: str, ada: Any
) -> None:
    incident = auto.plans(auto.finds(Cause.NODE_NOT_READY, "", lost))
    auto.approved(incident, ada)
    attempt = auto.acts(incident)
    assert attempt.command == f"cordon_node name={lost}", reasons(incident)
    attempt = auto.verifies(attempt, later=timedelta(hours=1))
    shop.api.patch(f"{NODES}/{lost}", {"spec": {"unschedulable": None}}, "merge").ok()
    assert attempt.outcome == Attempt.Outcome.CONTAINED, attempt.outcome_reason
    found = Incident.objects.get(pk=incident.pk)
    assert found.status == Status.ESCALATED, reasons(incident)
    assert f"uncordon_node name={lost}" in reasons(incident)
