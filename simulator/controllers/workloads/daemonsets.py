"""DaemonSets: one pod per eligible node, rolling updates node by node."""

from collections.abc import Iterable
from datetime import datetime

from simulator.apimachinery.objects import Obj, labels_of, name_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import (
    BACKOFF_SECONDS,
    ApiError,
    is_going,
    is_ready,
    own_key,
    pod_from,
    share,
    without_empty,
)
from simulator.controllers.nodes.scheduler import matches_node, tolerates
from simulator.controllers.workloads.revisions import LABEL, Revisioned, count_at

SOURCE = "daemonset-controller"
TOLERATED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)


def own_tolerations() -> list[Obj]:
    return [
        {"key": f"node.kubernetes.io/{k}", "operator": "Exists", "effect": e} for k, e in TOLERATED
    ]


class DaemonSets(Revisioned):
    table, kind = "daemonsets.apps", "DaemonSet"
    watches = ("daemonsets.apps", "pods", "nodes")

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        if table == "nodes":
            return [own_key(d) for d in self.store.items(self.table)]
        return super().keys(table, obj)

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        owner = self.held(key)
        if owner is None or owner["metadata"].get("deletionTimestamp"):
            return None
        revision, again = self.current_revision(owner, now), None
        nodes = [n for n in self.store.items("nodes") if self._eligible(owner, n)]
        try:
            self._manage(owner, nodes, name_of(revision), now)
        except ApiError as error:
            self.event(
                owner, "Warning", "FailedCreate", f"Error creating: {error.message}", now, SOURCE
            )
            again = BACKOFF_SECONDS
        self._report(owner, nodes, name_of(revision), now)
        return again

    def _eligible(self, owner: Obj, node: Obj) -> bool:
        spec = owner["spec"]["template"]["spec"]
        if not matches_node(spec, node):
            return False
        held = [*(spec.get("tolerations") or ()), *own_tolerations()]
        taints = [t for t in node["spec"].get("taints") or () if t["effect"] != "PreferNoSchedule"]
        return all(any(tolerates(t, taint) for t in held) for taint in taints)

    def _pods(self, owner: Obj) -> list[Obj]:
        return self.store.children(owner["metadata"]["uid"], "pods")

    def _manage(self, owner: Obj, nodes: list[Obj], revision: str, now: datetime) -> None:
        pods, wanted = self._pods(owner), {name_of(n) for n in nodes}
        for pod in pods:
            finished = (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded")
            if not is_going(pod) and (finished or _node_of(pod) not in wanted):
                self.delete("pods", pod, now)
        for node in sorted(wanted - {_node_of(p) for p in self._pods(owner)}):
            self._create(owner, node, revision, now)
        self._update(owner, len(wanted), revision, now)

    def _create(self, owner: Obj, node: str, revision: str, now: datetime) -> None:
        label = {LABEL: _hash_of(revision)}
        pod = pod_from(owner, owner["spec"]["template"], prefix=f"{name_of(owner)}-", labels=label)
        field = {"key": "metadata.name", "operator": "In", "values": [node]}
        term = {"nodeSelectorTerms": [{"matchFields": [field]}]}
        pod["spec"]["affinity"] = {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}
        }
        pod["spec"]["tolerations"] = [*(pod["spec"].get("tolerations") or ()), *own_tolerations()]
        made = self.create("pods", pod, now)
        self.event(
            owner, "Normal", "SuccessfulCreate", f"Created pod: {name_of(made)}", now, SOURCE
        )

    def _update(self, owner: Obj, total: int, revision: str, now: datetime) -> None:
        strategy = owner["spec"]["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return
        staying, at = self._staying(owner), _hash_of(revision)
        old = [p for p in staying if labels_of(p).get(LABEL) != at]
        broken = [p for p in old if not is_ready(p)]
        ready = [p for p in old if is_ready(p)]
        down = total - sum(map(is_ready, staying))
        for pod in [*broken, *ready[: max(0, _most_down(strategy, total) - down)]]:
            self.delete("pods", pod, now)

    def _staying(self, owner: Obj) -> list[Obj]:
        return [p for p in self._pods(owner) if not is_going(p)]

    def _report(self, owner: Obj, nodes: list[Obj], revision: str, now: datetime) -> None:
        owner = self.held(own_key(owner)) or owner
        wanted = {name_of(n) for n in nodes}
        pods = [p for p in self._staying(owner) if _node_of(p) in wanted]
        ready = sum(map(is_ready, pods))
        status = {
            "currentNumberScheduled": len(pods),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": len(wanted),
            "numberReady": ready,
            "observedGeneration": owner["metadata"].get("generation", 1),
            "updatedNumberScheduled": count_at(pods, _hash_of(revision)),
            "numberAvailable": ready,
            "numberUnavailable": len(wanted) - ready,
        }
        kept = (
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
        )
        self.set_status(self.table, owner, without_empty(status, *kept))
        self.trim(owner, {revision}, now)


def _hash_of(revision: str) -> str:
    """What its pods are labelled with."""
    return revision.rsplit("-", 1)[1]


def _most_down(strategy: Obj, total: int) -> int:
    rolling = strategy.get("rollingUpdate") or {}
    return share(rolling.get("maxUnavailable", 1), total, up=True) or 1


def _node_of(pod: Obj) -> str:
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            return str(field["values"][0])
    return ""
