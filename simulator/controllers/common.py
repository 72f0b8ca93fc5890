"""What all controllers do: write through the registry, record events, set conditions."""

import hashlib
from collections.abc import Iterable
from copy import deepcopy
from datetime import datetime
from math import ceil, floor
from typing import Any

from simulator.apimachinery.clock import stamp
from simulator.apimachinery.errors import ApiError
from simulator.apimachinery.objects import Obj, condition_of, controller_of, name_of, namespace_of
from simulator.apimachinery.store import Key, WorkKey, encode
from simulator.apiserver import registry
from simulator.apiserver.context import DeleteOptions, WriteContext
from simulator.apiserver.deletion import delete
from simulator.cluster import SUFFIX, Cluster

BACKOFF_SECONDS = 15.0
MANAGER = "kube-controller-manager"


def own_key(obj: Obj) -> Key:
    return namespace_of(obj), name_of(obj)


class Base:
    """Keys are (namespace, name) of `table`.

    Objects of other watched tables lead to their controller.
    """

    table = ""
    kind = ""
    watches: tuple[str, ...] = ()

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.store = cluster, cluster.store

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        if table == self.table:
            return [own_key(obj)]
        owner = controller_of(obj)
        return [(namespace_of(obj), owner["name"])] if owner and owner["kind"] == self.kind else []

    def held(self, key: WorkKey) -> Obj | None:
        return self.store.get(self.table, key[0], key[1])

    def create(self, table: str, obj: Obj, now: datetime) -> Obj:
        return registry.create(
            self.cluster, self.cluster.resource(table), obj, WriteContext(now, MANAGER)
        )

    def delete(
        self, table: str, obj: Obj, now: datetime, options: DeleteOptions | None = None
    ) -> None:
        resource, context = self.cluster.resource(table), WriteContext(now, MANAGER)
        delete(
            self.cluster,
            resource,
            namespace_of(obj),
            name_of(obj),
            options or DeleteOptions(),
            context,
        )

    def change(self, table: str, obj: Obj, now: datetime, **fields: Any) -> Obj:
        """Sets top-level fields (metadata, spec) of an object as a controller's update."""

        def mutate(current: Obj) -> Obj:
            return {**current, **deepcopy(fields)}

        resource, context = self.cluster.resource(table), WriteContext(now, MANAGER)
        return registry.update(
            self.cluster, resource, namespace_of(obj), name_of(obj), mutate, context
        )

    def set_status(self, table: str, obj: Obj, status: Obj) -> Obj:
        """Writes the status when it differs.

        Bypasses validation as the server's own strategy does.
        """
        current = self.store.get(table, namespace_of(obj), name_of(obj))
        if current is None or current.get("status") == status:
            return current or obj
        new = {**current, "metadata": dict(current["metadata"]), "status": status}
        new["metadata"]["managedFields"] = _status_entry(new, self.cluster)
        return self.store.put(table, new)

    def event(
        self,
        obj: Obj,
        kind: str,
        reason: str,
        message: str,
        now: datetime,
        source: str,
        **more: str,
    ) -> None:
        record_event(self.cluster, obj, kind, reason, message, now, source, **more)


def _status_entry(obj: Obj, cluster: Cluster) -> list[Obj]:
    entries = obj["metadata"].get("managedFields") or []
    manager = "kubelet" if obj.get("kind") in ("Pod", "Node") else MANAGER
    kept = [
        e for e in entries if not (e["manager"] == manager and e.get("subresource") == "status")
    ]
    entry = {"manager": manager, "operation": "Update", "apiVersion": obj.get("apiVersion", "v1")}
    entry |= {"time": stamp(cluster.clock.now()), "fieldsType": "FieldsV1", "subresource": "status"}
    return [*kept, {**entry, "fieldsV1": {}}]


def record_event(
    cluster: Cluster,
    obj: Obj,
    kind: str,
    reason: str,
    message: str,
    now: datetime,
    source: str,
    host: str = "",
    path: str = "",
) -> None:
    """A new Event, or one more count on the same one, as the event correlator does.

    A namespace that is being deleted takes none.
    """
    namespace = namespace_of(obj) or "default"
    if is_terminating(cluster, namespace):
        return
    seed = encode([obj["metadata"].get("uid"), reason, message, source, path])
    name = f"{name_of(obj)}.{hashlib.sha256(seed).hexdigest()[:16]}"
    held = cluster.store.get("events", namespace, name)
    if held is not None:
        new = {
            **held,
            "metadata": dict(held["metadata"]),
            "count": held["count"] + 1,
            "lastTimestamp": stamp(now),
        }
        cluster.store.put("events", new)
        return
    cluster.store.put(
        "events",
        _new_event(cluster, obj, namespace, name, now)
        | {
            "type": kind,
            "reason": reason,
            "message": message,
            "count": 1,
            "source": {"component": source} | ({"host": host} if host else {}),
            "reportingComponent": source,
            "reportingInstance": host,
        }
        | _involved(obj, path),
    )


def is_terminating(cluster: Cluster, namespace: str) -> bool:
    found = cluster.store.get("namespaces", "", namespace)
    return found is not None and bool(found["metadata"].get("deletionTimestamp"))


def _new_event(cluster: Cluster, obj: Obj, namespace: str, name: str, now: datetime) -> Obj:
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": cluster.new_uid(),
        "creationTimestamp": stamp(now),
    }
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": metadata,
        "eventTime": None,
        "firstTimestamp": stamp(now),
        "lastTimestamp": stamp(now),
    }


def _involved(obj: Obj, path: str) -> Obj:
    metadata = obj["metadata"]
    involved = {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "name": metadata["name"]}
    for key in ("namespace", "uid", "resourceVersion"):
        if metadata.get(key):
            involved[key] = metadata[key]
    return {"involvedObject": involved | ({"fieldPath": path} if path else {})}


def with_condition(conditions: list[Obj], now: datetime, **wanted: str) -> list[Obj]:
    """Sets one condition (type=, status=, reason=, message=).

    The transition time moves with the status.
    """
    old = next((c for c in conditions if c["type"] == wanted["type"]), None)
    if old is None:
        return [*conditions, {**wanted, "lastTransitionTime": stamp(now)}]
    if all(old.get(k) == v for k, v in wanted.items()):
        return conditions
    moved = old["status"] != wanted["status"]
    since = stamp(now) if moved else old.get("lastTransitionTime", stamp(now))
    new: Obj = {**old, **wanted, "lastTransitionTime": since}
    return [new if c is old else c for c in conditions]


def owner_reference(owner: Obj) -> Obj:
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name_of(owner)}
    return {
        **reference,
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def pod_from(
    owner: Obj, template: Obj, name: str = "", prefix: str = "", labels: Obj | None = None
) -> Obj:
    metadata: Obj = {"namespace": namespace_of(owner), "ownerReferences": [owner_reference(owner)]}
    source = template.get("metadata") or {}
    metadata |= {k: deepcopy(source[k]) for k in ("labels", "annotations") if source.get(k)}
    metadata["labels"] = {**(metadata.get("labels") or {}), **(labels or {})}
    metadata |= {"name": name} if name else {"generateName": prefix}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": deepcopy(template["spec"]),
    }


def is_ready(pod: Obj) -> bool:
    return bool(condition_of(pod, "Ready").get("status") == "True")


def ready_seconds(pod: Obj, now: datetime) -> float:
    from simulator.apimachinery.clock import seconds_since

    return (
        seconds_since(condition_of(pod, "Ready").get("lastTransitionTime"), now)
        if is_ready(pod)
        else -1.0
    )


def is_going(obj: Obj) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))


def is_active(pod: Obj) -> bool:
    finished = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return not finished and not is_going(pod)


def without_empty(status: Obj, *kept: str) -> Obj:
    """As Go writes it: an empty field is left out, unless it is one of those that are kept."""
    return {name: value for name, value in status.items() if value or name in kept}


def short_hash(value: Any, length: int = 10) -> str:
    """A stable name part in the alphabet of rand.SafeEncodeString."""
    number = int.from_bytes(hashlib.sha256(encode(_sorted(value))).digest()[:8])
    letters = ""
    while len(letters) < length:
        number, rest = divmod(number, len(SUFFIX))
        letters += SUFFIX[rest]
    return letters


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _sorted(value[k]) for k in sorted(value)}
    return [_sorted(v) for v in value] if isinstance(value, list) else value


def share(value: Any, total: int, up: bool) -> int:
    """An IntOrString of a total: "25%" or 1."""
    if isinstance(value, str) and value.endswith("%"):
        part = total * int(value[:-1]) / 100
        return ceil(part) if up else floor(part)
    return int(value)


__all__ = [
    "ApiError",
    "Base",
    "DeleteOptions",
    "WriteContext",
    "is_active",
    "is_ready",
    "share",
    "with_condition",
]
