"""Built-in admission: namespace life cycle, ServiceAccount, LimitRange, ResourceQuota, resize."""

from collections.abc import Iterable

from simulator.apimachinery.errors import ApiError, denied, not_found, terminating
from simulator.apimachinery.objects import Obj, name_of, namespace_of
from simulator.apimachinery.quantities import bytes_text, cores_text, parse_quantity
from simulator.apimachinery.resources import Resource
from simulator.apiserver import webhooks
from simulator.cluster import Cluster
from simulator.cluster.fault_rules import affliction_of

RESIZE = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc"
    " must support resize"
)
ALIASES = {"cpu": "requests.cpu", "memory": "requests.memory"}


def admit_create(cluster: Cluster, resource: Resource, obj: Obj) -> None:
    """Raises ApiError; may fill in a LimitRange's defaults."""
    if resource.namespaced:
        _namespace(cluster, resource, obj)
    if resource.table == "pods":
        _service_account(cluster, resource, obj)
        _limit_ranges(cluster, resource, obj)
    webhooks.check(cluster.webhooks, resource, "CREATE", namespace_of(obj))
    if resource.table == "pods":
        _afflicted(cluster, resource, obj)
        _quotas(cluster, resource, obj)


def admit_update(cluster: Cluster, resource: Resource, old: Obj, new: Obj) -> None:
    webhooks.check(cluster.webhooks, resource, "UPDATE", namespace_of(new))
    if resource.table == "persistentvolumeclaims":
        _resize(cluster, resource, old, new)


def _afflicted(cluster: Cluster, resource: Resource, pod: Obj) -> None:
    ill = affliction_of(cluster, pod)
    if ill is not None and ill.refusal:
        raise denied(resource, name_of(pod), ill.refusal)


def _namespace(cluster: Cluster, resource: Resource, obj: Obj) -> None:
    namespace = cluster.store.get("namespaces", "", namespace_of(obj))
    if namespace is None:
        raise not_found(cluster.resource("namespaces"), namespace_of(obj))
    if namespace["metadata"].get("deletionTimestamp"):
        raise terminating(resource, name_of(obj), namespace_of(obj))


def _service_account(cluster: Cluster, resource: Resource, pod: Obj) -> None:
    name = pod["spec"].get("serviceAccountName", "default")
    where = namespace_of(pod)
    if name != "default" and cluster.store.get("serviceaccounts", where, name) is None:
        missing = f'serviceaccount "{name}" not found'
        raise denied(
            resource, name_of(pod), f"error looking up service account {where}/{name}: {missing}"
        )


def _limit_ranges(cluster: Cluster, resource: Resource, pod: Obj) -> None:
    for limit_range in cluster.store.items("limitranges", namespace_of(pod)):
        for item in limit_range["spec"].get("limits") or ():
            if item.get("type") == "Container":
                _limit_containers(resource, pod, item)


def _limit_containers(resource: Resource, pod: Obj, item: Obj) -> None:
    for container in pod["spec"]["containers"]:
        resources = container.setdefault("resources", {})
        for kind, default in (("limits", "default"), ("requests", "defaultRequest")):
            for name, value in (item.get(default) or {}).items():
                resources.setdefault(kind, {}).setdefault(name, value)
        for name, most in (item.get("max") or {}).items():
            value = (resources.get("limits") or {}).get(name)
            if value is not None and parse_quantity(value) > parse_quantity(most):
                why = f"maximum {name} usage per Container is {most}, but limit is {value}"
                raise denied(resource, name_of(pod), why)


def usage(pods: Iterable[Obj]) -> dict[str, float]:
    """What the given pods count against a quota."""
    total: dict[str, float] = {}
    for pod in pods:
        if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            continue
        total["pods"] = total.get("pods", 0) + 1
        for container in pod["spec"]["containers"]:
            _add_container(total, container.get("resources") or {})
    return total


def _add_container(total: dict[str, float], resources: Obj) -> None:
    for kind in ("requests", "limits"):
        for name, value in (resources.get(kind) or {}).items():
            key = f"{kind}.{name}"
            total[key] = total.get(key, 0) + parse_quantity(value)


def quota_key(name: str) -> str:
    return "pods" if name == "count/pods" else ALIASES.get(name, name)


def amount_text(name: str, amount: float) -> str:
    if name.endswith("cpu"):
        return cores_text(amount)
    return bytes_text(amount) if name.endswith("memory") else str(int(amount))


def _quotas(cluster: Cluster, resource: Resource, pod: Obj) -> None:
    quotas = cluster.store.items("resourcequotas", namespace_of(pod))
    if not quotas:
        return
    used, asked = usage(cluster.store.items("pods", namespace_of(pod))), usage([pod])
    for quota in quotas:
        _check_quota(resource, pod, quota, used, asked)


def _check_quota(
    resource: Resource, pod: Obj, quota: Obj, used: dict[str, float], asked: dict[str, float]
) -> None:
    hard = quota["spec"].get("hard") or {}
    missing = [
        n
        for n in hard
        if quota_key(n).startswith(("requests.", "limits.")) and quota_key(n) not in asked
    ]
    if missing:
        raise denied(
            resource,
            name_of(pod),
            f"failed quota: {name_of(quota)}: must specify {','.join(missing)}",
        )
    over = [
        n
        for n, limit in hard.items()
        if quota_key(n) in asked
        and used.get(quota_key(n), 0) + asked[quota_key(n)] > parse_quantity(limit)
    ]
    if over:
        raise _exceeded(resource, pod, quota, over, used, asked)


def _exceeded(
    resource: Resource,
    pod: Obj,
    quota: Obj,
    over: list[str],
    used: dict[str, float],
    asked: dict[str, float],
) -> ApiError:
    def as_text(values: dict[str, float]) -> str:
        return ",".join(f"{n}={amount_text(n, values.get(quota_key(n), 0))}" for n in sorted(over))

    limited = ",".join(f"{n}={quota['spec']['hard'][n]}" for n in sorted(over))
    why = (
        f"exceeded quota: {name_of(quota)}, requested: {as_text(asked)}, used: {as_text(used)},"
        f" limited: {limited}"
    )
    return denied(resource, name_of(pod), why)


def _resize(cluster: Cluster, resource: Resource, old: Obj, new: Obj) -> None:
    sizes = [c["spec"].get("resources", {}).get("requests", {}).get("storage") for c in (old, new)]
    if sizes[0] == sizes[1]:
        return
    storage_class = cluster.store.get(
        "storageclasses.storage.k8s.io", "", new["spec"].get("storageClassName") or ""
    )
    if not (storage_class or {}).get("allowVolumeExpansion"):
        raise denied(resource, name_of(new), RESIZE)
