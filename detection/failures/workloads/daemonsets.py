"""A DaemonSet that is not ready on one node, or a few, while it is on all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import DaemonSetFacts
from detection.domain.findings import Finding, key_of
from detection.failures.containers.crash_loops import loops
from detection.failures.context import Context
from detection.failures.finding_builder import about_pods, full_name, observed
from detection.failures.nodes.not_ready import not_ready_since
from detection.failures.registry import failure
from detection.failures.rollback_evidence import key_of_pod
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import (
    FINISHED,
    began,
    condition_since,
    containers,
    is_active,
    is_ready,
)

FEW_RATIO = 0.2
STARTING = frozenset({"", "ContainerCreating"})
FAULTS = frozenset(
    {"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable", "KernelDeadlock",
     "ReadonlyFilesystem", "FrequentKubeletRestart", "FrequentContainerdRestart"}
)  # fmt: skip


@failure(Cause.DS_ONE_NODE)
def one_node(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F35: it runs there and is not ready; crashes and images have findings of their own."""
    for item in snapshot.daemonsets:
        pods = [pod for pod in snapshot.pods_below(item.ref) if is_active(pod)]
        unready = [pod for pod in pods if not is_ready(pod)]
        if not unready or len(unready) > max(1, FEW_RATIO * len(pods)):
            continue
        keys = {key_of_pod(pod) for pod in unready}
        fine = any(is_ready(pod) and key_of_pod(pod) in keys for pod in pods)
        if fine and all(_runs(pod, context) for pod in unready):
            yield _finding(snapshot, context, item, unready)


def _runs(pod: o.Pod, context: Context) -> bool:
    """Its containers run, as far as they were started at all; nothing says why it isn't ready."""
    waiting = {view.waiting_reason for view in containers(pod)} - STARTING
    return not waiting and next(loops([pod], context), None) is None


def _finding(
    snapshot: Snapshot, context: Context, item: o.DaemonSet, pods: Sequence[o.Pod]
) -> Finding:
    first = pods[0]
    onset = min(_since(pod, context) for pod in pods)
    suspects = sorted(p.spec.node_name for p in pods if is_node_suspect(snapshot, p, item))
    names = ", ".join(pod.spec.node_name for pod in pods)
    unready = [v.name for v in containers(first) if not v.status.ready and not v.is_init]
    return about_pods(
        snapshot,
        Cause.DS_ONE_NODE,
        item.ref,
        pods,
        f"{full_name(item.ref)}: not ready on {names}, ready elsewhere",
        onset,
        onset + timedelta(seconds=context.dwell.not_ready_seconds),
        [
            observed("pods", f"{first.metadata.name} on {first.spec.node_name}: not ready since "
                f"{onset:%H:%M:%S}, its siblings are", decisive=True),
            *([observed("nodes", f"more is wrong on {', '.join(suspects)}")] if suspects else []),
        ],
        facts=DaemonSetFacts(
            node_suspect=bool(suspects), node=first.spec.node_name,
            container=unready[0] if unready else "",
            log_container=unready[0] if unready else "", reason="NotReady"),
    )  # fmt: skip


def _since(pod: o.Pod, context: Context) -> datetime:
    return condition_since(pod, "Ready") or began(pod) or context.now


def is_node_suspect(snapshot: Snapshot, pod: o.Pod, item: o.DaemonSet) -> bool:
    """The node itself may be at fault: a condition, or pods of others that fail there too.

    A node that can't be looked at is suspect.
    """
    node = snapshot.node(pod.spec.node_name)
    if node is None or not_ready_since(node, snapshot.at) is not None or node.spec.unschedulable:
        return True
    if any(c.status == "True" and c.type in FAULTS for c in node.status.conditions):
        return True
    return any(
        not is_ready(other)
        and not other.is_terminating
        and other.status.phase not in FINISHED
        and key_of(snapshot.top_owner(other)) != key_of(item.ref)
        for other in snapshot.pods_on(pod.spec.node_name)
    )
