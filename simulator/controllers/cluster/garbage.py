"""Garbage collection by ownerReferences: background, foreground, orphan."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime

from simulator.apimachinery.objects import Obj, name_of, namespace_of, uid_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import Base, DeleteOptions, is_going
from simulator.controllers.work_queue import EVERY

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


class Garbage(Base):
    """Keys are (table, namespace, name, uid) of an owner that is gone or going, or never was."""

    watches = (EVERY,)

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        gone = self.store.get(table, namespace_of(obj), name_of(obj)) is None
        going = is_going(obj)
        waits = going and {FOREGROUND, ORPHAN} & set(obj["metadata"].get("finalizers") or ())
        owners = self._owners(obj, gone or going)
        if waits or (gone and uid_of(obj) in self.store.owned):
            return [(table, namespace_of(obj), name_of(obj), uid_of(obj)), *owners]
        return owners

    def _owners(self, child: Obj, child_goes: bool) -> list[WorkKey]:
        """Those that it concerns that the child comes, or goes."""
        references = child["metadata"].get("ownerReferences") or ()
        keys = filter(None, (self._key(child, reference) for reference in references))
        return [key for key in keys if self._concerns(self._owner(key), child_goes)]

    def _key(self, child: Obj, reference: Obj) -> WorkKey | None:
        """None for an owner of a kind that isn't served: nobody can tell whether it's there."""
        resource = self.cluster.catalogue.of_kind(
            reference.get("apiVersion", ""), reference["kind"]
        )
        if resource is None:
            return None
        namespace = namespace_of(child) if resource.namespaced else ""
        return resource.table, namespace, reference["name"], reference["uid"]

    def _owner(self, key: WorkKey) -> Obj | None:
        table, namespace, name, uid = key
        owner = self.store.get(table, namespace, name)
        return owner if owner is not None and uid_of(owner) == uid else None

    def _concerns(self, owner: Obj | None, child_goes: bool) -> bool:
        """A child that goes frees an owner that waits for it; one that comes needs an owner."""
        if owner is None:
            return not child_goes
        return child_goes and FOREGROUND in (owner["metadata"].get("finalizers") or ())

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        table, _, _, uid = key
        owner = self._owner(key)
        if owner is None:
            self._delete_children(uid, now, None)
        elif ORPHAN in (owner["metadata"].get("finalizers") or ()):
            self._orphan(table, owner, now)
        elif not self._delete_children(uid, now, "Foreground"):
            self._finish(table, owner, FOREGROUND, now)
        return None

    def _delete_children(self, uid: str, now: datetime, propagation: str | None) -> int:
        children = self.store.children(uid)
        for child in children:
            if self._has_another_owner(child, uid):
                self._disown(child, uid, now)
            elif not child["metadata"].get("deletionTimestamp"):
                table = self._table_of(child)
                self.delete(
                    table,
                    child,
                    now,
                    DeleteOptions(propagation=propagation if table != "pods" else None),
                )
        return len(self.store.children(uid))

    def _has_another_owner(self, child: Obj, uid: str) -> bool:
        others = [r for r in child["metadata"]["ownerReferences"] if r["uid"] != uid]
        keys = [self._key(child, reference) for reference in others]
        return any(key is None or self._owner(key) is not None for key in keys)

    def _disown(self, child: Obj, uid: str, now: datetime) -> None:
        metadata = deepcopy(child["metadata"])
        metadata["ownerReferences"] = [r for r in metadata["ownerReferences"] if r["uid"] != uid]
        self.change(self._table_of(child), child, now, metadata=metadata)

    def _table_of(self, obj: Obj) -> str:
        resource = self.cluster.catalogue.of_kind(obj["apiVersion"], obj["kind"])
        return resource.table if resource else "pods"

    def _orphan(self, table: str, owner: Obj, now: datetime) -> None:
        for child in self.store.children(uid_of(owner)):
            self._disown(child, uid_of(owner), now)
        self._finish(table, owner, ORPHAN, now)

    def _finish(self, table: str, owner: Obj, finalizer: str, now: datetime) -> None:
        metadata = deepcopy(owner["metadata"])
        metadata["finalizers"] = [f for f in metadata["finalizers"] if f != finalizer]
        self.change(table, owner, now, metadata=metadata)
