"""Node heartbeats, and what happens to a node that stops posting them."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime

from simulator.apimachinery.clock import micro_stamp, seconds_since, stamp
from simulator.apimachinery.objects import Obj, condition_of, name_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import Base, is_going, is_ready, with_condition
from simulator.controllers.nodes.scheduler import tolerates

LEASE_SECONDS, STATUS_SECONDS = 10.0, 300.0
GRACE_SECONDS = 40.0
NAMESPACE = "kube-node-lease"
LEASES = "leases.coordination.k8s.io"
UNKNOWN = "Kubelet stopped posting node status."
HEALTHY = {
    "MemoryPressure": (
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}
UNREACHABLE = "node.kubernetes.io/unreachable"


class Heartbeats(Base):
    """Each live node renews its lease every 10 s and its status every 5 min."""

    table, kind = "nodes", "Node"
    watches = ("nodes",)

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        return [("", name_of(obj))]

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        node = self.held(key)
        if node is None:
            self.store.remove(LEASES, NAMESPACE, key[1])
            return None
        if name_of(node) in self.cluster.behaviour.dead_nodes:
            return None
        self._renew(node, now)
        self._status(node, now)
        return LEASE_SECONDS

    def _renew(self, node: Obj, now: datetime) -> None:
        held = self.store.get(LEASES, NAMESPACE, name_of(node))
        if held is None:
            spec = {"holderIdentity": name_of(node), "leaseDurationSeconds": 40}
            metadata = {"name": name_of(node), "namespace": NAMESPACE}
            if self.store.get("namespaces", "", NAMESPACE) is None:
                return
            held = self.create(LEASES, {"metadata": metadata, "spec": spec}, now)
        if seconds_since(held["spec"].get("renewTime"), now) >= LEASE_SECONDS - 1:
            spec = {**held["spec"], "renewTime": micro_stamp(now)}
            self.store.put(LEASES, {**held, "metadata": dict(held["metadata"]), "spec": spec})

    def _status(self, node: Obj, now: datetime) -> None:
        ready = condition_of(node, "Ready")
        silent = seconds_since(ready.get("lastHeartbeatTime"), now)
        if ready.get("status") != "Unknown" and silent < STATUS_SECONDS:
            return
        held: Obj = node.get("status") or {}
        beat = {"lastHeartbeatTime": stamp(now)}
        conditions = [{**c, **beat} for c in _known(held.get("conditions") or [], now)]
        self.set_status("nodes", node, {**held, "conditions": conditions})


def _known(conditions: list[Obj], now: datetime) -> list[Obj]:
    """Healthy where they were unknown or not there."""
    known = {c["type"] for c in conditions if c["status"] != "Unknown"}
    for kind, (status, reason, text) in HEALTHY.items():
        if kind not in known:
            conditions = with_condition(
                conditions, now, type=kind, status=status, reason=reason, message=text
            )
    return conditions


class NodeLifecycle(Base):
    """Unknown conditions, unreachable taints.

    Pods' readiness and their eviction after tolerance.
    """

    table, kind = "nodes", "Node"
    watches = ("nodes", LEASES)

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        return [("", name_of(obj))]

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        node = self.held(key)
        if node is None:
            return None
        self._cordon_taint(node, now)
        if name_of(node) not in self.cluster.behaviour.dead_nodes:
            if condition_of(node, "Ready").get("status") == "True":
                self._recover(node, now)
            return None
        lease = self.store.get(LEASES, NAMESPACE, name_of(node)) or {"spec": {}}
        silent = seconds_since(lease["spec"].get("renewTime"), now)
        if silent < GRACE_SECONDS:
            return GRACE_SECONDS - silent + 0.1
        self._declare_unknown(node, now)
        return self._evict(node, now)

    def _cordon_taint(self, node: Obj, now: datetime) -> None:
        taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
        held = [t for t in node["spec"].get("taints") or () if t["key"] == taint["key"]]
        if bool(node["spec"].get("unschedulable")) != bool(held):
            others = [t for t in node["spec"].get("taints") or () if t["key"] != taint["key"]]
            new = {**taint, "timeAdded": stamp(now)}
            self._set_taints(node, [*others, *([] if held else [new])], now)

    def _set_taints(self, node: Obj, taints: list[Obj], now: datetime) -> None:
        spec = {k: v for k, v in deepcopy(node["spec"]).items() if k != "taints"}
        self.change("nodes", node, now, spec=spec | ({"taints": taints} if taints else {}))

    def _declare_unknown(self, node: Obj, now: datetime) -> None:
        if condition_of(node, "Ready").get("status") == "Unknown":
            return
        conditions = (node.get("status") or {}).get("conditions") or []
        for kind in HEALTHY:
            conditions = with_condition(
                conditions,
                now,
                type=kind,
                status="Unknown",
                reason="NodeStatusUnknown",
                message=UNKNOWN,
            )
        self.set_status("nodes", node, {**node["status"], "conditions": conditions})
        text = f"Node {name_of(node)} status is now: NodeNotReady"
        self.event(node, "Normal", "NodeNotReady", text, now, "node-controller")
        effects = [
            {"key": UNREACHABLE, "effect": e, "timeAdded": stamp(now)}
            for e in ("NoSchedule", "NoExecute")
        ]
        fresh = self.held(("", name_of(node))) or node
        self._set_taints(fresh, [*(fresh["spec"].get("taints") or ()), *effects], now)
        self._pods_unready(node, now)

    def _pods_unready(self, node: Obj, now: datetime) -> None:
        for pod in self.store.pods_on(name_of(node)):
            if is_ready(pod):
                conditions = with_condition(
                    pod["status"]["conditions"], now, type="Ready", status="False"
                )
                self.set_status("pods", pod, {**pod["status"], "conditions": conditions})
                text = "Node is not ready"
                self.event(pod, "Warning", "NodeNotReady", text, now, "node-controller")

    def _evict(self, node: Obj, now: datetime) -> float | None:
        """Deletes pods whose toleration of the taint has run out; they stay Terminating."""
        taint = _executing_taint(self.held(("", name_of(node))) or node)
        waits: list[float] = []
        for pod in self.store.pods_on(name_of(node)) if taint else ():
            left = _tolerance(pod, taint, now)
            if left is None:
                continue
            if left > 0:
                waits.append(left)
            elif not is_going(pod):
                self._evict_pod(pod, now)
        return min(waits) + 0.1 if waits else None

    def _evict_pod(self, pod: Obj, now: datetime) -> None:
        text = f"Marking for deletion Pod {pod['metadata']['namespace']}/{name_of(pod)}"
        self.event(pod, "Normal", "TaintManagerEviction", text, now, "taint-eviction-controller")
        self.delete("pods", pod, now)

    def _recover(self, node: Obj, now: datetime) -> None:
        taints = node["spec"].get("taints") or ()
        kept = [t for t in taints if t["key"] != UNREACHABLE]
        if len(kept) != len(taints):
            self._set_taints(node, kept, now)
            text = f"Node {name_of(node)} status is now: NodeReady"
            self.event(node, "Normal", "NodeReady", text, now, "kubelet")


def _executing_taint(node: Obj) -> Obj:
    """The taint that pods leave an unreachable node by; {} where there is none."""
    for taint in node["spec"].get("taints") or ():
        if (taint["key"], taint["effect"]) == (UNREACHABLE, "NoExecute"):
            found: Obj = taint
            return found
    return {}


def _tolerance(pod: Obj, taint: Obj, now: datetime) -> float | None:
    """Seconds left, or None: tolerated for ever."""
    matching = [t for t in pod["spec"].get("tolerations") or () if tolerates(t, taint)]
    if any(t.get("tolerationSeconds") is None for t in matching):
        return None
    longest = min((t["tolerationSeconds"] for t in matching), default=0)
    return float(longest) - seconds_since(taint.get("timeAdded"), now)
