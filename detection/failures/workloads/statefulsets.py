"""A StatefulSet whose update waits for one ordinal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import UpdateFacts
from detection.domain.findings import Finding
from detection.failures.context import Context
from detection.failures.finding_builder import (
    about_pods,
    changed_evidence,
    full_name,
    is_left_behind,
    observed,
)
from detection.failures.registry import failure
from detection.failures.rollback_evidence import POD_REVISION, judge_newest_revision
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import began, condition_since, containers, is_active, is_ready


@failure(Cause.STS_STUCK_UPDATE)
def stuck_update(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F34: the updated pod is not ready, and the others wait for it.

    Why it isn't (a crash, an image) has a finding of its own, which then names the incident. A pod
    that an update which was taken back has left waits too: nothing replaces it by itself.
    """
    for item in snapshot.statefulsets:
        status = item.status
        pods = [p for p in snapshot.pods_below(item.ref) if is_active(p) and not is_ready(p)]
        if left := [pod for pod in pods if is_left_behind(item, pod)]:
            yield _left_behind(snapshot, context, item, left)
        if not status.update_revision or status.update_revision == status.current_revision:
            continue
        updated = [p for p in pods if p.metadata.labels.get(POD_REVISION) == status.update_revision]
        if stuck := updated or pods:
            yield _finding(snapshot, context, item, stuck, waits_for_an_old_one=not updated)


def _finding(
    snapshot: Snapshot,
    context: Context,
    item: o.StatefulSet,
    pods: Sequence[o.Pod],
    waits_for_an_old_one: bool,
) -> Finding:
    onset = min(_since(pod, context) for pod in pods)
    revision = judge_newest_revision(snapshot, item.ref, context, pods, onset).revision
    status, first = item.status, pods[0]
    unready = [v.name for v in containers(first) if not v.status.ready and not v.is_init]
    return about_pods(
        snapshot,
        Cause.STS_STUCK_UPDATE,
        item.ref,
        pods,
        f"{full_name(item.ref)}: its update waits for {first.metadata.name}, which is not ready",
        onset,
        onset + timedelta(seconds=context.dwell.not_ready_seconds),
        [
            observed("statefulsets", f"update revision {status.update_revision}, current revision "
                f"{status.current_revision}, {status.updated_replicas} of {item.spec.replicas} "
                "updated", decisive=True),
            observed("pods", f"{first.metadata.name}: {first.status.phase}, not ready since "
                f"{onset:%H:%M:%S}"),
            *changed_evidence(revision),
        ],
        revision,
        UpdateFacts(
            reason="UpdateStuck", container=unready[0] if unready else "",
            log_container=unready[0] if unready else "", left_behind=waits_for_an_old_one),
    )  # fmt: skip


def _left_behind(
    snapshot: Snapshot, context: Context, item: o.StatefulSet, pods: Sequence[o.Pod]
) -> Finding:
    onset, first = min(_since(pod, context) for pod in pods), pods[0]
    label = first.metadata.labels.get(POD_REVISION, "")
    return about_pods(
        snapshot,
        Cause.STS_STUCK_UPDATE,
        item.ref,
        pods,
        f"{full_name(item.ref)}: {first.metadata.name} is left of a revision that was taken back,"
        " and is replaced only once it is ready",
        onset,
        onset + timedelta(seconds=context.dwell.not_ready_seconds),
        [
            observed("statefulsets", f"every pod should be of {item.status.update_revision}",
                decisive=True),
            observed("pods", f"{first.metadata.name}: of {label}, not ready since {onset:%H:%M:%S}",
                decisive=True),
        ],
        None,
        UpdateFacts(reason="LeftBehind", left_behind=True),
    )  # fmt: skip


def _since(pod: o.Pod, context: Context) -> datetime:
    return condition_since(pod, "Ready") or began(pod) or context.now
