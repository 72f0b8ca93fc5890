"""Pods that were deleted and do not go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from detection.domain.causes import Cause
from detection.domain.facts import TerminatingFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.failures.context import Context
from detection.failures.finding_builder import about_pods, events_evidence, full_name, observed
from detection.failures.nodes.not_ready import not_ready_since
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from kubewise_site.core.foreign_numbers import span

KILLING = ("FailedKillPod", "FailedPreStopHook", "KillPodSandboxError", "ExceededGracePeriod")


@failure(Cause.POD_STUCK_TERMINATING)
def stuck_terminating(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F18: past its grace and the dwell. On a lost node, correlation folds it into the node."""
    groups: dict[str, tuple[ObjectRef, list[o.Pod]]] = {}
    for pod in snapshot.pods:
        if pod.is_terminating:
            owner = snapshot.top_owner(pod)
            groups.setdefault(key_of(owner), (owner, []))[1].append(pod)
    for owner, pods in groups.values():
        late = [pod for pod in pods if opens(pod, context) <= context.now]
        if late:
            yield _finding(snapshot, context, owner, late)


def opens(pod: o.Pod, context: Context) -> datetime:
    """`deletionTimestamp` plus grace plus dwell."""
    deleted = pod.metadata.deletion_timestamp or context.now
    grace = pod.metadata.deletion_grace_period_seconds
    return deleted + span(grace + context.dwell.terminating_seconds)


def _finding(
    snapshot: Snapshot, context: Context, owner: ObjectRef, pods: Sequence[o.Pod]
) -> Finding:
    first = min(pods, key=lambda pod: opens(pod, context))
    meta = first.metadata
    finalizers = sorted({name for pod in pods for name in pod.metadata.finalizers})
    onset = meta.deletion_timestamp or context.now
    return about_pods(
        snapshot,
        Cause.POD_STUCK_TERMINATING,
        owner,
        pods,
        f"{full_name(owner)}: pod {meta.name} was deleted and does not end",
        onset,
        opens(first, context),
        [
            observed("pods", f"{meta.name}: deleted {onset:%H:%M:%S}, grace "
                f"{meta.deletion_grace_period_seconds} s, finalizers "
                f"{', '.join(finalizers) or 'none'}", decisive=True),
            *events_evidence(snapshot, meta.uid, KILLING),
            *_nodes(snapshot, pods),
        ],
        facts=TerminatingFacts(finalizers=tuple(finalizers), reason="Terminating"),
    )  # fmt: skip


def _nodes(snapshot: Snapshot, pods: Sequence[o.Pod]) -> list[Evidence]:
    lost = {pod.spec.node_name for pod in pods if _is_lost(snapshot, pod.spec.node_name)}
    return [observed("nodes", f"not ready or gone: {', '.join(sorted(lost))}")] if lost else []


def _is_lost(snapshot: Snapshot, name: str) -> bool:
    node = snapshot.node(name)
    return bool(name and snapshot.nodes) and (
        node is None or not_ready_since(node, snapshot.at) is not None
    )
