"""What happens in a cluster that is well, each as steps with pauses between them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from copy import deepcopy
from datetime import datetime

from benchmarks.soak.plan import Planned
from simulator import world
from simulator.apimachinery.errors import ApiError
from simulator.apimachinery.objects import Obj, controller_of, name_of, namespace_of
from simulator.apiserver import registry
from simulator.apiserver.context import DeleteOptions, WriteContext
from simulator.apiserver.deletion import delete
from simulator.apiserver.eviction import evict
from simulator.faults.scaling import RetriedJob
from simulator.simulator import Simulator

Steps = Generator[float, None, None]
"""It yields the seconds until it wants to go on."""

PERSON = "kubectl"
EVICT_AGAIN_SECONDS, MOST_ROUNDS = 15.0, 40


def _now(simulator: Simulator) -> datetime:
    return simulator.cluster.clock.now()


def _change(simulator: Simulator, table: str, namespace: str, name: str,
            mutate: Callable[[Obj], Obj]) -> None:  # fmt: skip
    resource = simulator.cluster.resource(table)
    context = WriteContext(_now(simulator), PERSON)
    registry.update(simulator.cluster, resource, namespace, name, mutate, context)


def rollout(simulator: Simulator, target: str) -> Steps:
    """A healthy release: a new tag, pulled in some seconds."""
    fault = simulator.inject("healthy_rollout", target)
    simulator.faults.remove(fault)
    yield 1.0


def scale(simulator: Simulator, target: str) -> Steps:
    """One replica more, and back after half an hour."""
    namespace, _, name = target.split("/")
    for step in (1, -1):

        def mutate(obj: Obj, step: int = step) -> Obj:
            obj["spec"]["replicas"] = max(1, obj["spec"].get("replicas", 1) + step)
            return obj

        _change(simulator, "deployments.apps", namespace, name, mutate)
        yield 1800.0


def job_with_retry(simulator: Simulator, target: str) -> Steps:
    """A Job whose first pod fails and whose second one succeeds; removed after an hour."""
    fault = RetriedJob(simulator)
    fault.inject(_now(simulator))
    yield 8.0
    fault.mend()
    yield 3600.0
    fault.clear(_now(simulator))


def drain(simulator: Simulator, target: str) -> Steps:
    """A person's drain, ten minutes of work on the node, and its return."""
    node = target.rpartition("/")[2]
    yield from _emptied(simulator, node)
    yield 600.0
    uncordon(simulator, node)


def node_exchange(simulator: Simulator, target: str) -> Steps:
    """A spot node goes: another one comes first, then it is drained and removed."""
    node = target.rpartition("/")[2]
    if simulator.store.get("nodes", "", node) is None:
        return
    number = 1 + max(int(name_of(one).rpartition("-")[2]) for one in simulator.store.items("nodes"))
    world.World(simulator).add_node(number, _now(simulator))
    yield 60.0
    yield from _emptied(simulator, node)
    for pod in simulator.store.pods_on(node):
        _delete(simulator, "pods", namespace_of(pod), name_of(pod))
    _delete(simulator, "nodes", "", node)


def _emptied(simulator: Simulator, node: str) -> Steps:
    _cordon(simulator, node, on=True)
    for _ in range(MOST_ROUNDS):
        left = [pod for pod in simulator.store.pods_on(node) if _moves(pod)]
        if not left:
            return
        for pod in left:
            _evict(simulator, pod)
        yield EVICT_AGAIN_SECONDS


def _moves(pod: Obj) -> bool:
    return (controller_of(pod) or {}).get("kind") != "DaemonSet"


def _evict(simulator: Simulator, pod: Obj) -> None:
    context = WriteContext(_now(simulator), PERSON)
    try:
        evict(simulator.cluster, namespace_of(pod), name_of(pod), {}, context)
    except ApiError:
        return  # its budget holds it back: the next round tries again


def _cordon(simulator: Simulator, node: str, on: bool) -> None:
    def mutate(obj: Obj) -> Obj:
        spec = {k: v for k, v in deepcopy(obj["spec"]).items() if k != "unschedulable"}
        return {**obj, "spec": spec | ({"unschedulable": True} if on else {})}

    if simulator.store.get("nodes", "", node) is not None:
        _change(simulator, "nodes", "", node, mutate)


def uncordon(simulator: Simulator, node: str) -> None:
    _cordon(simulator, node, on=False)


def _delete(simulator: Simulator, table: str, namespace: str, name: str) -> None:
    options, context = DeleteOptions(grace_seconds=0), WriteContext(_now(simulator), PERSON)
    resource = simulator.cluster.resource(table)
    delete(simulator.cluster, resource, namespace, name, options, context)


def prometheus_restart(simulator: Simulator, target: str) -> Steps:
    """It does not answer, and scrapes nothing, for a minute and a half."""
    simulator.prometheus_away = True
    yield 90.0
    simulator.prometheus_away = False


def kube_state_metrics_restart(simulator: Simulator, target: str) -> Steps:
    """Its pod is replaced: half a minute without it, and another address afterwards."""
    job, sampler = "kube-state-metrics", simulator.sampler
    sampler.away.add(job)
    yield 30.0
    sampler.away.discard(job)
    sampler.instances[job] = f"10.244.9.{1 + _now(simulator).minute}:8080"


HAPPENINGS: dict[str, Callable[[Simulator, str], Steps]] = {
    "rollout": rollout,
    "scale": scale,
    "job_with_retry": job_with_retry,
    "drain": drain,
    "node_exchange": node_exchange,
    "prometheus_restart": prometheus_restart,
    "kube_state_metrics_restart": kube_state_metrics_restart,
}


def begin(simulator: Simulator, planned: Planned) -> Steps:
    return HAPPENINGS[planned.name](simulator, planned.target)
