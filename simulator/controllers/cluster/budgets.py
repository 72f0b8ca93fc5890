"""PodDisruptionBudget status, as pkg/controller/disruption computes it."""

from collections.abc import Iterable
from datetime import datetime

from simulator.apimachinery.object_selectors import selects
from simulator.apimachinery.objects import Obj, controller_of, labels_of, namespace_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import Base, is_active, is_ready, own_key, share, with_condition


class Budgets(Base):
    table, kind = "poddisruptionbudgets.policy", "PodDisruptionBudget"
    watches = ("poddisruptionbudgets.policy", "pods", "replicasets.apps", "statefulsets.apps")

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        if table == self.table:
            return [own_key(obj)]
        labels = labels_of(obj) if table == "pods" else _template_labels(obj)
        held = self.store.items(self.table, namespace_of(obj))
        return [own_key(b) for b in held if selects(b["spec"].get("selector"), labels)]

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        budget = self.held(key)
        if budget is None:
            return None
        pods = [
            p
            for p in self.store.items("pods", namespace_of(budget))
            if selects(budget["spec"].get("selector"), labels_of(p)) and is_active(p)
        ]
        expected = self._expected(pods)
        healthy = sum(is_ready(p) for p in pods)
        desired = _desired(budget["spec"], expected)
        allowed = max(0, healthy - desired) if expected else 0
        self._report(budget, expected, healthy, desired, allowed, now)
        return None

    def _expected(self, pods: list[Obj]) -> int:
        owners: dict[str, int] = {}
        for pod in pods:
            owner = controller_of(pod)
            if owner is not None:
                owners[owner["uid"]] = self._scale_of(namespace_of(pod), owner)
        bare = sum(controller_of(p) is None for p in pods)
        return sum(owners.values()) + bare

    def _scale_of(self, namespace: str, owner: Obj) -> int:
        resource = self.cluster.catalogue.by_kind(owner["kind"])
        found = self.store.get(resource.table, namespace, owner["name"]) if resource else None
        above = controller_of(found) if found else None
        if above is not None and above["kind"] == "Deployment":
            deployment = self.store.get("deployments.apps", namespace, above["name"])
            newest = deployment is not None and found is not None
            return int(found["spec"]["replicas"]) if newest and found else 0
        return int((found or {}).get("spec", {}).get("replicas", 1))

    def _report(
        self, budget: Obj, expected: int, healthy: int, desired: int, allowed: int, now: datetime
    ) -> None:
        conditions = (budget.get("status") or {}).get("conditions") or []
        generation = budget["metadata"].get("generation", 1)
        conditions = with_condition(
            conditions,
            now,
            type="DisruptionAllowed",
            status=str(allowed > 0),
            message="",
            reason="SufficientPods" if allowed > 0 else "InsufficientPods",
        )
        conditions = [{**c, "observedGeneration": generation} for c in conditions]
        status = {
            "observedGeneration": generation,
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "conditions": conditions,
        }
        self.set_status(self.table, budget, status)


def _template_labels(obj: Obj) -> dict[str, str]:
    template = obj.get("spec", {}).get("template") or {}
    found: dict[str, str] = (template.get("metadata") or {}).get("labels") or {}
    return found


def _desired(spec: Obj, expected: int) -> int:
    if "maxUnavailable" in spec:
        return max(0, expected - share(spec["maxUnavailable"], expected, up=True))
    return share(spec.get("minAvailable", 1), expected, up=True)
