"""Pods that wait for nodes which somebody cordoned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from detection.domain.causes import Cause
from detection.domain.facts import CordonFacts
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import observed, troubled
from detection.failures.nodes.not_ready import CLUSTER
from detection.failures.registry import failure
from detection.failures.scheduling.node_affinity import UNSCHEDULABLE_TAINT
from detection.failures.scheduling.pending_pods import pending_since
from detection.failures.scheduling.preemption import preempted_owners
from detection.failures.scheduling.reasons import Unplaced, is_unschedulable, why_unplaced
from detection.failures.shared_cause import on_thing
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot


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
        f"{counted(len(pods), 'pod waits', 'pods wait')} while {names} is cordoned",
        min(pending_since(pod, context) for pod in pods),
        context.dwell.unschedulable_seconds,
        [
            observed("nodes", f"cordoned: {names}", decisive=True),
            observed("pods", f"{first.pod.metadata.name}: {first.message}"),
        ],
        pods=pods,
        related=[node.ref for node in nodes],
        facts=CordonFacts(
            cordoned=tuple(node.metadata.name for node in nodes), reason="Unschedulable"
        ),
    )


def cordoned_since(node: o.Node) -> datetime | None:
    """When it was cordoned, by the taint that the node controller adds; None: not known."""
    taints = [taint for taint in node.spec.taints if taint.key == UNSCHEDULABLE_TAINT]
    return taints[0].time_added if taints else None
