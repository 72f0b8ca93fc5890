"""DaemonSets: one pod per eligible node, rolling updates node by node."""

from collections.abc import Iterable
from datetime import datetime

from simulator.apimachinery.objects import Obj, labels_of, name_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import (
    BACKOFF_SECONDS,
    ApiError,
    is_ready,
    own_key,
    pod_from,
    share,
)
from simulator.controllers.nodes.scheduler import matches_node, tolerates
from simulator.controllers.workloads.revisions import LABEL, Revisioned

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
            going = pod["metadata"].get("deletionTimestamp")
            if not going and (finished or _node_of(pod) not in wanted):
                self.delete("pods", pod, now)
        for node in sorted(wanted - {_node_of(p) for p in self._pods(owner)}):
            self._create(owner, node, revision, now)
        self._update(owner, len(wanted), revision, now)

    def _create(self, owner: Obj, node: str, revision: str, now: datetime) -> None:
        label = {LABEL: revision.rsplit("-", 1)[1]}
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
        most = (
            share((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), total, up=True)
            or 1
        )
        pods, at = self._pods(owner), revision.rsplit("-", 1)[1]
        old = [
            p
            for p in pods
            if labels_of(p).get(LABEL) != at and not p["metadata"].get("deletionTimestamp")
        ]
        down = total - sum(is_ready(p) and not p["metadata"].get("deletionTimestamp") for p in pods)
        broken = [p for p in old if not is_ready(p)]
        for pod in [*broken, *[p for p in old if is_ready(p)][: max(0, most - down)]]:
            self.delete("pods", pod, now)

    def _report(self, owner: Obj, nodes: list[Obj], revision: str, now: datetime) -> None:
        owner = self.held(own_key(owner)) or owner
        wanted, at = {name_of(n) for n in nodes}, revision.rsplit("-", 1)[1]
        pods = [
            p
            for p in self._pods(owner)
            if not p["metadata"].get("deletionTimestamp") and _node_of(p) in wanted
        ]
        ready = sum(is_ready(p) for p in pods)
        status = {
            "currentNumberScheduled": len(pods),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": len(wanted),
            "numberReady": ready,
            "observedGeneration": owner["metadata"].get("generation", 1),
            "updatedNumberScheduled": sum(labels_of(p).get(LABEL) == at for p in pods),
            "numberAvailable": ready,
            "numberUnavailable": len(wanted) - ready,
        }
        always = (
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
        )
        self.set_status(self.table, owner, {k: v for k, v in status.items() if v or k in always})
        self.trim(owner, {revision}, now)


def _node_of(pod: Obj) -> str:
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            return str(field["values"][0])
    return ""
