"""Nodes that are not ready: one, or many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import NodeFacts, StormFacts
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import MOST_RELATED, observed
from detection.failures.registry import failure
from detection.kubernetes.objects.core import Node, condition
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import FINISHED

CLUSTER = ObjectRef("Cluster", "", "")
ZONE = "topology.kubernetes.io/zone"
OLD_ZONE = "failure-domain.beta.kubernetes.io/zone"
STORM_RATIO = 0.3
STORM_CLUSTER = 4


def not_ready_since(node: Node, now: datetime) -> datetime | None:
    """None where it is ready, or says nothing: the node controller fills the condition in for a
    kubelet that never reports."""
    ready = condition(node.status.conditions, "Ready")
    if ready is None or ready.status == "True":
        return None
    return ready.last_transition_time or node.metadata.creation_timestamp or now


def not_ready(snapshot: Snapshot) -> list[tuple[datetime, Node]]:
    """The nodes that are not ready, with since when, the first one first."""
    found = [
        (since, node)
        for node in snapshot.nodes
        if not node.is_terminating and (since := not_ready_since(node, snapshot.at)) is not None
    ]
    return sorted(found, key=lambda item: (item[0], item[1].metadata.name))


@failure(Cause.NODE_NOT_READY)
def node_not_ready(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F51."""
    for since, node in not_ready(snapshot):
        ready = condition(node.status.conditions, "Ready")
        said = f"Ready={ready.status}/{ready.reason}: {ready.message}" if ready else "no Ready"
        yield Finding(
            cause=Cause.NODE_NOT_READY,
            owner=node.ref,
            severity=Severity.CRITICAL,
            summary=f"Node {node.metadata.name} is not ready",
            onset=since,
            opens_at=since + timedelta(seconds=context.dwell.node_seconds),
            evidence=(observed("nodes", f"{node.metadata.name}: {said}", decisive=True),),
            related=owners_on(snapshot, [node]),
            facts=NodeFacts(
                node=node.metadata.name,
                reason=ready.reason if ready else "",
                cordoned=node.spec.unschedulable,
            ),
        )


def owners_on(snapshot: Snapshot, nodes: Sequence[Node]) -> tuple[ObjectRef, ...]:
    """The owners of what runs there, each once."""
    pods = [pod for node in nodes for pod in snapshot.pods_on(node.metadata.name)]
    running = [pod for pod in pods if pod.status.phase not in FINISHED]
    found = {key_of(ref): ref for ref in map(snapshot.top_owner, running)}
    return tuple(found.values())[:MOST_RELATED]


@failure(Cause.NODE_STORM)
def node_storm(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F52. Opens when the first of its nodes would have opened alone."""
    lost = storm_of(snapshot, context)
    if not lost:
        return
    onset = lost[0][0]
    nodes = [node for _, node in lost]
    names = ", ".join(node.metadata.name for node in nodes[:10])
    yield Finding(
        cause=Cause.NODE_STORM,
        owner=CLUSTER,
        severity=Severity.CRITICAL,
        summary=f"{len(nodes)} of {counted(len(snapshot.nodes), 'node')} became NotReady at once",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.node_seconds),
        evidence=(observed("nodes", f"not ready within minutes: {names}", decisive=True),),
        related=(*(node.ref for node in nodes), *owners_on(snapshot, nodes))[:MOST_RELATED],
        facts=StormFacts(
            nodes=tuple(node.metadata.name for node in nodes), node_count=len(snapshot.nodes)
        ),
    )


def storm_of(snapshot: Snapshot, context: Context) -> list[tuple[datetime, Node]]:
    """The largest group of nodes lost within the window that makes a storm; empty for none."""
    lost = not_ready(snapshot)
    window = timedelta(seconds=context.dwell.storm_window_seconds)
    groups = [[item for item in lost if start <= item[0] <= start + window] for start, _ in lost]
    storms = [group for group in groups if _is_storm(snapshot, [node for _, node in group])]
    return max(storms, key=len, default=[])


def _is_storm(snapshot: Snapshot, lost: Sequence[Node]) -> bool:
    total = len(snapshot.nodes)
    if len(lost) < 2:
        return False
    if total >= STORM_CLUSTER and len(lost) / total >= STORM_RATIO:
        return True
    return len(lost) >= total - 1 or _is_whole_zone(snapshot, lost)


def _is_whole_zone(snapshot: Snapshot, lost: Sequence[Node]) -> bool:
    zones: defaultdict[str, set[str]] = defaultdict(set)
    for node in snapshot.nodes:
        zones[_zone(node)].add(node.metadata.name)
    zones.pop("", None)
    names = {node.metadata.name for node in lost}
    return any(len(members) >= 2 and members <= names for members in zones.values())


def _zone(node: Node) -> str:
    labels = node.metadata.labels
    return labels.get(ZONE) or labels.get(OLD_ZONE) or ""
