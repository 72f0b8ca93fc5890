"""The calls of one attempt: dry run, comparison, write. No records are written here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from detection.domain.findings import ObjectRef
from kubewise_site.core.redaction import redact, redact_all
from remediation.actions.base import LOGS, NONE, Object
from remediation.cluster import writer
from remediation.cluster.diff import masked
from remediation.cluster.writer import ObjectChanged, Session
from remediation.digests import spec_hash
from remediation.execution.strategies import STRATEGIES
from remediation.execution.strategies.base import NothingToChange, Refusal, Rehearsal, Task
from remediation.planning.candidates import Candidate

__all__ = [
    "NothingToChange",
    "Refusal",
    "Rehearsal",
    "carry_out",
    "compare",
    "read_only",
    "rehearse",
]


def rehearse(
    session: Session, candidate: Candidate, owner: ObjectRef, stamp: datetime, attempt: str = ""
) -> Rehearsal:
    """Read the owner, dry-run the action, return the diff. Changes nothing.

    Raises NothingToChange, Refusal, ObjectChanged, WritingStopped, KubernetesError.
    """
    task = Task(session, candidate, owner, stamp, attempt)
    return STRATEGIES[candidate.entry.strategy].rehearse(task, writer.read(session, owner))


def compare(session: Session, owner: ObjectRef, rehearsal: Rehearsal) -> dict[str, Any]:
    """Read the owner once more; ObjectChanged where its spec is not the one that was rehearsed."""
    fresh = writer.read(session, owner)
    if spec_hash(fresh) != spec_hash(rehearsal.seen):
        raise ObjectChanged(f"the spec of {owner} changed since the dry run")
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
    return STRATEGIES[candidate.entry.strategy].carry_out(task, seen, rehearsal)


def read_only(session: Session, candidate: Candidate) -> dict[str, Any]:
    """`describe` and `view_logs`: what was read, bounded and masked."""
    target = candidate.target
    if candidate.entry.strategy == NONE:
        return {}
    if candidate.entry.strategy == LOGS:
        container = str(candidate.parameters.get("container", ""))
        return {"log": redact(writer.logs(session, target, container))}
    found = writer.read(session, target)
    return {
        "object": redact_all(masked(found)),
        "events": redact_all(writer.events(session, target)),
    }
