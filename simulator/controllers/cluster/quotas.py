"""ResourceQuota status: what is used of what is allowed."""

from collections.abc import Iterable
from datetime import datetime

from simulator.apimachinery.objects import Obj, namespace_of
from simulator.apimachinery.store import WorkKey
from simulator.apiserver.admission import amount_text, quota_key, usage
from simulator.controllers.common import Base, own_key


class Quotas(Base):
    table, kind = "resourcequotas", "ResourceQuota"
    watches = ("resourcequotas", "pods")

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        held = self.store.table(self.table)
        return [own_key(obj)] if table == self.table else held.keys(namespace_of(obj))

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        quota = self.held(key)
        if quota is None:
            return None
        hard = quota["spec"].get("hard") or {}
        used = usage(self.store.items("pods", namespace_of(quota)))
        told = {name: amount_text(name, used.get(quota_key(name), 0)) for name in hard}
        self.set_status(self.table, quota, {"hard": hard, "used": told})
        return None
