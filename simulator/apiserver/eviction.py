"""pods/eviction against PodDisruptionBudgets, as the registry's eviction.go decides."""

from copy import deepcopy

from simulator.apimachinery.errors import ApiError, cause, too_many_requests
from simulator.apimachinery.object_selectors import selects
from simulator.apimachinery.objects import Obj, condition_of, labels_of, name_of, namespace_of
from simulator.apiserver.context import DeleteOptions, WriteContext
from simulator.apiserver.deletion import check_preconditions, delete
from simulator.apiserver.registry import get
from simulator.cluster import Cluster

SEVERAL = (
    "This pod has more than one PodDisruptionBudget, which the eviction subresource"
    " does not support."
)
REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."


def budgets_of(cluster: Cluster, pod: Obj) -> list[Obj]:
    budgets = cluster.store.items("poddisruptionbudgets.policy", namespace_of(pod))
    return [b for b in budgets if selects(b["spec"].get("selector"), labels_of(pod))]


def evict(
    cluster: Cluster, namespace: str, name: str, eviction: Obj, context: WriteContext
) -> None:
    """Deletes the pod or raises 429 (budget), 500 (two budgets), 409 (uid), 404."""
    with cluster.store.lock:
        pods = cluster.resource("pods")
        pod = get(cluster, pods, namespace, name)
        options = DeleteOptions.from_body(eviction.get("deleteOptions") or {})
        check_preconditions(pods, name, pod, options)
        if not _exempt(pod):
            _spend(cluster, pod, context)
        delete(cluster, pods, namespace, name, options, context)


def _exempt(pod: Obj) -> bool:
    phase = pod.get("status", {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or bool(
        pod["metadata"].get("deletionTimestamp")
    )


def _spend(cluster: Cluster, pod: Obj, context: WriteContext) -> None:
    budgets = budgets_of(cluster, pod)
    if len(budgets) > 1:
        raise ApiError(500, "", SEVERAL)
    if budgets and not _unhealthy_may_go(pod, budgets[0]):
        _take(cluster, budgets[0], context)


def _unhealthy_may_go(pod: Obj, budget: Obj) -> bool:
    if condition_of(pod, "Ready").get("status") == "True":
        return False
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status") or {}
    desired = status.get("desiredHealthy", 0)
    return bool(status.get("currentHealthy", 0) >= desired and desired > 0)


def _take(cluster: Cluster, budget: Obj, context: WriteContext) -> None:
    status, name = budget.get("status") or {}, name_of(budget)
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        text = f"The disruption budget {name} is still being processed by the server."
        raise too_many_requests(REFUSED, 10, [cause("DisruptionBudget", "", text)])
    if status.get("disruptionsAllowed", 0) <= 0:
        needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        text = f"The disruption budget {name} needs {needs} healthy pods and has {has} currently"
        raise too_many_requests(REFUSED, 0, [{"reason": "DisruptionBudget", "message": text}])
    if not context.dry_run:
        new = deepcopy(budget)
        new["status"]["disruptionsAllowed"] -= 1
        cluster.store.put("poddisruptionbudgets.policy", new)
