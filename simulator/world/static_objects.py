"""Static mode: arbitrary raw objects, exactly as given.

Only what is missing of metadata is filled in.
"""

from collections.abc import Iterable
from copy import deepcopy

from simulator.apimachinery.clock import stamp
from simulator.apimachinery.objects import Obj
from simulator.apimachinery.resources import Resource
from simulator.cluster import Cluster, LogKey
from simulator.prometheus.storage.store import MetricStore


def load(
    cluster: Cluster,
    metric_store: MetricStore,
    objects: Iterable[Obj],
    logs: dict[LogKey, str] | None = None,
    metrics: Iterable[Obj] = (),
) -> None:
    """`metrics`: {"name", "labels", "samples": [[unix seconds, value], …]}.

    Unknown kinds are registered.
    """
    with cluster.store.lock:
        for obj in objects:
            load_one(cluster, obj)
    cluster.logs |= logs or {}
    for series in metrics:
        for at, value in sorted(series["samples"]):
            metric_store.append(
                series["name"], dict(series.get("labels") or {}), float(at), float(value)
            )


def load_one(cluster: Cluster, obj: Obj) -> Obj:
    resource, new = resource_of(cluster, obj), deepcopy(obj)
    metadata = new.setdefault("metadata", {})
    if resource.namespaced:
        metadata.setdefault("namespace", "default")
    metadata.setdefault("uid", cluster.new_uid())
    metadata.setdefault("creationTimestamp", stamp(cluster.clock.now()))
    given = metadata.get("resourceVersion")
    stored = cluster.store.put(resource.table, new)
    if given is not None:
        stored["metadata"]["resourceVersion"] = str(given)
        if str(given).isdigit():
            cluster.store.revision = max(cluster.store.revision, int(given))
    return stored


def resource_of(cluster: Cluster, obj: Obj) -> Resource:
    found = cluster.catalogue.of_kind(obj.get("apiVersion", "v1"), obj["kind"])
    if found is not None:
        return cluster.resource(found.table)
    group, _, version = obj["apiVersion"].rpartition("/")
    namespaced = "namespace" in (obj.get("metadata") or {})
    plural = plural_of(obj["kind"])
    return cluster.catalogue.add_custom(group, version, plural, obj["kind"], namespaced)


def plural_of(kind: str) -> str:
    lower = kind.lower()
    if lower.endswith("y"):
        return lower[:-1] + "ies"
    return lower + ("es" if lower.endswith("s") else "s")
