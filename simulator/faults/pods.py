"""Faults of running containers and pods."""

from datetime import datetime

from simulator.apimachinery.clock import seconds_since
from simulator.apimachinery.objects import Obj, uid_of
from simulator.apimachinery.quantities import parse_quantity
from simulator.cluster.container_behaviour import Memory
from simulator.faults.base import Fault, fault


def memory_limit(container: Obj) -> float:
    return parse_quantity(
        ((container.get("resources") or {}).get("limits") or {}).get("memory", "256Mi")
    )


@fault
class OutOfMemory(Fault):
    """The work needs a fifth more than the limit; ends when the limit is raised enough."""

    name, code, cause = "oom", "F12", "OOM_LIMIT_LOW"
    ends_by = ("adjust_resources",)
    default = "shop/deployment/catalog"

    def inject(self, now: datetime) -> None:
        need = memory_limit(self.container()) * 1.2
        self.cluster.behaviour.memory[self.workload()] = Memory(base_bytes=need)
        for pod in self.pods():
            self.simulator.poke("pods", pod)

    def clear(self, now: datetime) -> None:
        self.cluster.behaviour.memory.pop(self.workload(), None)


@fault
class MemoryLeak(Fault):
    """The working set climbs from 30 % of the limit to the limit in 20 minutes.

    After each start anew.
    """

    name, code, cause = "memory_leak", "F13", "OOM_LEAK"
    ends_by = ("restart",)
    default = "payments/deployment/ledger"
    seconds_to_limit = 1200.0

    def inject(self, now: datetime) -> None:
        limit = memory_limit(self.container())
        longest = max((self._age(p, now) for p in self.pods()), default=0.0)
        rate = limit * 0.7 / self.seconds_to_limit
        base = limit * 0.3
        self.cluster.behaviour.memory[self.workload()] = Memory(base, rate)
        if longest > self.seconds_to_limit:
            self._restart_old(now)

    def _age(self, pod: Obj, now: datetime) -> float:
        return seconds_since((pod.get("status") or {}).get("startTime"), now)

    def _restart_old(self, now: datetime) -> None:
        """The leak came with a restart: old containers would else die at once."""
        from simulator.apimachinery.objects import name_of
        from simulator.apiserver.context import DeleteOptions, WriteContext
        from simulator.apiserver.deletion import delete

        for pod in self.pods():
            options = DeleteOptions(grace_seconds=0)
            resource = self.cluster.resource("pods")
            delete(
                self.cluster,
                resource,
                self.target.namespace,
                name_of(pod),
                options,
                WriteContext(now, "kubectl"),
            )

    def clear(self, now: datetime) -> None:
        self.cluster.behaviour.memory.pop(self.workload(), None)


@fault
class HungReplica(Fault):
    """One pod's process is wedged: its probe times out. Another pod in its place is well."""

    name, code, cause = "hung_replica", "F16", "HUNG_REPLICA"
    ends_by = ("restart_pod",)
    default = "shop/deployment/web"

    def inject(self, now: datetime) -> None:
        pod = self.pods()[0]
        self.uid = uid_of(pod)
        self.cluster.behaviour.hung_pods.add(self.uid)
        self.simulator.poke("pods", pod)

    def clear(self, now: datetime) -> None:
        self.cluster.behaviour.hung_pods.discard(self.uid)
        for pod in self.pods():
            self.simulator.poke("pods", pod)


@fault
class HungWorkload(Fault):
    """What all of its pods depend on does not answer: none of them is ready."""

    name, code, cause = "hung_workload", "F16", "HUNG_REPLICA"
    default = "shop/deployment/web"

    def inject(self, now: datetime) -> None:
        self._set(True)

    def clear(self, now: datetime) -> None:
        self._set(False)

    def _set(self, hung: bool) -> None:
        where = (self.target.namespace, self.target.name)
        held = self.cluster.behaviour.hung_workloads
        held.add(where) if hung else held.discard(where)
        for pod in self.pods():
            self.simulator.poke("pods", pod)
