"""The vocabulary of metrics: which query, of which entity, with which value. Plain values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from detection.domain.causes import Severity

ABOVE, BELOW = "above", "below"
SEPARATOR = "|"
WORKLOAD_LABELS = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "daemonset": "DaemonSet",
    "replicaset": "ReplicaSet",
    "job_name": "Job",
    "cronjob": "CronJob",
    "horizontalpodautoscaler": "HorizontalPodAutoscaler",
}
# The kinds of which a scan knows every object.
SCANNED_KINDS = frozenset(
    {
        "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Node",
        "PersistentVolumeClaim", "HorizontalPodAutoscaler",
    }
)  # fmt: skip
SCAN_COUNTS_SECONDS = 60.0
NODE_NAME_LABELS = ("exported_node", "node", "nodename")
UID_LABEL = "uid"
NODE_LABELS = (*NODE_NAME_LABELS, "instance")


class Check(StrEnum):
    """What the last look at a query told; the same words as `MetricQuery.Check`."""

    NOT_CHECKED = "not checked"
    OK = "ok"
    WARNINGS = "warnings"
    ABSENT = "no series"
    STALE = "stale"
    INVALID = "invalid"
    ERROR = "error"
    TIMEOUT = "time-out"


@dataclass(frozen=True)
class Query:
    """A `MetricQuery` row as plain values. `threshold` None: recorded, never a breach."""

    name: str
    query: str
    entity_kind: str
    labels: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    direction: str = ABOVE
    threshold: float | None = None
    dwell_seconds: int = 300
    severity: str = Severity.INFO.value
    source: str = "prometheus"
    description: str = ""

    def worse(self, one: float, other: float) -> bool:
        """Whether `one` is worse than `other`."""
        return one < other if self.direction == BELOW else one > other

    def breaches(self, value: float) -> bool:
        """Whether `value` is beyond the threshold; NaN never is."""
        return self.threshold is not None and self.worse(value, self.threshold)


class Entity(NamedTuple):
    """What a value belongs to. A pod's value is its workload's; `pod` says which pod it was."""

    kind: str
    namespace: str
    name: str
    container: str = ""
    pod: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one query; `at` is the evaluation time, `value` is finite."""

    entity: Entity
    metric: str
    value: float
    at: datetime


class Owner(NamedTuple):
    """The top controller of a pod."""

    kind: str
    name: str
    uid: str = ""


@dataclass(frozen=True)
class Owners:
    """Who owns which pod: "namespace/pod" → owner; and "Kind/namespace/name" → UID.

    `at`: when a scan saw all of them, epoch seconds; 0 where they are not known to be all.
    """

    pods: Mapping[str, Owner] = field(default_factory=dict)
    uids: Mapping[str, str] = field(default_factory=dict)
    at: float = 0.0

    def uid(self, kind: str, namespace: str, name: str) -> str:
        """'' where nobody knows it."""
        return self.uids.get(f"{kind}/{namespace}/{name}", "")

    def is_gone(self, kind: str, namespace: str, name: str, uid: str, now: float) -> bool:
        """Whether a scan of the last minute saw no such object, or another one of that name.

        False where nobody can tell: no scan, an old one, a kind that none reads.
        """
        if kind not in SCANNED_KINDS or now - self.at > SCAN_COUNTS_SECONDS:
            return False
        known = self.uid(kind, namespace, name)
        return not known or bool(uid and uid != known)


def owners_of(
    pods: Mapping[str, Owner], uids: Mapping[str, str] | None = None, at: float = 0.0
) -> Owners:
    """Owners whose UIDs include those that the pods' owners bring along."""
    known = {
        f"{owner.kind}/{pod.partition('/')[0]}/{owner.name}": owner.uid
        for pod, owner in pods.items()
        if owner.uid
    }
    return Owners(pods, known | dict(uids or {}), at)


def is_gone(entity: Entity, labels: Mapping[str, str], owners: Owners, now: float) -> bool:
    """Whether the object that the labels name is certainly gone; of a pod's value, the pod.

    Prometheus keeps a dead pod in `increase`, `rate` and `last_over_time` for their whole range.
    `now` in epoch seconds. An exporter's address (`instance`) need not be a node's name.
    """
    if entity.pod:
        uid = labels.get(UID_LABEL, "")
        return owners.is_gone("Pod", entity.namespace, entity.pod, uid, now)
    if entity.kind == "Node" and not is_named_node(labels):
        return False
    return owners.is_gone(entity.kind, entity.namespace, entity.name, "", now)


def is_named_node(labels: Mapping[str, str]) -> bool:
    """Whether a node goes by its name and not by an address."""
    return any(label in labels for label in NODE_NAME_LABELS)


PARTS = {
    "pod": ("namespace", "pod", "container"),
    "workload": ("namespace", "kind", "name"),
    "node": ("node",),
    "volume": ("namespace", "persistentvolumeclaim"),
}


def wrong_labels(entity_kind: str, labels: object) -> str:
    """Why `labels` maps no entity part to a label's name; '' where it does."""
    known = PARTS.get(entity_kind, ())
    parts = f"the parts of a {entity_kind} are {', '.join(known)}"
    if not isinstance(labels, dict):
        return f"labels must be an object from entity part to label name; {parts}"
    if unknown := sorted(set(labels) - set(known)):
        return f"labels: {', '.join(unknown)}: {parts}"
    if not all(isinstance(label, str) and label for label in labels.values()):
        return "labels: every value must be the name of a label"
    return ""


def series_key(metric: str, entity: Entity) -> str:
    """The key of a metric's history: by workload and container, so that it survives pod churn."""
    return SEPARATOR.join((metric, entity.kind, entity.namespace, entity.name, entity.container))


def parse_key(key: str) -> tuple[str, Entity]:
    """Metric and entity of a series key."""
    metric, kind, namespace, name, container = key.split(SEPARATOR)
    return metric, Entity(kind, namespace, name, container)


def entity_of(query: Query, labels: Mapping[str, str], owners: Owners) -> Entity | None:
    """The entity that a result's labels name; None where they name none.

    `exported_x` wins over `x`: it is the label that the exporter itself set.
    """
    if any(SEPARATOR in value for value in labels.values()):
        return None
    return _DEAL[query.entity_kind](query, labels, owners)


def _pod(query: Query, labels: Mapping[str, str], owners: Owners) -> Entity | None:
    namespace, pod = _part(query, labels, "namespace"), _part(query, labels, "pod")
    if not namespace or not pod:
        return None
    owner = owners.pods.get(f"{namespace}/{pod}") or Owner("Pod", pod)
    return Entity(owner.kind, namespace, owner.name, _part(query, labels, "container"), pod)


def _workload(query: Query, labels: Mapping[str, str], _: Owners) -> Entity | None:
    namespace = _part(query, labels, "namespace")
    if "name" in query.labels:
        kind = labels.get(query.labels.get("kind", "kind"), "")
        name = labels.get(query.labels["name"], "")
    else:
        kind, name = _workload_label(labels)
    return Entity(kind, namespace, name) if namespace and kind and name else None


def _workload_label(labels: Mapping[str, str]) -> tuple[str, str]:
    for label, kind in WORKLOAD_LABELS.items():
        if name := labels.get(f"exported_{label}") or labels.get(label):
            return kind, name
    return "", ""


def _node(query: Query, labels: Mapping[str, str], _: Owners) -> Entity | None:
    wanted = (query.labels["node"],) if "node" in query.labels else NODE_LABELS
    for label in wanted:
        if name := labels.get(label):
            return Entity("Node", "", name.rpartition(":")[0] or name)
    return None


def _volume(query: Query, labels: Mapping[str, str], _: Owners) -> Entity | None:
    namespace = _part(query, labels, "namespace")
    name = _part(query, labels, "persistentvolumeclaim")
    return Entity("PersistentVolumeClaim", namespace, name) if namespace and name else None


def _part(query: Query, labels: Mapping[str, str], part: str) -> str:
    if part in query.labels:
        return labels.get(query.labels[part], "")
    return labels.get(f"exported_{part}") or labels.get(part, "")


_DEAL = {"pod": _pod, "workload": _workload, "node": _node, "volume": _volume}
