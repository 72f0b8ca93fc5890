"""The calls of one attempt: dry run, comparison, write. No records are written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from detection.findings import ObjectRef
from remediation import cluster
from remediation.actions.base import Effect, Object, Patch, Wish
from remediation.candidates import Candidate
from remediation.cluster import Changed, Session
from remediation.diff import diff, masked
from remediation.hashes import spec_hash
from remediation.templates import older_template


class Empty(Exception):
    """The server's dry run shows that nothing would change."""


@dataclass(frozen=True)
class Rehearsal:
    """What the dry run told. `seen` is the object as it was read."""

    seen: Mapping[str, Any]
    diff: tuple[str, ...]
    template: Mapping[str, Any] | None = None
    inverse: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def rehearse(
    session: Session, candidate: Candidate, owner: ObjectRef, stamp: datetime
) -> Rehearsal:
    """Read the target, dry-run the action, return the diff. Changes nothing.

    Raises Empty, Changed, Stopped, KubernetesError.
    """
    seen = cluster.read(session, owner)
    if candidate.entry.effect == Effect.EVICT:
        return _rehearse_eviction(session, candidate, seen)
    template = older_template(session, seen, owner, candidate.parameters.get("revision"))
    wish = Wish(candidate.parameters, stamp, template)
    change = candidate.entry.change(seen, wish)
    after = cluster.patch(session, owner, seen, change, dry_run=True) if change else seen
    lines = tuple(diff(seen, after))
    if not lines:
        raise Empty("nothing would change: the object is like that already")
    inverse = candidate.entry.inverse(seen, candidate.parameters)
    return Rehearsal(seen, lines, template, inverse, _before(seen))


def _rehearse_eviction(
    session: Session, candidate: Candidate, owner_seen: dict[str, Any]
) -> Rehearsal:
    pod = cluster.read(session, candidate.target)
    if pod["metadata"].get("deletionTimestamp"):
        raise Changed("the pod is ending already")
    cluster.evict(session, candidate.target, dry_run=True)
    phase = (pod.get("status") or {}).get("phase", "unknown")
    line = f"Pod {candidate.target.namespace}/{candidate.target.name}: {phase} → evicted"
    return Rehearsal(owner_seen, (line, *_budget_lines(session, pod)), facts=_before(owner_seen))


def _budget_lines(session: Session, pod: Object) -> list[str]:
    """What the PodDisruptionBudgets of the pod leave."""
    labels = pod["metadata"].get("labels") or {}
    found = cluster.budgets_over(session, pod["metadata"]["namespace"], labels)
    return [
        f"PodDisruptionBudget {item['metadata']['name']}: "
        f"{(item.get('status') or {}).get('disruptionsAllowed', 0)} disruptions allowed"
        for item in found
    ]


def compare(session: Session, owner: ObjectRef, rehearsal: Rehearsal) -> dict[str, Any]:
    """Read the owner once more; Changed where its spec is not the one that was rehearsed."""
    fresh = cluster.read(session, owner)
    if spec_hash(fresh) != spec_hash(rehearsal.seen):
        raise Changed(f"the spec of {owner} changed since the dry run")
    return fresh


def carry_out(
    session: Session,
    candidate: Candidate,
    owner: ObjectRef,
    seen: Object,
    rehearsal: Rehearsal,
    stamp: datetime,
    attempt: str,
) -> dict[str, Any]:
    """The write. Returns what is kept of the server's answer."""
    if candidate.entry.effect == Effect.EVICT:
        cluster.evict(session, candidate.target, dry_run=False)
        return {"evicted": candidate.target.as_dict()}
    wish = Wish(candidate.parameters, stamp, rehearsal.template)

    def change_of(found: Object) -> Patch:
        return candidate.entry.change(found, wish)

    after = cluster.write(session, owner, seen, change_of, attempt)
    meta = after["metadata"]
    return {name: meta.get(name) for name in ("uid", "resourceVersion", "generation")}


def read_only(session: Session, candidate: Candidate) -> dict[str, Any]:
    """`describe` and `view_logs`: what was read, bounded and masked."""
    target = candidate.target
    if candidate.entry.effect == Effect.NONE:
        return {}
    if candidate.action == "view_logs":
        container = str(candidate.parameters.get("container", ""))
        return {"log": cluster.logs(session, target, container)}
    found = cluster.read(session, target)
    return {"object": masked(found), "events": cluster.events(session, target)}


def _before(seen: Object) -> dict[str, Any]:
    status = seen.get("status") or {}
    return {
        "spec_hash": spec_hash(seen),
        "generation": seen["metadata"].get("generation"),
        "ready": status.get("readyReplicas", status.get("numberReady", 0)) or 0,
    }
