"""A StatefulSet whose update waits for one ordinal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection import objects as o
from detection.causes import Cause
from detection.context import Context
from detection.failures.building import about_pods, changed_evidence, named, saw
from detection.failures.registry import failure
from detection.findings import Finding
from detection.pod_states import began, condition_since, containers, is_active, is_ready
from detection.revisions import POD_REVISION, judge
from detection.snapshot import Snapshot


@failure(Cause.STS_STUCK_UPDATE)
def stuck_update(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F34: the updated pod is not ready, and the others wait for it.

    Why it isn't (a crash, an image) has a finding of its own, which then names the incident.
    """
    for item in snapshot.statefulsets:
        status = item.status
        if not status.update_revision or status.update_revision == status.current_revision:
            continue
        pods = [p for p in snapshot.pods_below(item.ref) if is_active(p) and not is_ready(p)]
        updated = [p for p in pods if p.metadata.labels.get(POD_REVISION) == status.update_revision]
        if stuck := updated or pods:
            yield _finding(snapshot, context, item, stuck)


def _finding(
    snapshot: Snapshot, context: Context, item: o.StatefulSet, pods: Sequence[o.Pod]
) -> Finding:
    onset = min(_since(pod, context) for pod in pods)
    revision = judge(snapshot, item.ref, context, pods, onset).revision
    status, first = item.status, pods[0]
    unready = [v.name for v in containers(first) if not v.status.ready and not v.is_init]
    return about_pods(
        snapshot,
        Cause.STS_STUCK_UPDATE,
        item.ref,
        pods,
        f"{named(item.ref)}: its update waits for {first.metadata.name}, which is not ready",
        onset,
        onset + timedelta(seconds=context.dwell.not_ready_seconds),
        [
            saw("statefulsets", f"update revision {status.update_revision}, current revision "
                f"{status.current_revision}, {status.updated_replicas} of {item.spec.replicas} "
                "updated", decisive=True),
            saw("pods", f"{first.metadata.name}: {first.status.phase}, not ready since "
                f"{onset:%H:%M:%S}"),
            *changed_evidence(revision),
        ],
        revision,
        {"reason": "UpdateStuck", "container": unready[0] if unready else "",
         "log_container": unready[0] if unready else ""},
    )  # fmt: skip


def _since(pod: o.Pod, context: Context) -> datetime:
    return condition_since(pod, "Ready") or began(pod) or context.now
