"""ReplicaSets: as many pods as wanted, and why there are fewer."""

from datetime import datetime

from simulator.apimachinery.errors import TERMINATING
from simulator.apimachinery.objects import Obj, condition_of, name_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import (
    BACKOFF_SECONDS,
    ApiError,
    Base,
    is_active,
    is_ready,
    pod_from,
    ready_seconds,
    with_condition,
)

BURST = 500
FAILURE = "ReplicaFailure"


class ReplicaSets(Base):
    table, kind = "replicasets.apps", "ReplicaSet"
    watches = ("replicasets.apps", "pods")

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        replicaset = self.held(key)
        if replicaset is None:
            return None
        failure = None
        if not replicaset["metadata"].get("deletionTimestamp"):
            failure = self._manage(replicaset, now)
        again = self._report(replicaset, failure, now)
        return BACKOFF_SECONDS if failure else again

    def _pods(self, replicaset: Obj) -> list[Obj]:
        return [
            p for p in self.store.children(replicaset["metadata"]["uid"], "pods") if is_active(p)
        ]

    def _manage(self, replicaset: Obj, now: datetime) -> str | None:
        """Creates or deletes pods; the text of a refused creation."""
        pods = self._pods(replicaset)
        missing = replicaset["spec"]["replicas"] - len(pods)
        try:
            for _ in range(min(missing, BURST)):
                self._create(replicaset, now)
        except ApiError as error:
            if not error.has_cause(TERMINATING):
                text = f"Error creating: {error.message}"
                self.event(
                    replicaset, "Warning", "FailedCreate", text, now, "replicaset-controller"
                )
            return error.message
        for pod in sorted(pods, key=_rank)[: max(0, -missing)]:
            self.delete("pods", pod, now)
            text = f"Deleted pod: {name_of(pod)}"
            self.event(replicaset, "Normal", "SuccessfulDelete", text, now, "replicaset-controller")
        return None

    def _create(self, replicaset: Obj, now: datetime) -> None:
        pod = pod_from(replicaset, replicaset["spec"]["template"], prefix=f"{name_of(replicaset)}-")
        made = self.create("pods", pod, now)
        text = f"Created pod: {name_of(made)}"
        self.event(replicaset, "Normal", "SuccessfulCreate", text, now, "replicaset-controller")

    def _report(self, replicaset: Obj, failure: str | None, now: datetime) -> float | None:
        pods, least = self._pods(replicaset), replicaset["spec"].get("minReadySeconds", 0)
        ready = [p for p in pods if is_ready(p)]
        available = [p for p in ready if ready_seconds(p, now) >= least]
        counts = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": len(ready),
            "availableReplicas": len(available),
        }
        status: Obj = {k: v for k, v in counts.items() if v or k == "replicas"}
        status["observedGeneration"] = replicaset["metadata"].get("generation", 1)
        if conditions := _conditions(replicaset, failure, now):
            status["conditions"] = conditions
        self.set_status(self.table, replicaset, status)
        return float(least) if len(available) < len(ready) else None


def _conditions(replicaset: Obj, failure: str | None, now: datetime) -> list[Obj]:
    """The first failure stays as it was told: each further one names another pod."""
    found: list[Obj] = (replicaset.get("status") or {}).get("conditions") or []
    if not failure:
        return [c for c in found if c["type"] != FAILURE]
    if condition_of(replicaset, FAILURE):
        return found
    told = {"status": "True", "reason": "FailedCreate", "message": failure}
    return with_condition(found, now, type=FAILURE, **told)


def _rank(pod: Obj) -> tuple[bool, bool, bool, int, str]:
    """ActivePods: what goes first sorts first."""
    status = pod.get("status") or {}
    restarts = max(
        (c.get("restartCount", 0) for c in status.get("containerStatuses") or ()), default=0
    )
    newer = "".join(chr(0x10FFFF - ord(c)) for c in pod["metadata"]["creationTimestamp"])
    return (
        bool(pod["spec"].get("nodeName")),
        status.get("phase") == "Running",
        is_ready(pod),
        -restarts,
        newer,
    )
