"""How soon a failure opens an incident: by what proves it, and by what it costs.

A failure's own time stands in its module; here it is shortened where nothing can mend it, where
people suffer, and where it comes and goes. Nothing here makes a time longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding, ObjectRef
from detection.failures.context import Context
from detection.failures.rollout_progress import is_starting, is_stuck, makes_progress
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_active, is_ready, was_ready

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
# What stays as it is until somebody changes it: the kubelet or the registry says so.
CANNOT_MEND_ITSELF = frozenset(
    {
        Cause.IMAGE_NOT_FOUND, Cause.WRONG_ARCH, Cause.CONFIGMAP_MISSING, Cause.SECRET_MISSING,
        Cause.BAD_COMMAND,
    }
)  # fmt: skip
# What costs replicas while it lasts, and does not wait for a node or a volume.
COSTS_REPLICAS = CANNOT_MEND_ITSELF | {
    Cause.BAD_RELEASE, Cause.CRASH_NO_HISTORY, Cause.CRASH_STABLE_REVISION, Cause.INIT_CRASH,
    Cause.OOM_LIMIT_LOW, Cause.OOM_LEAK, Cause.HUNG_REPLICA, Cause.LIVENESS_MISCONFIG,
    Cause.READINESS_MISCONFIG, Cause.UNCLASSIFIED, Cause.SANDBOX_FAILED,
}  # fmt: skip


def with_urgency(
    findings: Iterable[Finding], snapshot: Snapshot, context: Context
) -> Iterator[Finding]:
    """The findings, each with the earliest time at which it opens."""
    for finding in findings:
        times = [finding.opens_at, *_earlier(finding, snapshot, context)]
        yield replace(finding, opens_at=min(times))


def _earlier(finding: Finding, snapshot: Snapshot, context: Context) -> Iterator[datetime]:
    if finding.severity == Severity.INFO:
        return
    yield from _second_sight(finding, context)
    yield from _share_of_bad_time(finding, context)
    seconds = _by_cost(finding, snapshot, context)
    if seconds is not None:
        yield finding.onset + timedelta(seconds=seconds)


def _second_sight(finding: Finding, context: Context) -> Iterator[datetime]:
    sight = context.sight_of(finding.owner)
    if sight is not None and finding.cause in CANNOT_MEND_ITSELF:
        yield sight.since + timedelta(seconds=context.dwell.second_sight_seconds)


def _share_of_bad_time(finding: Finding, context: Context) -> Iterator[datetime]:
    """What is bad for its whole time within twice that time counts, though it came and went."""
    sight = context.sight_of(finding.owner)
    whole = (finding.opens_at - finding.onset).total_seconds()
    if sight is None or whole <= 0 or finding.cause not in COSTS_REPLICAS:
        return
    if sight.bad_seconds(context.now, 2 * whole) >= whole:
        yield context.now


def _by_cost(finding: Finding, snapshot: Snapshot, context: Context) -> float | None:
    if finding.cause == Cause.NODE_NOT_READY and _serves(snapshot, finding.owner.name):
        return context.dwell.serving_node_seconds
    if not _costs_replicas(finding, snapshot, context):
        return None
    ready, wanted = snapshot.ready_of(finding.owner)
    if 2 * ready <= wanted:
        return context.dwell.none_ready_seconds if wanted else None
    lacks = ready < wanted or is_stuck(snapshot, finding.owner, context)
    return context.dwell.some_not_ready_seconds if lacks else None


def _costs_replicas(finding: Finding, snapshot: Snapshot, context: Context) -> bool:
    """Whether replicas are missing for this, and not for a rollout or a start."""
    owner = finding.owner
    if finding.cause not in COSTS_REPLICAS or owner.kind not in WORKLOADS:
        return False
    if finding.cause == Cause.UNCLASSIFIED and not _has_lost_one(snapshot, owner):
        return False  # it may still be starting, or waiting for a node or a volume
    going = makes_progress(snapshot, owner, context)
    return not going and not is_starting(snapshot, owner, context)


def _serves(snapshot: Snapshot, node: str) -> bool:
    """Whether pods of the node belong to workloads that other nodes do not run anyway."""
    owners = (snapshot.top_owner(pod) for pod in snapshot.pods if pod.spec.node_name == node)
    return any(owner.kind in WORKLOADS - {"DaemonSet"} for owner in owners)


def _has_lost_one(snapshot: Snapshot, owner: ObjectRef) -> bool:
    """Whether one of its pods was ready and is not any more."""
    return any(
        is_active(pod) and not is_ready(pod) and was_ready(pod)
        for pod in snapshot.pods_below(owner)
    )
