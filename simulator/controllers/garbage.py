"""Garbage collection by ownerReferences: background, foreground, orphan."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime

from simulator.controllers.common import Base, DeleteOptions
from simulator.objects import Obj, name_of, namespace_of, uid_of
from simulator.store import WorkKey

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


class Garbage(Base):
    """Keys are (table, namespace, name, uid) of an owner that is gone or going."""

    watches = (
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "jobs.batch",
        "cronjobs.batch",
        "replicationcontrollers",
        "pods",
        "services",
    )

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        found: list[WorkKey] = []
        going = set(obj["metadata"].get("finalizers") or ()) & {FOREGROUND, ORPHAN}
        gone = self.store.get(table, namespace_of(obj), name_of(obj)) is None
        if (gone and uid_of(obj) in self.store.owned) or (
            going and obj["metadata"].get("deletionTimestamp")
        ):
            found.append((table, namespace_of(obj), name_of(obj), uid_of(obj)))
        if gone or obj["metadata"].get("deletionTimestamp"):
            found += self._waiting_owners(obj)
        return found

    def _waiting_owners(self, obj: Obj) -> list[WorkKey]:
        found: list[WorkKey] = []
        for reference in obj["metadata"].get("ownerReferences") or ():
            resource = self.cluster.catalogue.by_kind(reference["kind"])
            if resource is None:
                continue
            owner = self.store.get(resource.table, namespace_of(obj), reference["name"])
            if owner is not None and FOREGROUND in (owner["metadata"].get("finalizers") or ()):
                found.append((resource.table, namespace_of(obj), reference["name"], uid_of(owner)))
        return found

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        table, namespace, name, uid = key
        owner = self.store.get(table, namespace, name)
        if owner is None or uid_of(owner) != uid:
            self._delete_children(uid, now, None)
        elif ORPHAN in (owner["metadata"].get("finalizers") or ()):
            self._orphan(table, owner, now)
        elif not self._delete_children(uid, now, "Foreground"):
            self._finish(table, owner, FOREGROUND, now)
        return None

    def _delete_children(self, uid: str, now: datetime, propagation: str | None) -> int:
        children = self.store.children(uid)
        for child in children:
            if not child["metadata"].get("deletionTimestamp"):
                table = self._table_of(child)
                self.delete(
                    table,
                    child,
                    now,
                    DeleteOptions(propagation=propagation if table != "pods" else None),
                )
        return len(self.store.children(uid))

    def _table_of(self, obj: Obj) -> str:
        resource = self.cluster.catalogue.of_kind(obj["apiVersion"], obj["kind"])
        return resource.table if resource else "pods"

    def _orphan(self, table: str, owner: Obj, now: datetime) -> None:
        for child in self.store.children(uid_of(owner)):
            metadata = deepcopy(child["metadata"])
            metadata["ownerReferences"] = [
                r for r in metadata["ownerReferences"] if r["uid"] != uid_of(owner)
            ]
            self.change(self._table_of(child), child, now, metadata=metadata)
        self._finish(table, owner, ORPHAN, now)

    def _finish(self, table: str, owner: Obj, finalizer: str, now: datetime) -> None:
        metadata = deepcopy(owner["metadata"])
        metadata["finalizers"] = [f for f in metadata["finalizers"] if f != finalizer]
        self.change(table, owner, now, metadata=metadata)
