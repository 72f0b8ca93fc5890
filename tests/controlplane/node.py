"""One stand-in node: its registration, its Lease and its conditions. Annotations on the Node steer
it.

`kubewise.test/heartbeat: stopped` is a dead kubelet: no lease, no status, and its pods stay as they
are. `kubewise.test/pressure: Memory` (Disk, PID) sets that condition.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.controlplane.behaviours import Json
from tests.controlplane.container import stamp
from tests.controlplane.nodes import NODES, STAND_IN
from tests.controlplane.rest import Api

HEARTBEAT = "kubewise.test/heartbeat"
PRESSURE = "kubewise.test/pressure"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
LEASE_SECONDS = 40
PRESSURES = {
    "Memory": "KubeletHasSufficientMemory",
    "Disk": "KubeletHasNoDiskPressure",
    "PID": "KubeletHasSufficientPID",
}


@dataclass(frozen=True)
class Machine:
    """What every stand-in node has, and where its kubelet answers."""

    address: str
    port: int
    version: str
    heartbeat_seconds: float
    capacity: tuple[tuple[str, str], ...] = (
        ("cpu", "8"),
        ("memory", "32Gi"),
        ("ephemeral-storage", "100Gi"),
        ("pods", "110"),
    )


@dataclass
class Node:
    """What the kubelet keeps of its own node."""

    name: str
    machine: Machine
    api: Api
    due: datetime | None = None
    object: Json = field(default_factory=dict)
    _since: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def is_stopped(self) -> bool:
        return self._annotation(HEARTBEAT) == "stopped"

    def register(self, now: datetime) -> None:
        labels = {
            "kubernetes.io/hostname": self.name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            STAND_IN: "true",
        }
        created = self.api.create(
            NODES,
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name, "labels": labels}},
        )
        self.object = (
            created.body if created.status < 400 else self.api.get(f"{NODES}/{self.name}").ok()
        )
        self._write_status(now)
        self.due = now

    def observe(self, fresh: Json, now: datetime) -> None:
        """Take a newer object: after a stop, or when another wrote our conditions, the status is
        written at once.
        """
        was_stopped, self.object = self.is_stopped, fresh
        if was_stopped and not self.is_stopped:
            self.due = now
        if not self.is_stopped and self._differs(now):
            self._write_status(now)

    def advance(self, now: datetime) -> None:
        """Renew the lease when it is due."""
        if self.due is None or now < self.due:
            return
        self.due = now + timedelta(seconds=self.machine.heartbeat_seconds)
        if not self.is_stopped:
            self._renew(now)

    def _renew(self, now: datetime) -> None:
        moment = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {
            "holderIdentity": self.name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": moment,
        }
        if self.api.patch(f"{LEASES}/{self.name}", {"spec": spec}, "merge").status == 404:
            owner = {
                "apiVersion": "v1",
                "kind": "Node",
                "name": self.name,
                "uid": self.object["metadata"]["uid"],
            }
            metadata = {
                "name": self.name,
                "namespace": "kube-node-lease",
                "ownerReferences": [owner],
            }
            self.api.create(
                LEASES,
                {
                    "apiVersion": "coordination.k8s.io/v1",
                    "kind": "Lease",
                    "metadata": metadata,
                    "spec": spec,
                },
            )

    def _write_status(self, now: datetime) -> None:
        addresses = [
            {"type": "InternalIP", "address": self.machine.address},
            {"type": "Hostname", "address": self.name},
        ]
        capacity = dict(self.machine.capacity)
        status = {
            "addresses": addresses,
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": self._conditions(now),
        }
        status |= {
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self.machine.port}},
            "nodeInfo": self._info(),
        }
        self.api.patch(f"{NODES}/{self.name}/status", {"status": status})

    def _conditions(self, now: datetime) -> list[Json]:
        pressed = self._annotation(PRESSURE)
        made = [
            self._condition(
                f"{kind}Pressure", kind == pressed, fine, f"KubeletHas{kind}Pressure", now
            )
            for kind, fine in PRESSURES.items()
        ]
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "kubelet is posting ready status",
        }
        return [*made, ready | self._times("Ready", "True", now)]

    def _condition(self, kind: str, is_on: bool, fine: str, wrong: str, now: datetime) -> Json:
        status, reason = ("True", wrong) if is_on else ("False", fine)
        return {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": f"kubelet has {reason}",
        } | self._times(kind, status, now)

    def _times(self, kind: str, status: str, now: datetime) -> Json:
        if self._since.get(kind, ("", ""))[0] != status:
            self._since[kind] = (status, stamp(now))
        return {"lastHeartbeatTime": stamp(now), "lastTransitionTime": self._since[kind][1]}

    def _differs(self, now: datetime) -> bool:
        """Whether the API has other conditions than ours, as after the node lifecycle controller
        set them to Unknown.
        """
        known = {
            one["type"]: one["status"]
            for one in self.object.get("status", {}).get("conditions", [])
        }
        ours = {one["type"]: one["status"] for one in self._conditions(now)}
        self._since = {
            kind: since
            for kind, since in self._since.items()
            if known.get(kind, since[0]) == since[0]
        }
        return any(known.get(kind) != status for kind, status in ours.items())

    def _info(self) -> Json:
        versions = {
            "kubeletVersion": self.machine.version,
            "kubeProxyVersion": self.machine.version,
            "containerRuntimeVersion": "containerd://2.1.4",
        }
        system = {
            "kernelVersion": "6.1.0",
            "osImage": "Kubernetes test stand-in",
            "operatingSystem": "linux",
            "architecture": "amd64",
        }
        return (
            versions
            | system
            | {"machineID": self.name, "systemUUID": self.name, "bootID": self.name}
        )

    def _annotation(self, name: str) -> str | None:
        value: str | None = self.object.get("metadata", {}).get("annotations", {}).get(name)
        return value
