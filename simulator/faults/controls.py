"""Control situations: they look unusual, and nothing is wrong."""

from copy import deepcopy
from datetime import datetime, timedelta

from simulator.apimachinery.clock import stamp
from simulator.apimachinery.objects import Obj
from simulator.cluster.container_behaviour import Image
from simulator.faults.base import Fault, fault


@fault
class HealthyRollout(Fault):
    """A rolling update with a slow pull: under way for a while, nothing wrong."""

    name, code = "healthy_rollout", "C01"
    default = "shop/deployment/web"

    def inject(self, now: datetime) -> None:
        image = self.image("v2.5.0")
        self.cluster.behaviour.add_image(image, Image(pull_seconds=40))
        self.release(now, image=image)


@fault
class PausedOnPurpose(Fault):
    name, code = "paused_on_purpose", "C03"
    default = "shop/deployment/catalog"

    def inject(self, now: datetime) -> None:
        self.before = self.obj()

        def mutate(obj: Obj) -> Obj:
            obj["spec"]["paused"] = True
            return obj

        self.update(mutate, now)


@fault
class HpaAtMin(Fault):
    """Little load: the HPA stays at its minimum."""

    name, code = "hpa_at_min", "C04"
    default = "shop/deployment/web"

    def inject(self, now: datetime) -> None:
        self.cluster.behaviour.cpu_cores[self.workload()] = 0.02

    def clear(self, now: datetime) -> None:
        self.cluster.behaviour.cpu_cores.pop(self.workload(), None)


@fault
class OldRestarts(Fault):
    """40 restarts, the last one nine days ago, OOMKilled then."""

    name, code = "old_restarts", "C07"
    default = "payments/deployment/ledger"

    def inject(self, now: datetime) -> None:
        pod = deepcopy(self.pods()[0])
        end = now - timedelta(days=9)
        pod["metadata"]["creationTimestamp"] = stamp(end - timedelta(days=9))
        pod["status"]["startTime"] = pod["metadata"]["creationTimestamp"]
        for condition in pod["status"]["conditions"]:
            condition["lastTransitionTime"] = stamp(end + timedelta(seconds=10))
        for status in pod["status"]["containerStatuses"]:
            start = stamp(end - timedelta(hours=2))
            killed = {
                "exitCode": 137,
                "reason": "OOMKilled",
                "startedAt": start,
                "finishedAt": stamp(end),
            }
            status |= {"restartCount": 40, "lastState": {"terminated": killed}}
            status["state"] = {"running": {"startedAt": stamp(end + timedelta(seconds=5))}}
        self.cluster.store.put("pods", pod)

    def clear(self, now: datetime) -> None:
        """A restart count stays."""


@fault
class Flapping(Fault):
    """Readiness goes and comes every 40 s."""

    name, code, cause = "flapping", "C13", "UNCLASSIFIED"
    default = "shop/deployment/search"
    period_seconds = 40.0

    def inject(self, now: datetime) -> None:
        self.cluster.behaviour.flapping[(self.target.namespace, self.target.name)] = (
            self.period_seconds
        )
        self._poke()

    def clear(self, now: datetime) -> None:
        self.cluster.behaviour.flapping.pop((self.target.namespace, self.target.name), None)
        self._poke()

    def _poke(self) -> None:
        for pod in self.pods():
            self.simulator.poke("pods", pod)
