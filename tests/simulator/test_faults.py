"""Each fault looks as it should, ends by the right action, and by no wrong one."""

from copy import deepcopy

import pytest
from kubernetes import client

from simulator import Simulator
from simulator.apimachinery.clock import seconds_since
from simulator.apimachinery.objects import Obj, condition_of, name_of
from simulator.faults import FAULTS
from tests.simulator.conftest import api

LONG = 900.0


def waiting(pod: Obj) -> str:
    states = [c.get("state") or {} for c in pod["status"].get("containerStatuses") or ()]
    return next((s["waiting"]["reason"] for s in states if "waiting" in s), "")


def undo(sim: Simulator, namespace: str, name: str) -> None:
    """What `kubectl rollout undo` does."""
    deployment = sim.store.get("deployments.apps", namespace, name)
    assert deployment is not None
    sets = sim.store.children(deployment["metadata"]["uid"], "replicasets.apps")
    sets.sort(
        key=lambda rs: int(rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    )
    template = deepcopy(sets[-2]["spec"]["template"])
    patch = [{"op": "replace", "path": "/spec/template", "value": template}]
    del template["metadata"]["labels"]["pod-template-hash"]
    client.AppsV1Api(api(sim)).patch_namespaced_deployment(name, namespace, patch)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_can_be_injected_into_the_past_and_cleared(sim: Simulator, name: str) -> None:
    fault = sim.inject(name, None, LONG)
    assert fault.name == name
    sim.clear(name)
    sim.settle(120)


def test_a_crash_loop_keeps_the_old_revision_available_and_ends_by_rollback(sim: Simulator) -> None:
    fault = sim.inject("crash_loop", None, LONG)
    broken = [p for p in fault.pods() if waiting(p) == "CrashLoopBackOff"]
    assert broken
    assert condition_of(fault.obj(), "Available")["status"] == "True"
    ended = broken[0]["status"]["containerStatuses"][0]["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("Error", 1)
    assert (
        seconds_since(broken[0]["metadata"]["creationTimestamp"], sim.cluster.clock.now())
        >= LONG - 1
    )
    undo(sim, "shop", "checkout")
    sim.settle(120)
    assert not [p for p in fault.pods() if waiting(p)]
    assert fault.obj()["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "4"


def test_a_missing_image_outlives_the_eviction_of_its_pod(sim: Simulator) -> None:
    fault = sim.inject("image_not_found", None, LONG)
    pod = next(p for p in fault.pods() if waiting(p) == "ImagePullBackOff")
    client.CoreV1Api(api(sim)).delete_namespaced_pod(name_of(pod), "shop")
    sim.settle(300)
    reasons = {waiting(p) for p in fault.pods()}
    assert reasons & {"ErrImagePull", "ImagePullBackOff"}
    assert condition_of(fault.obj(), "Progressing")["reason"] == "ProgressDeadlineExceeded"


def test_out_of_memory_ends_when_the_limit_is_raised(sim: Simulator) -> None:
    fault = sim.inject("oom", None, LONG)
    assert {waiting(p) for p in fault.pods()} == {"CrashLoopBackOff"}
    container = {"name": "catalog", "resources": {"limits": {"memory": "384Mi"}}}
    body = {"spec": {"template": {"spec": {"containers": [container]}}}}
    client.AppsV1Api(api(sim)).patch_namespaced_deployment("catalog", "shop", body)
    sim.settle(180)
    assert fault.obj()["status"]["readyReplicas"] == 3


def test_a_hung_replica_survives_time_and_ends_with_its_pod(sim: Simulator) -> None:
    fault = sim.inject("hung_replica", None, LONG)
    unready = [p for p in fault.pods() if condition_of(p, "Ready")["status"] == "False"]
    assert len(unready) == 1
    assert (
        seconds_since(
            condition_of(unready[0], "Ready")["lastTransitionTime"], sim.cluster.clock.now()
        )
        > 300
    )
    client.CoreV1Api(api(sim)).delete_namespaced_pod(name_of(unready[0]), "shop")
    sim.settle(60)
    assert fault.obj()["status"]["readyReplicas"] == 3


def test_a_silent_node_becomes_unknown_and_its_pods_are_not_ready(sim: Simulator) -> None:
    fault = sim.inject("node_not_ready", None, LONG)
    ready = condition_of(fault.obj(), "Ready")
    assert (ready["status"], ready["reason"], ready["message"]) == (
        "Unknown",
        "NodeStatusUnknown",
        "Kubelet stopped posting node status.",
    )
    assert all(condition_of(p, "Ready")["status"] == "False" for p in sim.store.pods_on("node-3"))
    sim.clear()
    sim.settle(60)
    assert condition_of(fault.obj(), "Ready")["status"] == "True"


def test_no_node_has_enough_memory(sim: Simulator) -> None:
    fault = sim.inject("insufficient_capacity", None, LONG)
    pending = [p for p in fault.pods() if p["status"]["phase"] == "Pending"]
    assert condition_of(pending[0], "PodScheduled")["message"].startswith(
        "0/5 nodes are available: 5 Insufficient memory."
    )


def test_a_healthy_rollout_ends_well(sim: Simulator) -> None:
    fault = sim.inject("healthy_rollout", None, 20)
    assert condition_of(fault.obj(), "Progressing")["reason"] == "ReplicaSetUpdated"
    sim.settle(400)
    assert condition_of(fault.obj(), "Progressing")["reason"] == "NewReplicaSetAvailable"


def test_the_metrics_show_the_restarts(sim: Simulator) -> None:
    import json
    from urllib.parse import quote
    from urllib.request import urlopen

    sim.sampler.backfill(sim.cluster.clock.now(), 0)
    sim.inject("crash_loop", None, LONG)
    query = 'sum(increase(kube_pod_container_status_restarts_total{namespace="shop"}[10m]))'
    with urlopen(f"{sim.prometheus_url}/api/v1/query?query={quote(query)}") as response:
        answer = json.load(response)
    assert float(answer["data"]["result"][0]["value"][1]) > 1


def test_a_workload_at_zero_comes_back_when_its_count_is_restored(sim: Simulator) -> None:
    fault = sim.inject("scaled_to_zero", None, LONG)
    assert fault.pods() == []
    scale = {"spec": {"replicas": 3}}
    client.AppsV1Api(api(sim)).patch_namespaced_deployment_scale("gateway", "payments", scale)
    sim.settle(60)
    assert fault.obj()["status"]["readyReplicas"] == 3
