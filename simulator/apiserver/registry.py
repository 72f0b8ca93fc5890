"""Create, update and delete as the API server does them, for requests and controllers alike."""

from collections.abc import Callable
from copy import deepcopy

from simulator.apimachinery.clock import stamp
from simulator.apimachinery.errors import (
    already_exists,
    conflict,
    invalid,
    invalid_value,
    not_found,
)
from simulator.apimachinery.objects import Obj, name_of, namespace_of
from simulator.apimachinery.resources import Resource
from simulator.apimachinery.schema.fields import prune
from simulator.apiserver.admission import admit_create, admit_update
from simulator.apiserver.context import DeleteOptions, WriteContext
from simulator.apiserver.defaults import apply_defaults
from simulator.apiserver.validation import validate
from simulator.cluster import Cluster

UNGENERATED = {
    "nodes",
    "services",
    "namespaces",
    "events",
    "endpoints",
    "configmaps",
    "secrets",
    "serviceaccounts",
    "persistentvolumeclaims",
    "persistentvolumes",
    "controllerrevisions.apps",
    "leases.coordination.k8s.io",
    "resourcequotas",
    "horizontalpodautoscalers.autoscaling",
}
SYSTEM = (
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
)


def get(cluster: Cluster, resource: Resource, namespace: str, name: str) -> Obj:
    found = cluster.store.get(resource.table, namespace, name)
    if found is None:
        raise not_found(resource, name)
    return found


def create(cluster: Cluster, resource: Resource, obj: Obj, context: WriteContext) -> Obj:
    """Admits, validates and stores a new object; the given one is not changed."""
    with cluster.store.lock:
        new = _prepared(cluster, resource, deepcopy(obj), context)
        if cluster.store.get(resource.table, namespace_of(new), name_of(new)) is not None:
            raise already_exists(resource, name_of(new))
        _check(resource, new, None)
        admit_create(cluster, resource, new)
        apply_defaults(resource.table, new)
        if context.dry_run:
            return new
        cluster.store.put(resource.table, new)
        return new


def _prepared(cluster: Cluster, resource: Resource, new: Obj, context: WriteContext) -> Obj:
    new["apiVersion"], new["kind"] = resource.api_version, resource.kind
    metadata = new.setdefault("metadata", {})
    for key in (*SYSTEM, "resourceVersion", "selfLink"):
        metadata.pop(key, None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"] + cluster.suffix()
    metadata["uid"] = cluster.new_uid()
    metadata["creationTimestamp"] = stamp(context.now)
    if resource.table not in UNGENERATED:
        metadata["generation"] = 1
    if "status" in resource.subresources:
        new.pop("status", None)
    apply_defaults(resource.table, new) if metadata.get("name") else None
    _omit_empty(metadata)
    _manage(new, resource, context, "")
    return new


def _omit_empty(metadata: Obj) -> None:
    for key in ("labels", "annotations", "ownerReferences", "finalizers"):
        if key in metadata and not metadata[key]:
            del metadata[key]


def _check(resource: Resource, new: Obj, old: Obj | None) -> None:
    causes = validate(resource.table, new, old)
    if causes:
        raise invalid(resource, str(new["metadata"].get("name", "")), causes)


def check_fields(resource: Resource, obj: Obj, context: WriteContext) -> list[str]:
    """Drops unknown fields, with a warning each; returns them for strict validation."""
    unknown = prune(resource, obj)
    if context.validation == "Warn":
        for path in unknown:
            context.warn(f'unknown field "{path}"')
    return unknown


def _manage(obj: Obj, resource: Resource, context: WriteContext, subresource: str) -> None:
    entries = [dict(e) for e in obj["metadata"].get("managedFields") or ()]
    identity = (context.manager, context.operation, subresource)
    kept = [
        e for e in entries if (e["manager"], e["operation"], e.get("subresource", "")) != identity
    ]
    entry: Obj = {"manager": context.manager, "operation": context.operation}
    entry |= {"apiVersion": resource.api_version, "time": stamp(context.now)}
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": {}}
    if subresource:
        entry["subresource"] = subresource
    obj["metadata"]["managedFields"] = [*kept, entry]


Mutate = Callable[[Obj], Obj]


def update(
    cluster: Cluster,
    resource: Resource,
    namespace: str,
    name: str,
    mutate: Mutate,
    context: WriteContext,
    subresource: str = "",
) -> Obj:
    """`mutate` gets a private copy and returns the wanted object (or raises ApiError)."""
    with cluster.store.lock:
        old = get(cluster, resource, namespace, name)
        wanted = mutate(deepcopy(old))
        _check_preconditions(resource, name, old, wanted)
        new = _merged(resource, old, wanted, subresource)
        _omit_empty(new["metadata"])
        if not subresource:
            apply_defaults(resource.table, new)
            if not new["metadata"].get("deletionTimestamp"):
                _check(resource, new, old)
            admit_update(cluster, resource, old, new)
        return _stored(cluster, resource, old, new, context, subresource)


def _check_preconditions(resource: Resource, name: str, old: Obj, wanted: Obj) -> None:
    asked, held = wanted.get("metadata") or {}, old["metadata"]
    if asked.get("resourceVersion") not in (None, "", held["resourceVersion"]):
        raise conflict(resource, name)
    if asked.get("uid") not in (None, "", held["uid"]):
        causes = [invalid_value("metadata.uid", asked["uid"], "field is immutable")]
        raise invalid(resource, name, causes)


def require_uid(resource: Resource, name: str, old: Obj, given: Obj) -> None:
    """A replacement's uid is a precondition, where a patch's would be a change."""
    asked, held = (given.get("metadata") or {}).get("uid"), old["metadata"]["uid"]
    if asked not in (None, "", held):
        why = f"Precondition failed: UID in precondition: {asked}, UID in object meta: {held}"
        raise conflict(resource, name, why)


def _merged(resource: Resource, old: Obj, wanted: Obj, subresource: str) -> Obj:
    if subresource == "status":
        kept = {k: v for k, v in old.items() if k != "status"}
        merged: Obj = {**deepcopy(kept), "status": wanted.get("status", {})}
        _metadata_lists(merged, wanted)
        return merged
    new = wanted
    new["apiVersion"], new["kind"] = resource.api_version, resource.kind
    new.setdefault("metadata", {})
    for key in ("name", "namespace", *SYSTEM, "resourceVersion", "generateName"):
        if key in old["metadata"]:
            new["metadata"][key] = old["metadata"][key]
        else:
            new["metadata"].pop(key, None)
    if "status" in resource.subresources and "status" in old:
        new["status"] = old["status"]
    return new


def _metadata_lists(merged: Obj, wanted: Obj) -> None:
    for key in ("labels", "annotations"):
        if key in (wanted.get("metadata") or {}):
            merged["metadata"][key] = wanted["metadata"][key]


def _content(obj: Obj) -> Obj:
    return {k: v for k, v in obj.items() if k not in ("metadata", "status", "apiVersion", "kind")}


def _same(old: Obj, new: Obj) -> bool:
    ignored = ("managedFields", "resourceVersion")
    left = {k: v for k, v in old["metadata"].items() if k not in ignored}
    right = {k: v for k, v in new["metadata"].items() if k not in ignored}
    return (
        left == right and old.get("status") == new.get("status") and _content(old) == _content(new)
    )


def _stored(
    cluster: Cluster,
    resource: Resource,
    old: Obj,
    new: Obj,
    context: WriteContext,
    subresource: str,
) -> Obj:
    if _same(old, new):
        return old
    if resource.table not in UNGENERATED and _content(old) != _content(new):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    _manage(new, resource, context, subresource)
    if context.dry_run:
        return new
    if _ready_to_go(new):
        cluster.store.remove(resource.table, namespace_of(new), name_of(new))
        return new
    return cluster.store.put(resource.table, new)


def _ready_to_go(obj: Obj) -> bool:
    metadata = obj["metadata"]
    waits = metadata.get("deletionGracePeriodSeconds") or (obj.get("spec") or {}).get("finalizers")
    return bool(metadata.get("deletionTimestamp")) and not metadata.get("finalizers") and not waits


__all__ = ["DeleteOptions", "check_fields", "create", "get", "require_uid", "update"]
