"""Owners whose pods the kubelet evicts again and again, for what they themselves use.

A pod that heeds SIGTERM ends as Succeeded, without `reason: Evicted`: only its event tells. Seen
with kubelet 1.36: 33 of 38 evictions for ephemeral storage looked like that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import Facts
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.domain.units import counted, duration
from detection.failures.context import Context
from detection.failures.finding_builder import about_pods, full_name, observed
from detection.failures.registry import failure
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot

EVICTED = "Evicted"
# Of a node's own shortage tells the node's finding.
OF_THE_NODE = ("the node was low on resource", "the node had condition")
LATELY_SECONDS = 900.0


@dataclass(frozen=True)
class Eviction:
    pod: Pod
    at: datetime
    text: str


@failure(Cause.PODS_EVICTED)
def evicted_again(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F67: three pods of one owner within 15 minutes."""
    groups: dict[str, tuple[ObjectRef, list[Eviction]]] = {}
    for one in _evictions(snapshot, context):
        owner = snapshot.top_owner(one.pod)
        groups.setdefault(key_of(owner), (owner, []))[1].append(one)
    for owner, found in groups.values():
        if len(found) >= context.dwell.evictions:
            yield _finding(snapshot, owner, sorted(found, key=lambda one: one.at))


def _evictions(snapshot: Snapshot, context: Context) -> Iterator[Eviction]:
    for pod in snapshot.pods:
        text, at = _told(snapshot, pod)
        if at is None or context.now - at > timedelta(seconds=LATELY_SECONDS):
            continue
        if text and not text.lower().startswith(OF_THE_NODE):
            yield Eviction(pod, at, text)


def _told(snapshot: Snapshot, pod: Pod) -> tuple[str, datetime | None]:
    """The kubelet's sentence and its time: from the event, else from the status."""
    events = [e for e in snapshot.events_of(pod.metadata.uid) if e.reason == EVICTED]
    if events:
        return events[-1].message.strip(), events[-1].at
    if pod.status.reason == EVICTED:
        return pod.status.message.strip(), pod.status.start_time
    return "", None


def _finding(snapshot: Snapshot, owner: ObjectRef, found: Sequence[Eviction]) -> Finding:
    last, within = found[-1], duration(LATELY_SECONDS)
    return about_pods(
        snapshot,
        Cause.PODS_EVICTED,
        owner,
        [one.pod for one in found],
        f"{full_name(owner)}: {counted(len(found), 'pod')} evicted within {within}: {last.text}",
        found[0].at,
        found[0].at,
        [observed("events", f"{one.pod.metadata.name}: {EVICTED}: {one.text}", decisive=True)
         for one in reversed(found[-3:])],
        facts=Facts(reason=EVICTED),
    )  # fmt: skip
