"""The general causes: a rollout that stalls, and readiness below what is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import Facts, ReadinessFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import about_pods, changed_evidence, full_name, observed
from detection.failures.registry import failure
from detection.failures.rollback_evidence import judge_newest_revision, not_borne
from detection.kubernetes.objects import core as o
from detection.snapshot import LONG_AGO, Snapshot
from detection.snapshot.pod_status import (
    FINISHED,
    began,
    condition_since,
    containers,
    is_active,
    is_ready,
)

EXCEEDED = "ProgressDeadlineExceeded"
MOST_LOOKED = 20
BATCH = frozenset({"Job", "CronJob"})


@failure(Cause.ROLLOUT_STALLED)
def rollout_stalled(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F32: the Deployment's own deadline has passed; it opens at once."""
    for item in snapshot.deployments:
        progressing = o.condition(item.status.conditions, "Progressing")
        if (
            progressing is not None
            and progressing.status == "False"
            and progressing.reason == EXCEEDED
            and not item.spec.paused
            and not _is_complete(item)
        ):
            yield _stalled(snapshot, context, item, progressing)


def _is_complete(item: o.Deployment) -> bool:
    wanted, status = item.spec.replicas, item.status
    return status.updated_replicas >= wanted and status.available_replicas >= wanted


def _stalled(
    snapshot: Snapshot, context: Context, item: o.Deployment, progressing: o.Condition
) -> Finding:
    onset = progressing.last_transition_time or progressing.last_update_time or context.now
    pods = [p for p in snapshot.pods_below(item.ref) if is_active(p) and not is_ready(p)]
    revision = judge_newest_revision(snapshot, item.ref, context, pods, onset).revision
    if not all(map(_runs, pods)):
        revision = not_borne(revision)
    return about_pods(
        snapshot,
        Cause.ROLLOUT_STALLED,
        item.ref,
        pods,
        f"{full_name(item.ref)}: the rollout makes no progress",
        onset,
        onset,
        [
            observed("deployments", f"Progressing=False/{EXCEEDED}: {progressing.message}", True),
            *_pod_lines(pods),
            *changed_evidence(revision),
        ],
        revision,
        ReadinessFacts(reason=EXCEEDED),
    )


def _runs(pod: o.Pod) -> bool:
    """All its containers run: what is missing is their readiness. A pod that could not even be
    placed, mounted or started has a reason outside its revision for all that we know."""
    regular = [view for view in containers(pod) if not view.is_init]
    return bool(regular) and all(view.status.state.running is not None for view in regular)


@failure(Cause.UNCLASSIFIED)
def unclassified(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F64: fewer ready than desired for long. Correlation drops it where a cause is known."""
    for owner in _owners(snapshot):
        ready, desired = snapshot.ready_of(owner)
        if ready < desired and (onset := _below_since(snapshot, owner, desired)) is not None:
            yield _unexplained(snapshot, context, owner, onset, ready, desired)


def _owners(snapshot: Snapshot) -> list[ObjectRef]:
    """Workloads, and whatever else has pods that are to run for good: bare pods, unknown kinds."""
    refs = [item.ref for item in snapshot.workloads if item.controller is None]
    refs += [
        snapshot.top_owner(pod)
        for pod in snapshot.pods
        if pod.spec.restart_policy == "Always" and not is_ready(pod)
    ]
    return [ref for ref in {key_of(ref): ref for ref in refs}.values() if ref.kind not in BATCH]


def _below_since(snapshot: Snapshot, owner: ObjectRef, desired: int) -> datetime | None:
    """Since the first of its pods was not ready; where pods are missing, since its last change."""
    active = [pod for pod in snapshot.pods_below(owner) if is_active(pod)]
    since = [condition_since(p, "Ready") or began(p) for p in active if not is_ready(p)]
    times = [time for time in since if time is not None]
    if times:
        return min(times)
    return _last_change(snapshot.get(owner)) if len(active) < desired else None


def _last_change(item: o.Object | None) -> datetime | None:
    """The last time that someone, its controller included, changed the workload."""
    if not isinstance(item, o.Deployment | o.StatefulSet | o.DaemonSet | o.ReplicaSet):
        return None
    times = [found.last_transition_time for found in item.status.conditions]
    if isinstance(item.metadata, o.ManagedMetadata):
        times += [field.time for field in item.metadata.managed_fields]
    known = [time for time in (*times, item.metadata.creation_timestamp) if time is not None]
    return max(known, default=None)


def _unexplained(
    snapshot: Snapshot,
    context: Context,
    owner: ObjectRef,
    onset: datetime,
    ready: int,
    desired: int,
) -> Finding:
    pods = [p for p in snapshot.pods_below(owner) if _is_lacking(p)]
    refused = _refused(snapshot, owner)
    return about_pods(
        snapshot,
        Cause.UNCLASSIFIED,
        owner,
        pods,
        f"{full_name(owner)}: {ready} of {desired} ready{_refused_text(refused)}",
        onset,
        onset + timedelta(seconds=context.dwell.unexplained_seconds),
        [
            observed("workloads", f"{ready} of {desired} ready", True),
            *_refused_lines(refused),
            *_pod_lines(pods),
            *_newest_warning(snapshot, owner, pods),
        ],
        judge_newest_revision(snapshot, owner, context, pods, onset).revision,
        ReadinessFacts(ready=ready, desired=desired) | _log_container(pods),
    )


def _refused(snapshot: Snapshot, owner: ObjectRef) -> list[o.Pod]:
    """Pods that the kubelet took and gave up with a reason, the newest last."""
    found = [p for p in snapshot.pods_below(owner) if p.status.phase == "Failed"]
    said = [pod for pod in found if pod.status.reason and pod.status.message]
    return sorted(said, key=lambda pod: began(pod) or snapshot.at)


def _refused_text(refused: Sequence[o.Pod]) -> str:
    if not refused:
        return ""
    number, reason = counted(len(refused), "pod was", "pods were"), refused[-1].status.reason
    return f"; {number} ended by the kubelet ({reason})"


def _refused_lines(refused: Sequence[o.Pod]) -> list[Evidence]:
    return [
        observed("pods", f"{p.metadata.name}: {p.status.reason}: {p.status.message}", True)
        for p in refused[-1:]
    ]


def _newest_warning(
    snapshot: Snapshot, owner: ObjectRef, pods: Sequence[o.Pod]
) -> Iterator[Evidence]:
    """What the cluster itself says last of the owner or of its pods."""
    uids = [owner.uid, *(pod.metadata.uid for pod in pods[:MOST_LOOKED])]
    events = [e for uid in uids if uid for e in snapshot.events_of(uid) if e.type == "Warning"]
    if events:
        last = max(events, key=lambda event: event.at or LONG_AGO)
        about = f"{last.involved_object.kind} {last.involved_object.name}"
        yield observed("events", f"{about}: {last.reason}: {last.message} (×{last.times})", True)


def _is_lacking(pod: o.Pod) -> bool:
    """Terminating pods too: on a lost node they stay, and tell where the replicas went."""
    return pod.status.phase not in FINISHED and (pod.is_terminating or not is_ready(pod))


def _log_container(pods: Sequence[o.Pod]) -> Facts:
    for pod in pods:
        for view in containers(pod):
            if not view.status.ready and not view.is_init:
                return Facts(container=view.name, log_container=view.name)
    return Facts()


def _pod_lines(pods: Sequence[o.Pod]) -> list[Evidence]:
    return [observed("pods", _pod_line(pod)) for pod in pods[:3]]


def _pod_line(pod: o.Pod) -> str:
    states = [
        f"{view.name} {view.waiting_reason}: {view.waiting_message}"
        for view in containers(pod)
        if view.waiting_reason
    ]
    false = [f"{c.type}={c.status}/{c.reason}" for c in pod.status.conditions if c.status != "True"]
    return f"{pod.metadata.name}: {'; '.join([pod.status.phase, *states, *false])}"
