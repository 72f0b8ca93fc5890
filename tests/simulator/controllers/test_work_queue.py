"""The work queue ends, whatever controllers do to each other."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from simulator import Simulator
from simulator.apimachinery.objects import Obj, condition_of, name_of, namespace_of
from simulator.apimachinery.store import WorkKey
from simulator.cluster import Cluster
from simulator.controllers.work_queue import MOST_TURNS_AT_ONE_INSTANT, Engine
from tests.simulator.conftest import call

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETS = "replicasets.apps"


class Restless:
    """Changes what it watches each time it looks."""

    watches = ("configmaps",)

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.looked_at = cluster, list[datetime]()

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        return [("shop", "x")]

    def reconcile(self, key: WorkKey, now: datetime) -> None:
        self.looked_at.append(now)
        self.cluster.store.put("configmaps", {"metadata": {"name": "x", "namespace": "shop"}})


def test_a_controller_that_always_wakes_itself_has_to_wait() -> None:
    cluster = Cluster()
    cluster.clock.set(NOW)
    restless = Restless(cluster)
    engine = Engine(cluster, [restless])
    cluster.store.put("configmaps", {"metadata": {"name": "x", "namespace": "shop"}})
    assert engine.run_until(NOW) == MOST_TURNS_AT_ONE_INSTANT
    assert engine.run_until(NOW + timedelta(seconds=1)) == 0
    assert engine.run_until(NOW + timedelta(seconds=60)) <= 12 * MOST_TURNS_AT_ONE_INSTANT
    assert len(set(restless.looked_at)) == 13


def steps_of(sim: Simulator, seconds: float) -> int:
    now = sim.cluster.clock.now() + timedelta(seconds=seconds)
    steps = sim.engine.run_until(now)
    sim.cluster.clock.set(now)
    return steps


def gateway(sim: Simulator) -> Obj:
    sets = sim.store.items(SETS, "payments")
    (found,) = [
        one for one in sets if name_of(one).startswith("gateway") and one["spec"]["replicas"]
    ]
    return found


def test_a_namespace_is_deleted_after_an_eviction_under_a_budget(sim: Simulator) -> None:
    pods = [one for one in sim.store.items("pods", "payments") if "gateway" in name_of(one)]
    path = f"/api/v1/namespaces/payments/pods/{name_of(pods[0])}"
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name_of(pods[0])}}
    assert call(sim, "POST", f"{path}/eviction", body).status_code == 201
    assert call(sim, "DELETE", "/api/v1/namespaces/payments").status_code == 200
    assert steps_of(sim, 120) < 5000
    assert call(sim, "GET", "/api/v1/namespaces/payments").status_code == 404
    assert [t for t in sim.store.tables if sim.store.items(t, "payments")] == []


def test_a_namespace_that_is_being_deleted_takes_no_pod_and_says_why(sim: Simulator) -> None:
    held = {"metadata": {"name": "held", "finalizers": ["kubewise.test/hold"]}}
    call(sim, "POST", "/api/v1/namespaces/shop/configmaps", held)
    call(sim, "DELETE", "/api/v1/namespaces/shop")
    deleted_at = sim.store.revision
    sim.settle(60)
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}
    answer = call(sim, "POST", "/api/v1/namespaces/shop/pods", pod)
    assert answer.status_code == 403
    told = answer.json()
    assert told["message"] == (
        'pods "p" is forbidden: unable to create new content in namespace shop because it is'
        " being terminated"
    )
    assert told["details"]["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace shop is being terminated",
            "field": "metadata.namespace",
        }
    ]
    assert sim.store.items("pods", "shop") == []
    later = [one for one in sim.store.table("events").history if one.revision > deleted_at]
    assert [one for one in later if one.new and namespace_of(one.new) == "shop"] == []


def test_a_replica_set_under_a_full_quota_tells_of_its_first_failure_and_tries_again(
    sim: Simulator,
) -> None:
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    call(sim, "POST", "/api/v1/namespaces/payments/resourcequotas", quota)
    pod = next(one for one in sim.store.items("pods", "payments") if "gateway" in name_of(one))
    call(sim, "DELETE", f"/api/v1/namespaces/payments/pods/{name_of(pod)}?gracePeriodSeconds=0")
    assert steps_of(sim, 20) < 1000
    first = condition_of(gateway(sim), "ReplicaFailure")
    assert "exceeded quota: none" in first["message"]
    sim.settle(120)
    assert condition_of(gateway(sim), "ReplicaFailure") == first
    call(sim, "DELETE", "/api/v1/namespaces/payments/resourcequotas/none")
    sim.settle(60)
    assert gateway(sim)["status"]["readyReplicas"] == 3
    assert not condition_of(gateway(sim), "ReplicaFailure")


@pytest.mark.parametrize(
    ("table", "name"), [("serviceaccounts", "default"), ("configmaps", "kube-root-ca.crt")]
)
def test_every_namespace_has_its_default_objects_and_gets_them_back(
    sim: Simulator, table: str, name: str
) -> None:
    call(sim, "POST", "/api/v1/namespaces", {"metadata": {"name": "new"}})
    sim.settle(1)
    first = sim.store.get(table, "new", name)
    assert first is not None
    call(sim, "DELETE", f"/api/v1/namespaces/new/{table}/{name}")
    sim.settle(1)
    second = sim.store.get(table, "new", name)
    assert second is not None
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
