"""Init containers that never end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import ContainerFacts
from detection.domain.findings import Finding, ObjectRef
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import (
    about_pods,
    changed_evidence,
    full_name,
    observed,
    troubled,
    with_container,
)
from detection.failures.registry import failure
from detection.failures.rollback_evidence import judge_newest_revision
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import ContainerView, containers

Hanging = tuple[Pod, ContainerView, datetime]


@failure(Cause.INIT_HANG)
def init_hang(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F11: running for long, never restarted. Sidecars are meant to run on."""
    for owner, pods in troubled(snapshot):
        found = [item for pod in pods for item in _hanging(pod)]
        if found:
            yield _finding(snapshot, context, owner, found)


def _hanging(pod: Pod) -> Iterator[Hanging]:
    for view in containers(pod):
        running = view.status.state.running
        if view.is_init and running is not None and running.started_at is not None:
            yield pod, view, running.started_at


def _finding(
    snapshot: Snapshot, context: Context, owner: ObjectRef, found: Sequence[Hanging]
) -> Finding:
    pod, view, onset = min(found, key=lambda item: item[2])
    pods = [item[0] for item in found]
    restarts = counted(view.status.restart_count, "restart")
    revision = judge_newest_revision(snapshot, owner, context, pods, onset).revision
    return about_pods(
        snapshot,
        Cause.INIT_HANG,
        owner,
        pods,
        f"{full_name(owner)}: init container {view.name} has not ended since {onset:%H:%M:%S}",
        onset,
        onset + timedelta(seconds=context.dwell.init_seconds),
        [
            observed("pods", f"{pod.metadata.name}: init container {view.name} running since "
                f"{onset:%H:%M:%S}, {restarts}", decisive=True),
            *changed_evidence(revision),
        ],
        revision,
        with_container(ContainerFacts(reason="InitRunning"), view),
    )  # fmt: skip
