"""Containers that the kubelet does not start, or ends at once, and says why in a sentence.

Images, ConfigMaps and Secrets, commands that can't be started: each has its own failure, and what
is found there is not told here again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import ContainerFacts
from detection.domain.findings import Finding, ObjectRef
from detection.failures.containers.configuration import what_is_missing
from detection.failures.context import Context
from detection.failures.finding_builder import (
    about_pods,
    changed_evidence,
    events_evidence,
    full_name,
    observed,
    troubled,
    with_container,
)
from detection.failures.registry import failure
from detection.failures.rollback_evidence import judge_newest_revision
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import ContainerView, began, condition_since, containers

HOOK_EVENT = "FailedPostStartHook"
# Waiting reason → what is told. The message beside it says why.
REFUSALS = {
    "CreateContainerConfigError": "is not started: its configuration is refused",
    "PostStartHookError": "is stopped after each start: its postStart hook fails",
    "PreCreateHookError": "is not started: a hook of the runtime fails",
    "PreStartHookError": "is not started: a hook of the runtime fails",
}
EVENTS = ("Failed", HOOK_EVENT)


@dataclass(frozen=True)
class Refused:
    """One container that is not started, and the kubelet's sentence."""

    pod: Pod
    view: ContainerView
    reason: str
    text: str


@failure(Cause.CONTAINER_NOT_STARTED)
def refused_by_kubelet(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F65."""
    for owner, pods in troubled(snapshot):
        found = [one for pod in pods for one in _refused(snapshot, pod)]
        if found:
            yield _finding(snapshot, context, owner, found)


def _refused(snapshot: Snapshot, pod: Pod) -> Iterator[Refused]:
    for view in containers(pod):
        reason, text = view.waiting_reason, view.waiting_message
        if reason in REFUSALS and not what_is_missing(text):
            yield Refused(pod, view, reason, text)
        elif reason == "CrashLoopBackOff" and (said := _hook_failed(snapshot, pod, view)):
            yield Refused(pod, view, "PostStartHookError", said)


def _hook_failed(snapshot: Snapshot, pod: Pod, view: ContainerView) -> str:
    """Between two tries the status says CrashLoopBackOff, and only the event tells."""
    field = f"{{{view.name}}}"
    events = [
        event
        for event in snapshot.events_of(pod.metadata.uid)
        if event.reason == HOOK_EVENT and event.involved_object.field_path.endswith(field)
    ]
    return events[-1].message if events else ""


def _finding(
    snapshot: Snapshot, context: Context, owner: ObjectRef, found: Sequence[Refused]
) -> Finding:
    first = max(found, key=lambda one: len(one.text))
    pods = list({one.pod.metadata.uid: one.pod for one in found}.values())
    since = min(_since(pod, context) for pod in pods)
    revision = judge_newest_revision(snapshot, owner, context, pods, since).revision
    return about_pods(
        snapshot,
        Cause.CONTAINER_NOT_STARTED,
        owner,
        pods,
        f"{full_name(owner)}: container {first.view.name} {REFUSALS[first.reason]}",
        since,
        since + timedelta(seconds=context.dwell.config_seconds),
        [
            observed(
                "pods", f"{first.pod.metadata.name}: {first.reason} {first.text}", decisive=True
            ),
            *events_evidence(snapshot, first.pod.metadata.uid, EVENTS),
            *changed_evidence(revision),
        ],
        revision,
        with_container(ContainerFacts(reason=first.reason), first.view),
    )


def _since(pod: Pod, context: Context) -> datetime:
    times = [began(pod), condition_since(pod, "PodScheduled")]
    return max((time for time in times if time is not None), default=context.now)
