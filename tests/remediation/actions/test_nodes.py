"""Attacks on cordon_node, uncordon_node and drain_node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import TooManyRequests
from remediation.cluster import writer
from remediation.cluster.writer import Session, WritingStopped
from remediation.execution.dry_run_and_write import NothingToChange, Refusal
from remediation.execution.strategies import drain
from tests.remediation.actions.conftest import Bench
from tests.remediation.steps import wait_for

SYSTEM = "kube-system"


@pytest.fixture
def node(bench: Bench) -> Iterator[ObjectRef]:
    """A node whose pods may all be evicted; it takes pods again after the test."""
    nodes = [
        item["metadata"]["name"] for item in writer.list_of(Session(bench.root), "Node", "", "")
    ]
    found = wait_for(
        "a node whose pods may all be evicted",  # those that were evicted before find their place
        lambda: next(filter(None, (_free_of_reasons(bench, name) for name in nodes)), None),
    )
    yield found
    bench.change(found, {"spec": {"unschedulable": None}})


def _free_of_reasons(bench: Bench, name: str) -> ObjectRef | None:
    pods = pods_on(bench, name)
    movable = [pod for pod in pods if not drain._stays(pod)]
    return None if not movable or any(map(drain.why_not, movable)) else bench.ref("Node", "", name)


def pods_on(bench: Bench, name: str) -> list[dict[str, Any]]:
    return writer.list_of(Session(bench.root), "Pod", "", "", f"spec.nodeName={name}")


def schedulable(bench: Bench, node: ObjectRef) -> bool:
    return not bench.get(node)["spec"].get("unschedulable")


def test_a_cordon_is_one_patch_and_its_inverse_an_uncordon(bench: Bench) -> None:
    node = bench.ref("Node", "", "node-2")
    _, rehearsal = bench.rehearse("cordon_node", node, name="node-2")
    assert rehearsal.inverse == {"action": "uncordon_node", "parameters": {"name": "node-2"}}
    bench.does("cordon_node", node, name="node-2")
    assert not schedulable(bench, node)
    assert bench.changed == ["patch nodes"]
    with pytest.raises(NothingToChange):
        bench.does("cordon_node", node, name="node-2")
    bench.does("uncordon_node", node, name="node-2")
    assert schedulable(bench, node)


def test_a_drain_cordons_and_evicts_what_moves_and_leaves_daemonsets(
    bench: Bench, node: ObjectRef
) -> None:
    pods = pods_on(bench, node.name)
    stay = {pod["metadata"]["uid"] for pod in pods if drain._stays(pod)}
    response = bench.does("drain_node", node, name=node.name)
    assert not schedulable(bench, node)
    evictions = [write for write in bench.changed if write.startswith("create")]
    assert len(evictions) == response["evicted"] == len(pods) - len(stay)
    assert "delete pods" not in bench.changed, "it evicts, it never deletes"
    owners = drain._owners_of(pod for pod in pods if not drain._stays(pod))
    assert {kind for kind, _, _ in owners} <= {"Deployment", "StatefulSet", "Job"}
    assert ["Deployment", "shop"] in [owner[:2] for owner in owners]
    left = {pod["metadata"]["uid"]: pod for pod in pods_on(bench, node.name)}
    assert not [uid for uid in stay if left[uid]["metadata"].get("deletionTimestamp")]


def test_a_disruption_budget_that_forbids_one_eviction_stops_the_drain_before_it_begins(
    bench: Bench, node: ObjectRef
) -> None:
    pod = next(pod for pod in pods_on(bench, node.name) if not drain._stays(pod))
    meta = pod["metadata"]
    budget = {
        "metadata": {"name": "none-may-go", "namespace": meta["namespace"]},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": meta["labels"]}},
    }
    bench.make(f"/apis/policy/v1/namespaces/{meta['namespace']}/poddisruptionbudgets", budget)
    with pytest.raises(TooManyRequests, match="disruption budget"):
        bench.does("drain_node", node, name=node.name)
    assert bench.changed == []
    assert schedulable(bench, node)


def test_the_stop_switch_holds_between_two_evictions(bench: Bench, node: ObjectRef) -> None:
    def stopped() -> str:
        real = [write for write in bench.changed if write.startswith("create")]
        return "the stop switch is pulled" if real else ""

    with pytest.raises(WritingStopped, match="stop switch"):
        bench.does("drain_node", node, may_go=stopped, name=node.name)
    assert len([write for write in bench.changed if write.startswith("create")]) == 1


def test_a_pod_that_came_after_the_dry_run_is_not_evicted(bench: Bench, node: ObjectRef) -> None:
    before = {pod["metadata"]["uid"] for pod in pods_on(bench, node.name)}
    bench.does("drain_node", node, name=node.name)
    uids = [write.body["deleteOptions"]["preconditions"]["uid"] for write in bench.simulator.writes
            if write.resource.startswith("pods") and not write.dry_run]  # fmt: skip
    assert uids
    assert set(uids) <= before


@pytest.mark.parametrize(
    ("spec", "meta", "reason"),
    [
        ({}, {}, "no controller"),
        ({"priorityClassName": "system-cluster-critical"}, {"owned": True}, "system priority"),
        ({"volumes": [{"name": "d", "emptyDir": {}}]}, {"owned": True}, "keeps data on the node"),
        ({"volumes": [{"name": "d", "hostPath": {}}]}, {"owned": True}, "keeps data on the node"),
        ({}, {"owned": True, "namespace": SYSTEM}, "protected namespace"),
    ],
)
def test_what_must_not_be_evicted_is_named(
    spec: dict[str, Any], meta: dict[str, Any], reason: str
) -> None:
    owner = {"controller": True, "kind": "ReplicaSet", "uid": "r"}
    pod = {
        "metadata": {"name": "p", "namespace": meta.get("namespace", "shop"),
                     "ownerReferences": [owner] if meta.get("owned") else []},
        "spec": spec,
    }  # fmt: skip
    assert reason in drain.why_not(pod)


def test_a_bare_pod_on_the_node_refuses_the_whole_drain(bench: Bench, node: ObjectRef) -> None:
    pod = {
        "metadata": {"name": "bare", "namespace": "shop"},
        "spec": {"nodeName": node.name, "containers": [{"name": "a", "image": "nginx"}]},
    }
    bench.make("/api/v1/namespaces/shop/pods", pod)
    with pytest.raises(Refusal, match="shop/bare has no controller"):
        bench.does("drain_node", node, name=node.name)
    assert bench.changed == []
