"""Cordon and drain on a real control plane: evictions by the API server's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import TooManyRequests
from remediation.clients import Clients
from remediation.cluster.writer import Session
from remediation.execution import dry_run_and_write
from remediation.planning.candidates import Candidate
from remediation.planning.command_line import checked_command
from tests.contract.objects import budget
from tests.contract.target import Space, eventually
from tests.controlplane.nodes import NODES
from tests.controlplane.rest import Json
from tests.live.scenes import deployed

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture
def node(shop: Space) -> Iterator[ObjectRef]:
    """The node below one of the shop's two pods; it takes pods again after the test."""
    deployed(shop)
    name = str(shop.running(2)[0]["spec"]["nodeName"])
    found = shop.api.get(f"{NODES}/{name}").ok()
    yield ObjectRef("Node", "", name, found["metadata"]["uid"])
    shop.api.patch(f"{NODES}/{name}", {"spec": {"unschedulable": None}}, "merge").ok()


def does(clients: Clients, action: str, node: ObjectRef, **more: Any) -> dict[str, Any]:
    """Rehearse, compare, carry out: with the ServiceAccount that is deployed."""
    assert clients.writer is not None
    command = checked_command(action, {"name": node.name, **more})
    candidate, now = Candidate(action, node, command.parameters), datetime.now(UTC)
    session, attempt = Session(clients.writer), uuid4().hex[:8]
    rehearsal = dry_run_and_write.rehearse(session, candidate, node, now, attempt)
    seen = dry_run_and_write.compare(session, node, rehearsal)
    return dry_run_and_write.carry_out(session, candidate, node, seen, rehearsal, now, attempt)


def cordoned(shop: Space, node: ObjectRef) -> bool:
    spec: Json = shop.api.get(f"{NODES}/{node.name}").ok()["spec"]
    return bool(spec.get("unschedulable"))


def pods_on(shop: Space, node: ObjectRef) -> list[Json]:
    pods = shop.items("pods", labelSelector="app=web")
    here = [one for one in pods if one["spec"].get("nodeName") == node.name]
    return [one for one in here if "deletionTimestamp" not in one["metadata"]]


def test_a_cordon_keeps_new_pods_away_and_is_undone_by_its_inverse(
    clients: Clients, shop: Space, node: ObjectRef
) -> None:
    does(clients, "cordon_node", node)
    assert cordoned(shop, node)
    assert pods_on(shop, node), "running pods stay"
    does(clients, "uncordon_node", node)
    assert not cordoned(shop, node)


def test_a_drain_moves_the_pods_elsewhere(clients: Clients, shop: Space, node: ObjectRef) -> None:
    before = {one["metadata"]["uid"] for one in pods_on(shop, node)}
    does(clients, "drain_node", node)
    assert cordoned(shop, node)
    eventually(lambda: not pods_on(shop, node), "the node is empty")
    moved = shop.running(2)
    assert not before & {one["metadata"]["uid"] for one in moved}
    assert all(one["spec"]["nodeName"] != node.name for one in moved)


def test_a_budget_that_allows_no_eviction_stops_the_drain_before_the_cordon(
    clients: Clients, shop: Space, node: ObjectRef
) -> None:
    shop.create("poddisruptionbudgets", budget("web", "web", maxUnavailable=0)).ok()

    def counted() -> bool:
        status = shop.get("poddisruptionbudgets", "web").ok().get("status", {})
        return status.get("expectedPods") == 2

    eventually(counted, "the budget's controller saw it")
    with pytest.raises(TooManyRequests, match="disruption budget"):
        does(clients, "drain_node", node)
    assert not cordoned(shop, node)
    assert pods_on(shop, node)
