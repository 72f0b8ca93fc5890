"""What normally happens in a cluster and looks like a failure for a while: read from the snapshot.

A node starts or leaves, a workload is rolled out or scaled, pods start, a Job runs or ends, a
source of metrics starts. Each is known by the objects' own times, with or without an incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from detection.domain.findings import ObjectRef
from detection.failures.finding_builder import full_name
from detection.failures.nodes.not_ready import not_ready_since
from detection.failures.scheduling.cordons import cordoned_since
from detection.kubernetes.objects import core as o
from detection.models import Cluster, SourceState
from detection.runtime.source_visibility import DETECTION, KUBERNETES
from detection.snapshot import LONG_AGO, Snapshot, revision_of_replicaset
from detection.snapshot.pod_status import containers

Name = tuple[str, str, str]
LATELY = timedelta(hours=1)
ROLLING = frozenset(
    {"FoundNewReplicaSet", "NewReplicaSetCreated", "ReplicaSetUpdated", "NewReplicaSetAvailable"}
)
PURPOSE = ("app.kubernetes.io/name", "k8s-app", "app")
SOURCES_OF_METRICS = frozenset({"prometheus", "kube-state-metrics", "metrics-server"})


class Kind(StrEnum):
    """The value is what is said of it."""

    NODE_STARTED = "started"
    NODE_LEAVING = "was cordoned, drained or removed"
    ROLLED_OUT = "was rolled out"
    SCALED = "was scaled"
    PODS_STARTED = "got new pods"
    JOB_STARTED = "started a run"
    JOB_ENDED = "ended a run"
    METRICS_STARTED = "was started anew"
    SOURCE_SEEN = "was seen for the first time, or again,"


@dataclass(frozen=True)
class Happening:
    """`owners`: (kind, namespace, name) of all that it is about; `node` where it is one's."""

    kind: Kind
    at: datetime
    what: str
    owners: frozenset[Name] = frozenset()
    node: str = ""

    @property
    def text(self) -> str:
        return f"{self.what} {self.kind} at {self.at:%H:%M:%S}"


def name_of(ref: ObjectRef) -> Name:
    return ref.kind, ref.namespace, ref.name


def happenings(snapshot: Snapshot) -> list[Happening]:
    """Those of the last hour, the newest first."""
    found = [
        *_nodes(snapshot),
        *_removed_nodes(snapshot),
        *_rolled_out(snapshot),
        *_scaled(snapshot),
        *_jobs(snapshot),
        *_started_pods(snapshot),
    ]
    lately = (one for one in found if _is_recent(snapshot, one.at))
    return sorted(lately, key=lambda one: one.at, reverse=True)


def of_sources(cluster: Cluster, now: datetime) -> list[Happening]:
    """Sources of metrics that can be seen since lately: a new one, or one that was restarted."""
    rows = SourceState.objects.filter(
        cluster=cluster, state=SourceState.State.SEEN, since__gte=now - LATELY
    )
    rows = rows.exclude(name__startswith=KUBERNETES).exclude(name__startswith=DETECTION)
    return [Happening(Kind.SOURCE_SEEN, row.since, row.name) for row in rows]


def _is_recent(snapshot: Snapshot, at: datetime | None) -> bool:
    return at is not None and snapshot.at - at <= LATELY


def _of(kind: Kind, at: datetime | None, *refs: ObjectRef, node: str = "") -> Iterator[Happening]:
    """One about these, named by the first; nothing where no time is known."""
    if at is not None:
        yield Happening(kind, at, full_name(refs[0]), frozenset(map(name_of, refs)), node)


def _nodes(snapshot: Snapshot) -> Iterator[Happening]:
    for node in snapshot.nodes:
        lost = not_ready_since(node, snapshot.at) is not None
        started, leaving = None if lost else _ready_since(node), cordoned_since(node)
        if _is_recent(snapshot, started) or _is_recent(snapshot, leaving):
            name = node.metadata.name
            about = (node.ref, *{snapshot.top_owner(pod) for pod in snapshot.pods_on(name)})
            yield from _of(Kind.NODE_STARTED, started, *about, node=name)
            yield from _of(Kind.NODE_LEAVING, leaving, *about, node=name)


def _ready_since(node: o.Node) -> datetime | None:
    ready = o.condition(node.status.conditions, "Ready")
    known = ready.last_transition_time if ready else None
    return known or node.metadata.creation_timestamp


def _removed_nodes(snapshot: Snapshot) -> Iterator[Happening]:
    """Events about nodes that are not there any more. Where nodes are not seen, nobody knows."""
    if not snapshot.nodes:
        return
    for event in snapshot.events:
        about = event.involved_object
        if about.kind == "Node" and snapshot.node(about.name) is None:
            node = ObjectRef("Node", "", about.name)
            yield from _of(Kind.NODE_LEAVING, event.at, node, node=about.name)


def _rolled_out(snapshot: Snapshot) -> Iterator[Happening]:
    for item in snapshot.deployments:
        yield from _of(Kind.ROLLED_OUT, _deployed(snapshot, item), item.ref)
    for other in (*snapshot.statefulsets, *snapshot.daemonsets):
        newest = snapshot.controllerrevisions_of(other.metadata.uid)[-1:]
        for revision in newest:
            yield from _of(Kind.ROLLED_OUT, revision.metadata.creation_timestamp, other.ref)


def _deployed(snapshot: Snapshot, item: o.Deployment) -> datetime | None:
    """When its newest ReplicaSet was made; a return to an old one shows in its progress alone."""
    sets = [rs for rs in snapshot.replicasets_of(item.metadata.uid) if revision_of_replicaset(rs)]
    times = [rs.metadata.creation_timestamp for rs in sets[-1:]]
    progressing = o.condition(item.status.conditions, "Progressing")
    if progressing is not None and progressing.reason in ROLLING:
        times.append(progressing.last_update_time)
    return max((time for time in times if time is not None), default=None)


def _scaled(snapshot: Snapshot) -> Iterator[Happening]:
    for scaler in snapshot.hpas:
        target = scaler.spec.scale_target_ref
        ref = ObjectRef(target.kind, scaler.metadata.namespace, target.name)
        yield from _of(Kind.SCALED, scaler.status.last_scale_time, ref, scaler.ref)


def _jobs(snapshot: Snapshot) -> Iterator[Happening]:
    for job in snapshot.jobs:
        complete = o.condition(job.status.conditions, "Complete")
        ended = complete.last_transition_time if complete and complete.status == "True" else None
        if _is_recent(snapshot, job.status.start_time) or _is_recent(snapshot, ended):
            about = (snapshot.top_owner(job), job.ref, *_pods_of(snapshot, job))
            yield from _of(Kind.JOB_STARTED, job.status.start_time, *about)
            yield from _of(Kind.JOB_ENDED, ended, *about)


def _pods_of(snapshot: Snapshot, job: o.Job) -> Iterator[ObjectRef]:
    for pod in snapshot.pods_below(snapshot.top_owner(job)):
        if pod.controller is not None and pod.controller.uid == job.metadata.uid:
            yield pod.ref


def _started_pods(snapshot: Snapshot) -> Iterator[Happening]:
    """The newest pod of each owner; and the start of each container that serves metrics."""
    newest: dict[ObjectRef, datetime] = {}
    for pod in snapshot.pods:
        born = pod.metadata.creation_timestamp
        if born is not None and _is_recent(snapshot, born):
            owner = snapshot.top_owner(pod)
            newest[owner] = max(born, newest.get(owner, LONG_AGO))
        if _serves_metrics(pod):
            yield from _of(Kind.METRICS_STARTED, _last_start(pod), pod.ref)
    for owner, at in newest.items():
        yield from _of(Kind.PODS_STARTED, at, owner)


def _serves_metrics(pod: o.Pod) -> bool:
    return any(pod.metadata.labels.get(key) in SOURCES_OF_METRICS for key in PURPOSE)


def _last_start(pod: o.Pod) -> datetime | None:
    return max(_starts(pod), default=None)


def _starts(pod: o.Pod) -> Iterable[datetime]:
    for view in containers(pod):
        running = view.status.state.running
        if running is not None and running.started_at is not None:
            yield running.started_at
