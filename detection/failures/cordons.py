"""Pods that wait for nodes which somebody cordoned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from detection import objects as o
from detection.causes import Cause
from detection.context import Context
from detection.failures.building import saw, troubled
from detection.failures.nodes import CLUSTER
from detection.failures.preemption import preempted_owners
from detection.failures.registry import failure
from detection.failures.scheduling import pending_since
from detection.failures.things import on_thing
from detection.failures.unschedulable import Unplaced, is_unschedulable, why_unplaced
from detection.findings import Finding, ObjectRef
from detection.placement import UNSCHEDULABLE_TAINT
from detection.snapshot import Snapshot, key_of


@failure(Cause.NODE_CORDONED)
def node_cordoned(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F24: on the node, or on the cluster where several are cordoned; the owners are related."""
    taken = preempted_owners(snapshot)
    found: list[tuple[ObjectRef, Unplaced]] = []
    for owner, pods in troubled(snapshot):
        waiting = [why_unplaced(snapshot, pod) for pod in pods if is_unschedulable(pod)]
        if waiting and key_of(owner) not in taken:
            found += [(owner, w) for w in waiting if w.cause == Cause.NODE_CORDONED]
    nodes = {n.metadata.name: n for _, item in found for n in item.cordoned}
    if nodes:
        yield _finding(snapshot, context, found, list(nodes.values()))


def _finding(
    snapshot: Snapshot,
    context: Context,
    found: list[tuple[ObjectRef, Unplaced]],
    nodes: list[o.Node],
) -> Finding:
    pods = [item.pod for _, item in found]
    names = ", ".join(node.metadata.name for node in nodes[:10])
    first = found[0][1]
    return on_thing(
        snapshot,
        Cause.NODE_CORDONED,
        nodes[0].ref if len(nodes) == 1 else CLUSTER,
        [owner for owner, _ in found],
        f"{len(pods)} pods wait, while {names} is cordoned",
        min(pending_since(pod, context) for pod in pods),
        context.dwell.unschedulable_seconds,
        [
            saw("nodes", f"cordoned: {names}", decisive=True),
            saw("pods", f"{first.pod.metadata.name}: {first.message}"),
        ],
        pods=pods,
        related=[node.ref for node in nodes],
        facts={"cordoned": [node.metadata.name for node in nodes], "reason": "Unschedulable"},
    )


def cordoned_since(node: o.Node) -> datetime | None:
    """When it was cordoned, by the taint that the node controller adds; None: not known."""
    taints = [taint for taint in node.spec.taints if taint.key == UNSCHEDULABLE_TAINT]
    return taints[0].time_added if taints else None
