"""Pods that no node takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from detection.causes import Cause
from detection.context import Context
from detection.failures.building import (
    about_pods,
    changed_evidence,
    events_evidence,
    named,
    saw,
    troubled,
)
from detection.failures.registry import failure
from detection.findings import Finding, ObjectRef
from detection.objects import Pod, condition
from detection.quantities import amount_of
from detection.revisions import Judgement, judge, not_borne
from detection.snapshot import Snapshot
from detection.templates import Template, container_names, quantity_of

ROOM = re.compile(r"insufficient\s+[\w./-]+|too many pods", re.IGNORECASE)
SCALE_UP = "TriggeredScaleUp"
SCALE_UP_LASTS = timedelta(minutes=10)


def is_unschedulable(pod: Pod) -> bool:
    scheduled = condition(pod.status.conditions, "PodScheduled")
    return (
        not pod.spec.node_name
        and scheduled is not None
        and scheduled.status == "False"
        and scheduled.reason == "Unschedulable"
    )


@failure(Cause.INSUFFICIENT_CAPACITY)
def insufficient_capacity(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F20: the scheduler says that a resource is short on nodes that would do otherwise."""
    for owner, pods in troubled(snapshot):
        pending = [pod for pod in pods if is_unschedulable(pod) and ROOM.search(message_of(pod))]
        if pending:
            yield _finding(snapshot, context, owner, pending)


def message_of(pod: Pod) -> str:
    """The scheduler's message, without its second part about preemption."""
    scheduled = condition(pod.status.conditions, "PodScheduled")
    return (scheduled.message if scheduled else "").partition(" preemption:")[0]


def _finding(
    snapshot: Snapshot, context: Context, owner: ObjectRef, pending: Sequence[Pod]
) -> Finding:
    onset = min(_pending_since(pod, context) for pod in pending)
    scale_up = _scale_up(snapshot, pending, context)
    judged = judge(snapshot, owner, context, pending, onset)
    revision = judged.revision if raised_requests(judged) else not_borne(judged.revision)
    short = sorted({text.lower() for pod in pending for text in ROOM.findall(message_of(pod))})
    return about_pods(
        snapshot,
        Cause.INSUFFICIENT_CAPACITY,
        owner,
        pending,
        f"{named(owner)}: {len(pending)} pods find no node with room: {', '.join(short)}",
        onset,
        _opens_at(context, onset, scale_up),
        [
            saw("pods", f"{pending[0].metadata.name}: {message_of(pending[0])}", decisive=True),
            *events_evidence(snapshot, pending[0].metadata.uid, ("FailedScheduling", SCALE_UP)),
            *changed_evidence(revision),
        ],
        revision,
        {"short_of": short, "scale_up_running": scale_up is not None, "reason": "Unschedulable"},
    )


def _pending_since(pod: Pod, context: Context) -> datetime:
    scheduled = condition(pod.status.conditions, "PodScheduled")
    since = scheduled.last_transition_time if scheduled else None
    return since or pod.metadata.creation_timestamp or context.now


def _opens_at(context: Context, onset: datetime, scale_up: datetime | None) -> datetime:
    if scale_up is None:
        return onset + timedelta(seconds=context.dwell.unschedulable_seconds)
    return max(onset, scale_up) + timedelta(seconds=context.dwell.scale_up_seconds)


def _scale_up(snapshot: Snapshot, pending: Sequence[Pod], context: Context) -> datetime | None:
    """When the autoscaler last began to add a node for one of these pods, if lately."""
    times = [
        event.at
        for pod in pending
        for event in snapshot.events_of(pod.metadata.uid)
        if event.reason == SCALE_UP and event.at and context.now - event.at < SCALE_UP_LASTS
    ]
    return max((time for time in times if time is not None), default=None)


def raised_requests(judged: Judgement) -> bool:
    """Whether the newest revision asks for more than the older one did."""
    if judged.newest is None or judged.target is None:
        return False
    return any(
        _asked(judged.newest.template, resource) > _asked(judged.target.template, resource)
        for resource in ("cpu", "memory", "ephemeral-storage")
    )


def _asked(template: Template, resource: str) -> float:
    """The sum over containers; a limit without a request is the request."""
    return sum(
        float(
            amount_of(
                quantity_of(template, name, "requests", resource)
                or quantity_of(template, name, "limits", resource)
            )
        )
        for name in container_names(template)
    )
