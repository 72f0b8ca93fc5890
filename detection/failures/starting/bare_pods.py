"""Pods without a controller that were to run once, and failed: nothing tries them again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import Facts
from detection.domain.findings import Evidence, Finding
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, observed, words_of
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import ContainerView, containers, is_mirror

LATELY = timedelta(hours=24)
TAKEN_AWAY = "DisruptionTarget"


@failure(Cause.BARE_POD_FAILING)
def bare_pod_failed(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F11: by its phase, within a day. One that the node or somebody else ended did not fail."""
    for pod in snapshot.pods:
        if pod.status.phase == "Failed" and _is_bare(pod) and not _was_taken_away(pod):
            bad = [view for view in containers(pod) if _ended_badly(view)]
            ended = _ended_at(bad)
            if bad and ended is not None and context.now - ended <= LATELY:
                yield _finding(snapshot, pod, bad[-1], ended)


def _is_bare(pod: o.Pod) -> bool:
    owned = bool(pod.metadata.owner_references)
    return not owned and not is_mirror(pod) and not pod.is_terminating


def _was_taken_away(pod: o.Pod) -> bool:
    """Evicted, preempted, or ended with its node: the reason stands in its status."""
    found = o.condition(pod.status.conditions, TAKEN_AWAY)
    return bool(pod.status.reason) or (found is not None and found.status == "True")


def _ended_badly(view: ContainerView) -> bool:
    return view.last_end is not None and view.last_end.exit_code != 0


def _ended_at(bad: list[ContainerView]) -> datetime | None:
    times = [view.last_end.finished_at for view in bad if view.last_end is not None]
    return max((time for time in times if time is not None), default=None)


def _finding(snapshot: Snapshot, pod: o.Pod, view: ContainerView, ended: datetime) -> Finding:
    end = view.last_end or o.Terminated()
    again = "and is not run again" if pod.spec.restart_policy == "Never" else "for good"
    said = f"container {view.name} ended with exit code {end.exit_code} ({end.reason})"
    return Finding(
        cause=Cause.BARE_POD_FAILING,
        owner=pod.ref,
        severity=Severity.WARNING,
        summary=f"{full_name(pod.ref)} failed {again}: {said}",
        onset=ended,
        opens_at=ended,
        evidence=(
            observed("pods", f"{pod.metadata.name}: {said}", decisive=True),
            *_message(end),
            *words_of(snapshot, [pod]),
        ),
        facts=Facts(
            pod=pod.metadata.name,
            pod_uid=pod.metadata.uid,
            pods=1,
            container=view.name,
            log_container=view.name,
            reason=end.reason,
        ),
    )


def _message(end: o.Terminated) -> list[Evidence]:
    return [observed("pods", f"its last message: {end.message}", True)] if end.message else []
