"""StatefulSets: ordered creation, claims, rolling updates from the highest ordinal."""

from copy import deepcopy
from datetime import datetime

from simulator.apimachinery.objects import Obj, labels_of, name_of, namespace_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import (
    BACKOFF_SECONDS,
    ApiError,
    is_going,
    is_ready,
    pod_from,
    without_empty,
)
from simulator.controllers.workloads.revisions import LABEL, Revisioned, count_at

SOURCE = "statefulset-controller"


class StatefulSets(Revisioned):
    table, kind = "statefulsets.apps", "StatefulSet"
    watches = ("statefulsets.apps", "pods")

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        owner = self.held(key)
        if owner is None or owner["metadata"].get("deletionTimestamp"):
            return None
        update = self.current_revision(owner, now)
        current = (owner.get("status") or {}).get("currentRevision") or name_of(update)
        again = None
        try:
            self._manage(owner, name_of(update), current, now)
        except ApiError as error:
            text = f"create Pod in StatefulSet {name_of(owner)} failed error: {error.message}"
            self.event(owner, "Warning", "FailedCreate", text, now, SOURCE)
            again = BACKOFF_SECONDS
        self._report(owner, name_of(update), current, now)
        return again

    def _pods(self, owner: Obj) -> dict[int, Obj]:
        found = self.store.children(owner["metadata"]["uid"], "pods")
        return {int(name_of(p).rsplit("-", 1)[1]): p for p in found}

    def _manage(self, owner: Obj, update: str, current: str, now: datetime) -> None:
        pods, wanted = self._pods(owner), owner["spec"]["replicas"]
        ordered = owner["spec"].get("podManagementPolicy") != "Parallel"
        for ordinal in range(wanted):
            if not self._ensure(owner, pods, ordinal, update, current, now) and ordered:
                return
        surplus = sorted((o for o in pods if o >= wanted), reverse=True)
        if self._condemn(owner, pods, surplus, ordered, now):
            return
        self._update(owner, pods, update, now)

    def _ensure(
        self,
        owner: Obj,
        pods: dict[int, Obj],
        ordinal: int,
        update: str,
        current: str,
        now: datetime,
    ) -> bool:
        """Whether this ordinal is there, running and ready."""
        pod = pods.get(ordinal)
        if pod is not None and (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
            self.delete("pods", pod, now)
            return False
        if pod is None:
            self._create(owner, ordinal, update, current, now)
            return False
        return is_ready(pod) and not pod["metadata"].get("deletionTimestamp")

    def _template(self, owner: Obj, revision: str) -> Obj:
        for held in self.revisions(owner):
            if name_of(held) == revision:
                return {k: v for k, v in held["data"]["spec"]["template"].items() if k != "$patch"}
        found: Obj = owner["spec"]["template"]
        return found

    def _create(self, owner: Obj, ordinal: int, update: str, current: str, now: datetime) -> None:
        partition = (owner["spec"]["updateStrategy"].get("rollingUpdate") or {}).get("partition", 0)
        revision = update if ordinal >= partition else current
        name = f"{name_of(owner)}-{ordinal}"
        labels = {
            LABEL: revision,
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
        }
        pod = pod_from(owner, self._template(owner, revision), name=name, labels=labels)
        pod["spec"] |= {"hostname": name, "subdomain": owner["spec"].get("serviceName", "")}
        self._claims(owner, pod, name, now)
        self.create("pods", pod, now)
        text = f"create Pod {name} in StatefulSet {name_of(owner)} successful"
        self.event(owner, "Normal", "SuccessfulCreate", text, now, SOURCE)

    def _claims(self, owner: Obj, pod: Obj, name: str, now: datetime) -> None:
        for template in owner["spec"].get("volumeClaimTemplates") or ():
            volume = template["metadata"]["name"]
            claim = f"{volume}-{name}"
            source = {"name": volume, "persistentVolumeClaim": {"claimName": claim}}
            pod["spec"]["volumes"] = [*(pod["spec"].get("volumes") or ()), source]
            if self.store.get("persistentvolumeclaims", namespace_of(owner), claim) is None:
                metadata = {
                    "name": claim,
                    "namespace": namespace_of(owner),
                    "labels": labels_of(pod | {}),
                }
                obj = {"metadata": metadata, "spec": deepcopy(template["spec"])}
                self.create("persistentvolumeclaims", obj, now)

    def _condemn(
        self, owner: Obj, pods: dict[int, Obj], surplus: list[int], ordered: bool, now: datetime
    ) -> bool:
        for ordinal in surplus:
            if not pods[ordinal]["metadata"].get("deletionTimestamp"):
                self._delete(owner, pods[ordinal], now)
            if ordered:
                return True
        return bool(surplus)

    def _delete(self, owner: Obj, pod: Obj, now: datetime) -> None:
        self.delete("pods", pod, now)
        text = f"delete Pod {name_of(pod)} in StatefulSet {name_of(owner)} successful"
        self.event(owner, "Normal", "SuccessfulDelete", text, now, SOURCE)

    def _update(self, owner: Obj, pods: dict[int, Obj], update: str, now: datetime) -> None:
        strategy = owner["spec"]["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return
        partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        for ordinal in sorted((o for o in pods if o >= partition), reverse=True):
            pod = pods[ordinal]
            if pod["metadata"].get("deletionTimestamp"):
                return
            if labels_of(pod).get(LABEL) != update:
                self._delete(owner, pod, now)
                return
            if not is_ready(pod):
                return

    def _report(self, owner: Obj, update: str, current: str, now: datetime) -> None:
        owner = self.held((namespace_of(owner), name_of(owner))) or owner
        pods = [p for p in self._pods(owner).values() if not is_going(p)]
        ready, updated = sum(map(is_ready, pods)), count_at(pods, update)
        if updated == ready == len(pods) == owner["spec"]["replicas"]:
            current = update
        status = {
            "observedGeneration": owner["metadata"].get("generation", 1),
            "replicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "currentReplicas": count_at(pods, current),
            "updatedReplicas": updated,
            "currentRevision": current,
            "updateRevision": update,
            "collisionCount": 0,
        }
        kept = ("replicas", "availableReplicas", "collisionCount")
        self.set_status(self.table, owner, without_empty(status, *kept))
        self.trim(owner, {update, current}, now)
