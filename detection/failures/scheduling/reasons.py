"""Why no node takes a pod: the objects first, the scheduler's message where they don't tell.

The message counts nodes by the first filter that each failed. A node that fails a later filter
passed all earlier ones, so the latest filter named is what keeps the pod from its best nodes: the
taint of a control plane beside five nodes without the label is no taint's fault.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from detection.domain.causes import Cause
from detection.domain.quantities import amount_of
from detection.failures.scheduling.clauses import Clause, deciding_clauses
from detection.failures.scheduling.node_affinity import (
    asks_for_labels,
    cordoned_for,
    is_about_state,
    is_control_plane,
    matches_selector,
    untolerated,
)
from detection.kubernetes.objects.core import Node, Pod, Taint, condition
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_mirror

ROOM = re.compile(r"insufficient\s+[\w./-]+|too many pods", re.IGNORECASE)
CLAIM = re.compile(
    r"persistent\s?volume\s?claims?\s+\"?(?:[\w.-]+/)?([\w.-]+)\"? (?:was )?not found",
    re.IGNORECASE,
)
UNBOUND = re.compile(r"unbound (?:immediate )?persistent\s?volume\s?claims?", re.IGNORECASE)
# In the order of the scheduler's filters, the latest first.
FILTERS: tuple[tuple[Cause, re.Pattern[str]], ...] = tuple(
    (cause, re.compile(pattern, re.IGNORECASE))
    for cause, pattern in (
        (
            Cause.ANTI_AFFINITY,
            r"anti-?affinity|pod affinity|topology spread|pods' affinity|inter-?pod",
        ),
        (
            Cause.VOLUME_NODE_AFFINITY,
            r"volume node affinity|persistent\s?volume'?s? node affinity|volume zone"
            r"|node\(s\) unavailable due to .*persistent ?volume",
        ),
        (Cause.INSUFFICIENT_CAPACITY, ROOM.pattern),
        (Cause.HOST_PORT_TAKEN, r"free ports for the requested pod ports"),
        (Cause.NODE_SELECTOR_MISMATCH, r"node affinity|node selector|nodeselector|node labels?\b"),
        (Cause.UNTOLERATED_TAINT, r"taint"),
        (Cause.NODE_CORDONED, r"were unschedulable|unschedulable node|is unschedulable"),
    )
)


@dataclass(frozen=True)
class Unplaced:
    """Why one pod has no node. `cordoned`: nodes that would do, but for their cordon. `said`: the
    scheduler's own words where nothing here knows them."""

    pod: Pod
    cause: Cause | None
    message: str
    claim: str = ""
    said: str = ""
    cordoned: tuple[Node, ...] = ()


def is_unschedulable(pod: Pod) -> bool:
    scheduled = condition(pod.status.conditions, "PodScheduled")
    return (
        not pod.spec.node_name
        and scheduled is not None
        and scheduled.status == "False"
        and scheduled.reason in ("Unschedulable", "")
    )


def message_of(pod: Pod) -> str:
    """The scheduler's message, without its second part about preemption."""
    scheduled = condition(pod.status.conditions, "PodScheduled")
    text = scheduled.message if scheduled else ""
    return re.split(r"\.?,? ?preemption:", text, maxsplit=1)[0]


def why_unplaced(snapshot: Snapshot, pod: Pod) -> Unplaced:
    message = message_of(pod)
    if match := CLAIM.search(message):
        return Unplaced(pod, Cause.PVC_NOT_FOUND, message, match[1])
    if UNBOUND.search(message):
        return Unplaced(pod, None, message)
    clauses = deciding_clauses(message)
    named = _named(clauses)
    if not named and (claim := missing_claim(snapshot, pod)):
        return Unplaced(pod, Cause.PVC_NOT_FOUND, message, claim)
    cordoned = _cordoned(snapshot, pod, named)
    if cordoned:
        return Unplaced(pod, Cause.NODE_CORDONED, message, cordoned=tuple(cordoned))
    latest = next(iter(named), None)
    if unknown := _unknown(clauses, named):
        return Unplaced(pod, Cause.UNSCHEDULABLE, message, said=unknown)
    if latest in (Cause.NODE_SELECTOR_MISMATCH, Cause.UNTOLERATED_TAINT, Cause.NODE_CORDONED, None):
        latest = _by_objects(snapshot, pod) or latest
    return Unplaced(pod, latest, message)


def _named(clauses: Sequence[Clause]) -> list[Cause]:
    """The latest filter first."""
    return [cause for cause, pattern in FILTERS if any(pattern.search(one.text) for one in clauses)]


def _unknown(clauses: Sequence[Clause], named: Sequence[Cause]) -> str:
    """What the scheduler says of most nodes, where no filter that we know says it; else ''.

    A single sentence without counts is judged by the objects first.
    """
    first = clauses[0] if clauses else None
    if first is None or not first.nodes:
        return ""
    if any(pattern.search(first.text) for _, pattern in FILTERS):
        return ""
    late = {Cause.ANTI_AFFINITY, Cause.VOLUME_NODE_AFFINITY, Cause.INSUFFICIENT_CAPACITY}
    return "" if late & set(named) else first.text


def missing_claim(snapshot: Snapshot, pod: Pod) -> str:
    """The claim that the pod names and that isn't there; '' for none, or where none is seen."""
    if "kubernetes/persistentvolumeclaims" not in snapshot.seen:
        return ""
    names = [volume.persistent_volume_claim for volume in pod.spec.volumes]
    for source in names:
        if source is None or not source.claim_name:
            continue
        namespace, name = pod.metadata.namespace, source.claim_name
        if snapshot.find("PersistentVolumeClaim", namespace, name) is None:
            return name
    return ""


def _cordoned(snapshot: Snapshot, pod: Pod, named: Sequence[Cause]) -> list[Node]:
    """Cordoned nodes are to blame unless a later filter that no uncordoning mends rules.

    Where the others are merely full, a cordoned node is what is missing, if the pod would fit it.
    """
    found = [n for n in cordoned_for(pod, snapshot.nodes) if not _is_kept(snapshot, n)]
    if not found or set(named) & {Cause.ANTI_AFFINITY, Cause.VOLUME_NODE_AFFINITY}:
        return []
    if Cause.INSUFFICIENT_CAPACITY in named or not named:
        return [node for node in found if named and fits_when_empty(pod, node)]
    return found


def _is_kept(snapshot: Snapshot, node: Node) -> bool:
    """A control plane's node that runs no ordinary pod: its cordon is meant to stay."""
    return is_control_plane(node) and not any(
        _is_ordinary(snapshot, pod) for pod in snapshot.pods_on(node.metadata.name)
    )


def _is_ordinary(snapshot: Snapshot, pod: Pod) -> bool:
    """Neither a DaemonSet's nor the node's own (a mirror pod)."""
    return snapshot.top_owner(pod).kind not in ("DaemonSet", "Node") and not is_mirror(pod)


def kept_out_by_state(snapshot: Snapshot, pod: Pod) -> list[tuple[Node, Taint]]:
    """Nodes that would do for the pod, were it not for a taint that says how the node is."""
    return [
        (node, taints[0])
        for node in snapshot.nodes
        if matches_selector(pod, node) and fits_when_empty(pod, node)
        for taints in [untolerated(pod, node)]
        if taints and all(map(is_about_state, taints))
    ]


def only_on(snapshot: Snapshot, pod: Pod) -> tuple[str, ...]:
    """The nodes that its selector or affinity leaves it; () where it names none."""
    if not asks_for_labels(pod):
        return ()
    return tuple(n.metadata.name for n in snapshot.nodes if matches_selector(pod, n))


def fits_when_empty(pod: Pod, node: Node) -> bool:
    """Whether the node has as much as the pod asks for, were it empty."""
    for resource in ("cpu", "memory"):
        asked = sum(amount_of(c.resources.requests.get(resource)) for c in pod.spec.containers)
        room = amount_of(node.status.allocatable.get(resource))
        if room and asked > room:
            return False
    return True


def _by_objects(snapshot: Snapshot, pod: Pod) -> Cause | None:
    """Selector or taint: does any node have the labels, and does the pod tolerate one of those?"""
    if not snapshot.nodes:
        return None
    matching = [node for node in snapshot.nodes if matches_selector(pod, node)]
    if asks_for_labels(pod) and not matching:
        return Cause.NODE_SELECTOR_MISMATCH
    if matching and all(untolerated(pod, node) for node in matching):
        return Cause.UNTOLERATED_TAINT
    return None
