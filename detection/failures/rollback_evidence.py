"""Would a rollback help? What is known of an owner's revisions.

A failure is *revision-borne* when it is on the newest revision alone, began after that revision
was rolled out, and there is an earlier one. Whether the earlier one is *proven* to have been
available is told apart: by a ReplicaSet that still serves, by our own record, by Prometheus.
A revision that ran well for long before it failed is *stable*: going back would not help.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from detection.domain.findings import ObjectRef, Proof, Revision
from detection.failures.context import Context
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot, revision_of_replicaset
from detection.snapshot.config_references import new_references
from detection.snapshot.pod_status import began, condition_since, is_active, is_ready
from detection.snapshot.pod_templates import (
    Template,
    normalized,
    of_revision,
    template_changes,
    template_hash,
)

POD_REVISION = "controller-revision-hash"
COMPLETED = "NewReplicaSetAvailable"
FIRST_MOMENTS = timedelta(seconds=60)
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """One template of an owner. A plain restart makes no new one.

    `keys` tell its pods: UIDs of ReplicaSets, or values of the controller-revision-hash label.
    """

    number: int
    template: Template
    hash: str
    created: datetime | None
    keys: frozenset[str]
    names: frozenset[str]
    available: int


@dataclass(frozen=True)
class Judgement:
    """`stable`: the newest revision ran well before. `target` is what a rollback would restore."""

    revision: Revision
    stable: bool = False
    newest: Known | None = None
    target: Known | None = None


def judge_newest_revision(
    snapshot: Snapshot,
    owner: ObjectRef,
    context: Context,
    failing: Sequence[o.Pod] = (),
    onset: datetime | None = None,
    keys: Collection[str] = (),
) -> Judgement:
    """What the owner's revisions say about pods that fail since `onset`.

    `keys` stand for pods that were never made: of the revisions that would have them.
    """
    history = history_of(snapshot, owner)
    stable = _is_stable(snapshot, owner, context, history, failing, onset or context.now)
    if not history:
        return Judgement(Revision(), stable)
    newest, older = history[0], history[1:]
    proven, proof = _proven(snapshot, owner, context, older, {p.metadata.uid for p in failing})
    if proven is None and _never_available(snapshot.get(owner)):
        older = []
    target = proven or (older[0] if older else None)
    hit = {*map(key_of_pod, failing), *keys}
    on_newest = bool(hit) and hit <= newest.keys
    revision = Revision(
        current=newest.number,
        older=older[0].number if older else None,
        proven=proven.number if proven else None,
        proof=proof,
        borne=on_newest and target is not None and not stable,
        changed=template_changes(target.template, newest.template) if target else (),
        new_references=new_references(target.template, newest.template) if target else (),
    )
    return Judgement(revision, stable, newest, target)


def not_borne(revision: Revision) -> Revision:
    return replace(revision, borne=False)


def history_of(snapshot: Snapshot, owner: ObjectRef) -> list[Known]:
    """The owner's distinct templates, the newest first; empty for kinds without revisions."""
    if owner.kind == "Deployment":
        found = [_from_replicaset(snapshot, rs) for rs in snapshot.replicasets_of(owner.uid)]
    elif owner.kind in ("StatefulSet", "DaemonSet"):
        pods = snapshot.pods_below(owner)
        found = [_from_revision(r, pods) for r in snapshot.controllerrevisions_of(owner.uid)]
    else:
        return []
    return _merged(reversed(found))


def key_of_pod(pod: o.Pod) -> str:
    """What `Known.keys` hold for this pod's revision."""
    above = pod.controller
    if above is not None and above.kind == "ReplicaSet":
        return above.uid
    return pod.metadata.labels.get(POD_REVISION, "")


def keys_of_revision(revision: o.ControllerRevision) -> frozenset[str]:
    """What the pods of a StatefulSet's or DaemonSet's revision bear as their label."""
    meta = revision.metadata
    label = meta.labels.get(POD_REVISION, meta.name)
    return frozenset({meta.name, meta.name.rpartition("-")[2], label})


def _from_replicaset(snapshot: Snapshot, replicaset: o.ReplicaSet) -> Known:
    template = normalized(bytes(replicaset.spec.template))
    return Known(
        number=revision_of_replicaset(replicaset),
        template=template,
        hash=template_hash(template),
        created=replicaset.metadata.creation_timestamp,
        keys=frozenset({replicaset.metadata.uid}),
        names=frozenset({replicaset.metadata.name}),
        available=replicaset.status.available_replicas,
    )


def _from_revision(revision: o.ControllerRevision, pods: Iterable[o.Pod]) -> Known:
    template = of_revision(bytes(revision.data))
    meta = revision.metadata
    keys = keys_of_revision(revision)
    ready = [p for p in pods if key_of_pod(p) in keys and is_active(p) and is_ready(p)]
    return Known(
        number=revision.revision,
        template=template,
        hash=template_hash(template),
        created=meta.creation_timestamp,
        keys=keys,
        names=frozenset({meta.name}),
        available=len(ready),
    )


def _merged(newest_first: Iterable[Known]) -> list[Known]:
    found: dict[str, Known] = {}
    for known in newest_first:
        kept = found.get(known.hash)
        found[known.hash] = known if kept is None else _joined(kept, known)
    return list(found.values())


def _joined(newer: Known, older: Known) -> Known:
    times = [time for time in (newer.created, older.created) if time is not None]
    return replace(
        newer,
        created=min(times, default=None),
        keys=newer.keys | older.keys,
        names=newer.names | older.names,
        available=newer.available + older.available,
    )


def _proven(
    snapshot: Snapshot,
    owner: ObjectRef,
    context: Context,
    older: Sequence[Known],
    failing: Collection[str],
) -> tuple[Known | None, str]:
    """The newest earlier revision with a proof, and which."""
    for known in older:
        if proof := _proof(snapshot, owner, context, known, failing):
            return known, proof
    return None, ""


def _proof(
    snapshot: Snapshot,
    owner: ObjectRef,
    context: Context,
    known: Known,
    failing: Collection[str],
) -> str:
    if known.available and not _all_fail(snapshot, owner, known, failing):
        return Proof.REPLICASET
    if any(b.template_hash == known.hash for b in context.baselines.get(owner.uid, ())):
        return Proof.BASELINE
    if any((owner.namespace, n) in context.metrics.ready_replicasets for n in known.names):
        return Proof.PROMETHEUS
    return ""


def _all_fail(snapshot: Snapshot, owner: ObjectRef, known: Known, failing: Collection[str]) -> bool:
    """A pod that crashes in a loop is available for moments: that proves nothing."""
    pods = [p for p in snapshot.pods_below(owner) if key_of_pod(p) in known.keys]
    return bool(pods) and all(p.metadata.uid in failing for p in pods)


def _never_available(item: o.Object | None) -> bool:
    """The Deployment was never available since it was made: no revision of it ran well."""
    if not isinstance(item, o.Deployment) or item.metadata.creation_timestamp is None:
        return False
    available = o.condition(item.status.conditions, "Available")
    if available is None or available.status != "False" or not available.last_transition_time:
        return False
    return available.last_transition_time <= item.metadata.creation_timestamp + FIRST_MOMENTS


def _is_stable(
    snapshot: Snapshot,
    owner: ObjectRef,
    context: Context,
    history: Sequence[Known],
    failing: Sequence[o.Pod],
    onset: datetime,
) -> bool:
    long_enough = timedelta(seconds=context.dwell.stable_seconds)
    newest = history[0] if history else None
    if newest and _was_recorded(owner, context, newest, onset, long_enough):
        return True
    completed = _rollout_completed(snapshot.get(owner), newest)
    if completed is not None and onset - completed >= long_enough:
        return True
    told = failing if completed is None else ()
    return _pods_ran_long(snapshot, owner, newest, failing, told, onset, long_enough)


def _was_recorded(
    owner: ObjectRef, context: Context, newest: Known, onset: datetime, long_enough: timedelta
) -> bool:
    return any(
        baseline.template_hash == newest.hash
        and min(baseline.last_available, onset) - baseline.first_available >= long_enough
        for baseline in context.baselines.get(owner.uid, ())
    )


def _rollout_completed(item: o.Object | None, newest: Known | None) -> datetime | None:
    """When the newest revision became available; the far future where it never did.

    None where the owner doesn't tell. The reason NewReplicaSetAvailable stays when pods crash
    later, so it proves that this revision was available once.
    """
    if isinstance(item, o.StatefulSet):
        return NEVER if item.status.update_revision != item.status.current_revision else None
    if isinstance(item, o.DaemonSet):
        status = item.status
        return NEVER if status.updated_number_scheduled < status.desired_number_scheduled else None
    if not isinstance(item, o.Deployment) or newest is None:
        return None
    progressing = o.condition(item.status.conditions, "Progressing")
    if progressing is None or not progressing.reason:
        return None
    at = progressing.last_update_time or progressing.last_transition_time
    if progressing.reason != COMPLETED:
        return NEVER
    if at is None or (newest.created and at < newest.created - FIRST_MOMENTS):
        return None
    return at


def _pods_ran_long(
    snapshot: Snapshot,
    owner: ObjectRef,
    newest: Known | None,
    failing: Sequence[o.Pod],
    told: Sequence[o.Pod],
    onset: datetime,
    long_enough: timedelta,
) -> bool:
    """Pods of the newest revision that ran long before: siblings, or the failing ones in `told`."""
    uids = {pod.metadata.uid for pod in failing}
    siblings = [
        pod
        for pod in snapshot.pods_below(owner)
        if (newest is None or key_of_pod(pod) in newest.keys) and is_active(pod)
    ]
    healthy = [p for p in siblings if p.metadata.uid not in uids and is_ready(p)]
    since = [condition_since(pod, "Ready") for pod in healthy] + [began(pod) for pod in told]
    return any(time is not None and onset - time >= long_enough for time in since)
