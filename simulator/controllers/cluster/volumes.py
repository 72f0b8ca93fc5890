"""PersistentVolumes: binding, expansion, protection."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime

from simulator.apimachinery.objects import Obj, name_of, namespace_of, uid_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import Base

PROTECTION = "kubernetes.io/pvc-protection"


def claims_of(pod: Obj) -> list[str]:
    volumes = pod["spec"].get("volumes") or ()
    return [
        v["persistentVolumeClaim"]["claimName"] for v in volumes if v.get("persistentVolumeClaim")
    ]


class Volumes(Base):
    table, kind = "persistentvolumeclaims", "PersistentVolumeClaim"
    watches = ("persistentvolumeclaims", "pods")

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        if table == self.table:
            return [(namespace_of(obj), name_of(obj))]
        return [(namespace_of(obj), claim) for claim in claims_of(obj)]

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        claim = self.held(key)
        if claim is None:
            return None
        if claim["metadata"].get("deletionTimestamp"):
            self._release(claim, now)
        elif claim["status"].get("phase") != "Bound":
            self._bind(claim, now)
        elif _size(claim) != claim["status"].get("capacity", {}).get("storage"):
            self._resize(claim)
        return None

    def _release(self, claim: Obj, now: datetime) -> None:
        used = [
            p
            for p in self.store.items("pods", namespace_of(claim))
            if name_of(claim) in claims_of(p)
        ]
        if used or PROTECTION not in (claim["metadata"].get("finalizers") or ()):
            return
        metadata = deepcopy(claim["metadata"])
        metadata["finalizers"] = [f for f in metadata["finalizers"] if f != PROTECTION]
        self.change(self.table, claim, now, metadata=metadata)

    def _bind(self, claim: Obj, now: datetime) -> None:
        name = claim["spec"].get("storageClassName") or "standard"
        storage_class = self.store.get("storageclasses.storage.k8s.io", "", name)
        if storage_class is None:
            text = f'storageclass.storage.k8s.io "{name}" not found'
            self.event(
                claim, "Warning", "ProvisioningFailed", text, now, "persistentvolume-controller"
            )
            return
        volume = f"pvc-{uid_of(claim)}"
        self._provision(claim, volume, name, now)
        spec = {**claim["spec"], "volumeName": volume, "storageClassName": name}
        bound = self.change(self.table, claim, now, spec=spec)
        status = {
            "phase": "Bound",
            "accessModes": spec.get("accessModes", []),
            "capacity": {"storage": _size(claim)},
        }
        self.set_status(self.table, bound, status)

    def _provision(self, claim: Obj, volume: str, storage_class: str, now: datetime) -> None:
        if self.store.get("persistentvolumes", "", volume) is not None:
            return
        reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "name": name_of(claim)}
        reference |= {"namespace": namespace_of(claim), "uid": uid_of(claim)}
        spec = {
            "capacity": {"storage": _size(claim)},
            "accessModes": claim["spec"].get("accessModes", []),
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": storage_class,
            "claimRef": reference,
            "volumeMode": "Filesystem",
            "csi": {"driver": "csi.example.com", "volumeHandle": volume},
        }
        made = self.create("persistentvolumes", {"metadata": {"name": volume}, "spec": spec}, now)
        self.set_status("persistentvolumes", made, {"phase": "Bound"})

    def _resize(self, claim: Obj) -> None:
        status = {**claim["status"], "capacity": {"storage": _size(claim)}}
        self.set_status(self.table, claim, status)


def _size(claim: Obj) -> str:
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "1Gi"))
