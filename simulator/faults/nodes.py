"""Faults of nodes."""

from copy import deepcopy
from datetime import datetime

from simulator.apimachinery.clock import micro_stamp, stamp
from simulator.apimachinery.objects import Obj
from simulator.controllers.nodes.nodes import LEASES, NAMESPACE
from simulator.faults.base import Fault, fault


@fault
class NodeNotReady(Fault):
    """The kubelet stops posting; ends by a reboot (`clear`) only."""

    name, code, cause = "node_not_ready", "F51", "NODE_NOT_READY"
    ends_by = ("reboot",)
    default = "/node/node-3"

    def inject(self, now: datetime) -> None:
        self.cluster.behaviour.dead_nodes.add(self.target.name)
        store = self.cluster.store
        lease = store.get(LEASES, NAMESPACE, self.target.name)
        if lease is not None:
            spec = {**lease["spec"], "renewTime": micro_stamp(now)}
            store.put(LEASES, {**lease, "metadata": dict(lease["metadata"]), "spec": spec})
        node = deepcopy(self.obj())
        for condition in node["status"]["conditions"]:
            condition["lastHeartbeatTime"] = min(
                condition.get("lastHeartbeatTime", stamp(now)), stamp(now)
            )
        store.put("nodes", node)

    def clear(self, now: datetime) -> None:
        """A reboot: its containers start again."""
        self.cluster.behaviour.dead_nodes.discard(self.target.name)
        self.simulator.poke("nodes", self.obj())
        for pod in self.cluster.store.pods_on(self.target.name):
            new = restarted(pod, now)
            self.cluster.store.put("pods", new)


@fault
class NodeDiskPressure(Fault):
    """The kubelet says that the disk is full; nothing is evicted."""

    name, code, cause = "node_disk_pressure", "F53", "DISK_PRESSURE"
    default = "/node/node-2"

    def inject(self, now: datetime) -> None:
        self._set("True", "KubeletHasDiskPressure", "kubelet has disk pressure", now)

    def clear(self, now: datetime) -> None:
        self._set("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now)

    def _set(self, status: str, reason: str, message: str, now: datetime) -> None:
        node = deepcopy(self.obj())
        for condition in node["status"]["conditions"]:
            if condition["type"] == "DiskPressure":
                condition |= {"status": status, "reason": reason, "message": message}
                condition["lastTransitionTime"] = stamp(now)
        self.cluster.store.put("nodes", node)


def restarted(pod: Obj, now: datetime) -> Obj:
    new = deepcopy(pod)
    for status in new["status"].get("containerStatuses") or ():
        running = status["state"].get("running")
        if running:
            ended = {
                "exitCode": 255,
                "reason": "Unknown",
                "startedAt": running["startedAt"],
                "finishedAt": stamp(now),
            }
            status |= {"lastState": {"terminated": ended}, "ready": False}
            status["restartCount"] += 1
            status["state"] = {"running": {"startedAt": stamp(now)}}
    return new
