"""Deletion: preconditions, grace, finalizers, propagation."""

from copy import deepcopy
from datetime import timedelta

from simulator.apimachinery.clock import parse, stamp
from simulator.apimachinery.errors import precondition_failed
from simulator.apimachinery.objects import Obj, name_of, namespace_of
from simulator.apimachinery.resources import Resource
from simulator.apiserver.context import DeleteOptions, WriteContext
from simulator.apiserver.registry import get
from simulator.cluster import Cluster

FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


def delete(
    cluster: Cluster,
    resource: Resource,
    namespace: str,
    name: str,
    options: DeleteOptions,
    context: WriteContext,
) -> tuple[Obj, bool]:
    """The object as it is (or would be) afterwards, and whether it is gone."""
    with cluster.store.lock:
        old = get(cluster, resource, namespace, name)
        check_preconditions(resource, name, old, options)
        new = deepcopy(old)
        grace = _grace(resource, old, options)
        if options.propagation in FINALIZERS:
            _add_finalizer(new, FINALIZERS[options.propagation])
        if not grace and not new["metadata"].get("finalizers") and resource.table != "namespaces":
            return _removed(cluster, resource, new, context)
        return _marked(cluster, resource, old, new, grace, context), False


def check_preconditions(resource: Resource, name: str, old: Obj, options: DeleteOptions) -> None:
    uid, version = old["metadata"]["uid"], old["metadata"]["resourceVersion"]
    if options.uid not in (None, "", uid):
        raise precondition_failed(
            resource,
            name,
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({uid})."
            " The object might have been deleted and then recreated",
        )
    if options.resource_version not in (None, "", version):
        raise precondition_failed(
            resource,
            name,
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match"
            f" the ResourceVersion in record ({version}). The object might have been modified",
        )


def _grace(resource: Resource, old: Obj, options: DeleteOptions) -> int:
    if resource.table != "pods":
        return 0
    if not old["spec"].get("nodeName") or old.get("status", {}).get("phase") in (
        "Succeeded",
        "Failed",
    ):
        return 0
    if options.grace_seconds is not None:
        return max(0, options.grace_seconds)
    return int(old["spec"].get("terminationGracePeriodSeconds", 30))


def _add_finalizer(new: Obj, finalizer: str) -> None:
    held = new["metadata"].setdefault("finalizers", [])
    if finalizer not in held:
        held.append(finalizer)


def _removed(
    cluster: Cluster, resource: Resource, new: Obj, context: WriteContext
) -> tuple[Obj, bool]:
    if context.dry_run:
        return new, True
    last = cluster.store.remove(resource.table, namespace_of(new), name_of(new))
    return last or new, True


def _marked(
    cluster: Cluster, resource: Resource, old: Obj, new: Obj, grace: int, context: WriteContext
) -> Obj:
    metadata, due = new["metadata"], context.now + timedelta(seconds=grace)
    if not metadata.get("deletionTimestamp") or due < parse(metadata["deletionTimestamp"]):
        metadata["deletionTimestamp"] = stamp(due)
        metadata["deletionGracePeriodSeconds"] = grace
        if "generation" in metadata:
            metadata["generation"] += 1
    if resource.table == "namespaces":
        new["status"] = {**new.get("status", {}), "phase": "Terminating"}
    return (
        old
        if context.dry_run and new == old
        else new
        if context.dry_run
        else cluster.store.put(resource.table, new)
    )
