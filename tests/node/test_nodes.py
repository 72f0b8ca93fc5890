"""A node that is ill or closed, and comes back: by approval and by a person's command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from detection.domain.causes import Cause
from tests.contract.target import eventually
from tests.contract.target import is_ready as is_pod_ready
from tests.controlplane.nodes import NODES
from tests.controlplane.rest import Json
from tests.controlplane.up import Cluster
from tests.live.product import RealProduct
from tests.node.harness import faults
from tests.node.shop import Shop, opened
from tests.node.test_main_job import steps_of, tell
from tests.node.workloads import container, pod_spec, workload

pytestmark = [pytest.mark.node, pytest.mark.timeout(300)]
# One action on a node within 30 minutes is the product's own limit: each has its test.
CLOSED, SILENT = "node-1", "node-0"
OPEN = CLOSED
HERE = {"nodeSelector": {"kubernetes.io/hostname": CLOSED}}


@pytest.fixture(scope="module")
def shops() -> dict[str, Shop]:
    """Nothing else fails here."""
    return {}


@pytest.fixture
def pinned(cluster: Cluster) -> Iterator[Shop]:
    """A Deployment whose pod runs on this node alone."""
    shop = opened(cluster.api, "pinned")
    shop.apply(workload("Deployment", "pinned", pod_spec(container(), **HERE), replicas=1))
    shop.serves(1)
    yield shop
    cluster.kubectl("uncordon", CLOSED)
    cluster.api.delete("/api/v1/namespaces/pinned")
    eventually(lambda: cluster.api.get("/api/v1/namespaces/pinned").status == 404, "it is gone")


@pytest.fixture
def spread(cluster: Cluster) -> Shop:
    """A Deployment with a pod on each node."""
    shop = opened(cluster.api, "spread")
    shop.apply(workload("Deployment", "spread", pod_spec(container(), **apart("spread"))))
    shop.serves(2)
    return shop


def apart(name: str) -> Json:
    rule = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname"}
    rule |= {"whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": {"app": name}}}
    return {"topologySpreadConstraints": [rule]}


def test_a_closed_node_is_opened_by_approval_and_the_waiting_pod_runs_there(
    pinned: Shop, product: RealProduct, cluster: Cluster
) -> None:
    cluster.kubectl("cordon", CLOSED)
    pinned.patch("Deployment", {"spec": {"replicas": 2}})
    event = product.event(CLOSED, "AwaitingApproval", "Escalated", seconds=120)
    assert event["cause"] == Cause.NODE_CORDONED, event
    assert is_cordoned(cluster, CLOSED)
    approve(product, event, "uncordon_node")
    event = product.event(CLOSED, "Resolved", seconds=120)
    assert not is_cordoned(cluster, CLOSED)
    assert {pod["spec"]["nodeName"] for pod in pinned.serves(2)} == {CLOSED}
    assert steps_of(event)[-1] == "Resolved"
    assert [one for one in event["remediation_attempts"] if one["success"]]


def test_a_silent_node_is_drained_by_command_and_returns(
    spread: Shop, product: RealProduct, cluster: Cluster
) -> None:
    folder = cluster.directory / SILENT
    (old,) = [one["metadata"]["uid"] for one in spread.serves(2) if runs_on(one, SILENT)]
    faults.stop(folder, "kubelet")
    event = product.event(SILENT, "AwaitingApproval", seconds=120)
    assert event["cause"] == Cause.NODE_NOT_READY, event
    command(product, event, f"drain_node name={SILENT}")
    event = product.event(SILENT, "VerificationPending", seconds=60)
    (attempt,) = event["remediation_attempts"]
    assert (attempt["executor"], attempt["success"]) == ("admin", True), attempt
    assert is_cordoned(cluster, SILENT)
    eventually(lambda: len(serving(spread, OPEN)) == 2, "both pods run on the other node")
    faults.start(folder, "kubelet")
    eventually(lambda: is_ready(cluster, SILENT), "the node is back")
    eventually(lambda: old not in uids(spread), "its kubelet ends what was evicted")
    tell(product.event(SILENT, "Resolved", seconds=120))
    cluster.kubectl("uncordon", SILENT)
    spread.patch("Deployment", {"spec": {"replicas": 4}})
    spread.serves(4)
    assert serving(spread, SILENT), "it takes pods again"


def approve(product: RealProduct, event: dict[str, Any], action: str) -> None:
    """A person chooses this candidate of the plan that is shown."""
    plan = event["plan"]
    index = [one["command"].split()[0] for one in plan["candidates"]].index(action)
    body = {"plan": plan["id"], "digest": plan["digest"], "candidate": index}
    send(product, event, "approve", body | {"reason": "looks right"})


def command(product: RealProduct, event: dict[str, Any], text: str) -> None:
    send(product, event, "remediate", {"command": text, "reason": "the repair is done"})


def send(product: RealProduct, event: dict[str, Any], verb: str, body: dict[str, Any]) -> None:
    answer = product.send("POST", f"remediation/events/{event['anomaly_id']}/{verb}", body)
    assert answer.status_code == 202, answer.text


def runs_on(pod: Json, name: str) -> bool:
    return bool(pod["spec"].get("nodeName") == name)


def serving(shop: Shop, name: str) -> list[Json]:
    return [pod for pod in shop.pods() if runs_on(pod, name) and is_pod_ready(pod)]


def uids(shop: Shop) -> set[str]:
    return {pod["metadata"]["uid"] for pod in shop.pods()}


def node(cluster: Cluster, name: str) -> Json:
    found: Json = cluster.api.get(f"{NODES}/{name}").ok()
    return found


def is_cordoned(cluster: Cluster, name: str) -> bool:
    return bool(node(cluster, name)["spec"].get("unschedulable"))


def is_ready(cluster: Cluster, name: str) -> bool:
    conditions = node(cluster, name)["status"]["conditions"]
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
