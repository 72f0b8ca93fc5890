"""Pods that are never made: which controllers are refused, since when, and by what words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from detection.domain.findings import ObjectRef, key_of
from detection.failures.finding_builder import is_finished
from detection.failures.rollback_evidence import keys_of_revision
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_active

FAILED_CREATE = frozenset({"FailedCreate", "ReplicaSetCreateError", "FailedCreateJob"})
# Controllers back off to a quarter of an hour between attempts.
STILL_TRIED = timedelta(minutes=25)


@dataclass(frozen=True)
class RefusedOwner:
    """An owner whose controller may not make pods. `keys` are those of the revision refused."""

    owner: ObjectRef
    by: ObjectRef
    message: str
    since: datetime
    times: int = 1
    keys: frozenset[str] = field(default_factory=frozenset)


def refusals(snapshot: Snapshot) -> list[RefusedOwner]:
    """One for each owner; conditions first, events where a kind has none."""
    found: dict[str, RefusedOwner] = {}
    for refused in (*_by_condition(snapshot), *_by_event(snapshot)):
        found.setdefault(key_of(refused.owner), refused)
    return list(found.values())


def _by_condition(snapshot: Snapshot) -> Iterator[RefusedOwner]:
    for replicaset in snapshot.replicasets:
        if replicaset.spec.replicas and (said := _failure(replicaset.status.conditions)):
            yield _refused(snapshot, replicaset, said, {replicaset.metadata.uid})
    for item in snapshot.deployments:
        conditions = item.status.conditions
        said = _failure(conditions) or _no_replicaset(conditions)
        if said is not None and item.spec.replicas:
            yield _refused(snapshot, item, said, _newest(snapshot, item))


def _failure(conditions: Iterable[o.Condition]) -> o.Condition | None:
    found = o.condition(conditions, "ReplicaFailure")
    return found if found and found.status == "True" and "Create" in found.reason else None


def _no_replicaset(conditions: Iterable[o.Condition]) -> o.Condition | None:
    found = o.condition(conditions, "Progressing")
    return found if found and found.reason == "ReplicaSetCreateError" else None


def _newest(snapshot: Snapshot, item: o.Deployment) -> set[str]:
    """The newest ReplicaSet, where it is the one that lacks pods."""
    found = snapshot.replicasets_of(item.metadata.uid)
    newest = found[-1] if found else None
    if newest is None or newest.status.replicas >= max(newest.spec.replicas, 1):
        return set()
    return {newest.metadata.uid}


def _refused(snapshot: Snapshot, item: o.Object, said: o.Condition, keys: set[str]) -> RefusedOwner:
    since = said.last_transition_time or said.last_update_time or snapshot.at
    owner = snapshot.top_owner(item)
    return RefusedOwner(owner, item.ref, said.message, since, keys=frozenset(keys))


def _by_event(snapshot: Snapshot) -> Iterator[RefusedOwner]:
    """Of a controller that still lacks pods and was refused lately."""
    refused = [event for event in snapshot.events if event.reason in FAILED_CREATE]
    for event in sorted(refused, key=lambda e: e.at or snapshot.at, reverse=True):
        if event.at is None:
            continue
        about = event.involved_object
        item = snapshot.by_uid.get(about.uid) or snapshot.find(
            about.kind, about.namespace, about.name
        )
        if item is None or item.is_terminating or not _lacks(snapshot, item, event):
            continue
        if snapshot.at - event.at <= STILL_TRIED:
            owner = snapshot.top_owner(item)
            keys = _keys(snapshot, item)
            began = event.began or event.at
            yield RefusedOwner(owner, item.ref, event.message, began, event.times, keys)


def _lacks(snapshot: Snapshot, item: o.Object, event: o.Event) -> bool:
    if isinstance(item, o.ReplicaSet):
        return item.status.replicas < item.spec.replicas
    if isinstance(item, o.Deployment):
        return item.status.updated_replicas < item.spec.replicas
    if isinstance(item, o.StatefulSet):
        return sum(map(is_active, snapshot.pods_below(item.ref))) < item.spec.replicas
    if isinstance(item, o.DaemonSet):
        return item.status.current_number_scheduled < item.status.desired_number_scheduled or (
            len([p for p in snapshot.pods_below(item.ref) if is_active(p)])
            < item.status.desired_number_scheduled
        )
    if isinstance(item, o.Job):
        waits = not is_finished(item) and not item.spec.suspend
        return waits and not any(map(is_active, _pods_of_job(snapshot, item)))
    return isinstance(item, o.CronJob) and not _made_since(snapshot, item, event)


def _pods_of_job(snapshot: Snapshot, job: o.Job) -> list[o.Pod]:
    pods = snapshot.pods_below(snapshot.top_owner(job))
    return [p for p in pods if p.controller is not None and p.controller.uid == job.metadata.uid]


def _made_since(snapshot: Snapshot, item: o.CronJob, event: o.Event) -> bool:
    """A Job made after the last refusal: it works again."""
    at = event.at or snapshot.at
    return any(
        job.metadata.creation_timestamp is not None and job.metadata.creation_timestamp > at
        for job in snapshot.jobs_below(item.ref)
    )


def _keys(snapshot: Snapshot, item: o.Object) -> frozenset[str]:
    """Which revision's pods are refused."""
    if isinstance(item, o.ReplicaSet):
        return frozenset({item.metadata.uid})
    if isinstance(item, o.Deployment):
        return frozenset(_newest(snapshot, item))
    if isinstance(item, o.StatefulSet) and item.status.update_revision:
        return frozenset({item.status.update_revision})
    if isinstance(item, o.DaemonSet):
        found = snapshot.controllerrevisions_of(item.metadata.uid)
        return keys_of_revision(found[-1]) if found else frozenset()
    return frozenset()
