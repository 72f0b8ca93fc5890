"""Namespaces: their default ServiceAccount, and what their deletion takes along."""

from collections.abc import Iterable
from datetime import datetime

from simulator.apimachinery.objects import Obj, name_of, namespace_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import ApiError, Base, DeleteOptions, with_condition

RETRY_SECONDS = 5.0
DEFAULTS: dict[tuple[str, str], Obj] = {
    ("serviceaccounts", "default"): {},
    ("configmaps", "kube-root-ca.crt"): {"data": {"ca.crt": ""}},
}


class Namespaces(Base):
    table, kind = "namespaces", "Namespace"
    watches = ("namespaces", "pods", "serviceaccounts", "configmaps")

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        if table == "namespaces":
            return [("", name_of(obj))]
        namespace = self.store.get("namespaces", "", namespace_of(obj))
        going = namespace is not None and namespace["metadata"].get("deletionTimestamp")
        missed = (table, name_of(obj)) in DEFAULTS and self._is_gone(table, obj)
        return [("", namespace_of(obj))] if going or missed else []

    def _is_gone(self, table: str, obj: Obj) -> bool:
        return self.store.get(table, namespace_of(obj), name_of(obj)) is None

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        namespace = self.held(key)
        if namespace is None:
            return None
        if namespace["metadata"].get("deletionTimestamp"):
            return self._empty(namespace, now)
        self._default_objects(name_of(namespace), now)
        return None

    def _default_objects(self, name: str, now: datetime) -> None:
        for (table, own_name), content in DEFAULTS.items():
            if self.store.get(table, name, own_name) is None:
                metadata = {"name": own_name, "namespace": name}
                self.create(table, {"metadata": metadata} | content, now)

    def _empty(self, namespace: Obj, now: datetime) -> float | None:
        name, left = name_of(namespace), 0
        for table in list(self.store.tables):
            for obj in self.store.items(table, name) if table != "namespaces" else ():
                left += self._delete_one(table, obj, now)
        if left or namespace["metadata"].get("finalizers"):
            self._tell(namespace, left)
            return RETRY_SECONDS
        self.store.remove("namespaces", "", name)
        return None

    def _delete_one(self, table: str, obj: Obj, now: datetime) -> int:
        """1 while the object is still there."""
        if not obj["metadata"].get("deletionTimestamp"):
            try:
                self.delete(table, obj, now, DeleteOptions())
            except ApiError:
                return 1
        return int(self.store.get(table, namespace_of(obj), name_of(obj)) is not None)

    def _tell(self, namespace: Obj, left: int) -> None:
        now = self.cluster.clock.now()
        conditions = (namespace.get("status") or {}).get("conditions") or []
        text = f"Some resources are remaining: {left} resource instances"
        conditions = with_condition(
            conditions,
            now,
            type="NamespaceContentRemaining",
            status="True",
            reason="SomeResourcesRemain",
            message=text,
        )
        self.set_status("namespaces", namespace, {"phase": "Terminating", "conditions": conditions})
