"""Pods that had to go for pods of a higher priority, and find no place since."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import PreemptionFacts
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import about_pods, full_name, observed
from detection.failures.registry import failure
from detection.failures.scheduling.reasons import is_unschedulable
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_active, is_ready

PREEMPTED = "Preempted"
BY_UID = re.compile(r"\bby (?:a )?pod ([0-9a-f]{8}-[0-9a-f-]{27})\b", re.IGNORECASE)
BY_NAME = re.compile(r"\bby (?:pod )?([\w.-]+)/([\w.-]+)\b", re.IGNORECASE)


def preempted_owners(snapshot: Snapshot) -> frozenset[str]:
    """Keys of the owners of which a pod was preempted and one waits for a place."""
    return frozenset(key_of(owner) for owner, _, _ in victims(snapshot))


@failure(Cause.PREEMPTED)
def preempted(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F28: on the victim's owner; who took the place is related."""
    seen: set[str] = set()
    for owner, at, said in victims(snapshot):
        if key_of(owner) in seen:
            continue
        seen.add(key_of(owner))
        yield _finding(snapshot, context, owner, at, said)


def victims(snapshot: Snapshot) -> Iterator[tuple[ObjectRef, datetime, str]]:
    """Owners that lost a pod to preemption and are still short of it: when, and what said so."""
    for pod in snapshot.pods:
        found = o.condition(pod.status.conditions, "DisruptionTarget")
        if found is None or found.status != "True" or not found.reason.startswith("PreemptionBy"):
            continue
        owner = snapshot.top_owner(pod)
        if _is_short(snapshot, owner):
            at = found.last_transition_time or pod.metadata.creation_timestamp or snapshot.at
            yield owner, at, f"{pod.metadata.name}: {found.reason}: {found.message}"
    for event in snapshot.events:
        if event.reason == PREEMPTED and event.involved_object.kind == "Pod":
            above = _owner_of_lost(snapshot, event.involved_object)
            if above is not None and _is_short(snapshot, above):
                name = event.involved_object.name
                yield above, event.at or snapshot.at, f"{name}: Preempted: {event.message}"


def _owner_of_lost(snapshot: Snapshot, about: o.InvolvedObject) -> ObjectRef | None:
    """The owner of a pod that is gone: the one whose controller made a pod of that name."""
    pod = snapshot.by_uid.get(about.uid) or snapshot.find("Pod", about.namespace, about.name)
    if pod is not None:
        return snapshot.top_owner(pod)
    stem = about.name.rpartition("-")[0]
    for kind in ("ReplicaSet", "StatefulSet", "DaemonSet", "Job"):
        maker = snapshot.find(kind, about.namespace, stem)
        if maker is not None:
            return snapshot.top_owner(maker)
    return None


def _is_short(snapshot: Snapshot, owner: ObjectRef) -> bool:
    return any(is_unschedulable(p) for p in snapshot.pods_below(owner) if is_active(p))


def _finding(
    snapshot: Snapshot, context: Context, owner: ObjectRef, at: datetime, said: str
) -> Finding:
    active = [pod for pod in snapshot.pods_below(owner) if is_active(pod) and not is_ready(pod)]
    pending = [pod for pod in active if is_unschedulable(pod)]
    priority = pending[0].spec.priority if pending else 0
    taker = preemptor(snapshot, said, owner)
    found = about_pods(
        snapshot,
        Cause.PREEMPTED,
        owner,
        pending,
        f"{full_name(owner)}: {counted(len(pending), 'pod')} preempted by pods of higher priority",
        at,
        at + timedelta(seconds=context.dwell.unschedulable_seconds),
        [observed("pods", said, decisive=True), observed("pods", f"its priority is {priority}")],
        facts=PreemptionFacts(
            reason=PREEMPTED, priority=priority, preemptor=str(taker) if taker else ""
        ),
    )
    return found if taker is None else _with(found, taker)


def preemptor(snapshot: Snapshot, said: str, owner: ObjectRef) -> ObjectRef | None:
    """The owner of the pod that took the place, where the message names it."""
    if match := BY_UID.search(said):
        pod: o.Object | None = snapshot.by_uid.get(match[1])
    elif match := BY_NAME.search(said):
        pod = snapshot.find("Pod", match[1], match[2])
    else:
        return None
    found = snapshot.top_owner(pod) if pod is not None else None
    return found if found is not None and key_of(found) != key_of(owner) else None


def _with(found: Finding, taker: ObjectRef) -> Finding:
    return replace(found, related=(taker, *found.related))
