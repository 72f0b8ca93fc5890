"""The calls of one attempt: dry run, comparison, write. No records are written here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from detection.findings import ObjectRef
from detection.redact import redact, redact_all
from remediation import cluster
from remediation.actions.base import Effect, Object
from remediation.candidates import Candidate
from remediation.cluster import Changed, Session
from remediation.diff import masked
from remediation.hashes import spec_hash
from remediation.ways import WAYS
from remediation.ways.base import Empty, Refusal, Rehearsal, Task

__all__ = ["Empty", "Refusal", "Rehearsal", "carry_out", "compare", "read_only", "rehearse"]


def rehearse(
    session: Session, candidate: Candidate, owner: ObjectRef, stamp: datetime, attempt: str = ""
) -> Rehearsal:
    """Read the owner, dry-run the action, return the diff. Changes nothing.

    Raises Empty, Refusal, Changed, Stopped, KubernetesError.
    """
    task = Task(session, candidate, owner, stamp, attempt)
    return WAYS[candidate.entry.effect].rehearse(task, cluster.read(session, owner))


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
    """The write. Returns what is kept of the server's answer. Raises as `rehearse`."""
    task = Task(session, candidate, owner, stamp, attempt)
    return WAYS[candidate.entry.effect].carry_out(task, seen, rehearsal)


def read_only(session: Session, candidate: Candidate) -> dict[str, Any]:
    """`describe` and `view_logs`: what was read, bounded and masked."""
    target = candidate.target
    if candidate.entry.effect == Effect.NONE:
        return {}
    if candidate.action == "view_logs":
        container = str(candidate.parameters.get("container", ""))
        return {"log": redact(cluster.logs(session, target, container))}
    found = cluster.read(session, target)
    return {
        "object": redact_all(masked(found)),
        "events": redact_all(cluster.events(session, target)),
    }
