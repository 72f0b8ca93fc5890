"""Which statuses an incident has, which may follow which, and the one place that moves it.

Nothing else writes a status. A move is a conditional UPDATE: when another process was faster,
`move` says False, which is a normal end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from detection.redact import redact

if TYPE_CHECKING:
    from detection.models import Incident


class Status(models.TextChoices):
    DETECTED = "Detected"
    PREDICTED_FAILURE = "PredictedFailure", "PredictedFailure"
    ANALYZING = "Analyzing"
    REMEDIATION_SUGGESTED = "RemediationSuggested", "RemediationSuggested"
    AWAITING_APPROVAL = "AwaitingApproval", "AwaitingApproval"
    REMEDIATION_ATTEMPTED = "RemediationAttempted", "RemediationAttempted"
    VERIFICATION_PENDING = "VerificationPending", "VerificationPending"
    RESOLVED = "Resolved"
    REMEDIATION_FAILED = "RemediationFailed", "RemediationFailed"
    ESCALATED = "Escalated"
    DISMISSED = "Dismissed"


START = frozenset({Status.DETECTED, Status.PREDICTED_FAILURE})
WAITING = frozenset({Status.REMEDIATION_SUGGESTED, Status.AWAITING_APPROVAL, Status.ESCALATED})
IN_HAND = frozenset({Status.REMEDIATION_ATTEMPTED, Status.VERIFICATION_PENDING})
TERMINAL = frozenset({Status.RESOLVED, Status.DISMISSED})
OPEN = frozenset(Status) - TERMINAL

ALLOWED: Mapping[str, frozenset[Status]] = {
    Status.DETECTED: frozenset({Status.ANALYZING, Status.RESOLVED, Status.DISMISSED}),
    Status.PREDICTED_FAILURE: frozenset(
        {Status.DETECTED, Status.ANALYZING, Status.RESOLVED, Status.DISMISSED}
    ),
    Status.ANALYZING: WAITING
    | {Status.DETECTED, Status.REMEDIATION_ATTEMPTED, Status.RESOLVED, Status.DISMISSED},
    Status.REMEDIATION_SUGGESTED: WAITING
    | {Status.ANALYZING, Status.REMEDIATION_ATTEMPTED, Status.RESOLVED, Status.DISMISSED},
    Status.AWAITING_APPROVAL: WAITING
    | {Status.ANALYZING, Status.REMEDIATION_ATTEMPTED, Status.RESOLVED, Status.DISMISSED},
    Status.REMEDIATION_ATTEMPTED: frozenset(
        {
            Status.VERIFICATION_PENDING,
            Status.REMEDIATION_FAILED,
            Status.AWAITING_APPROVAL,
            Status.ESCALATED,
            Status.ANALYZING,
        }
    ),
    Status.VERIFICATION_PENDING: frozenset(
        {Status.RESOLVED, Status.REMEDIATION_FAILED, Status.ESCALATED}
    ),
    Status.REMEDIATION_FAILED: frozenset(
        {Status.ANALYZING, Status.ESCALATED, Status.RESOLVED, Status.DISMISSED}
    ),
    Status.ESCALATED: frozenset(
        {
            Status.ANALYZING,
            Status.AWAITING_APPROVAL,
            Status.REMEDIATION_ATTEMPTED,
            Status.RESOLVED,
            Status.DISMISSED,
        }
    ),
    Status.DISMISSED: frozenset(),
    Status.RESOLVED: frozenset(),
}


class WrongTransition(ValueError):
    """A bug: the table does not allow this move."""


def move(
    incident: Incident, after: Status, *, actor: str, reason: str, now: datetime, **fields: Any
) -> bool:
    """Move the incident to `after` with its Transition; False where another was faster.

    `fields` are written in the same UPDATE. A resolved incident gives up its open key.
    """
    before = Status(incident.status)
    if after not in ALLOWED[before]:
        raise WrongTransition(f"{before} → {after} is not allowed")
    if after == Status.RESOLVED:
        fields |= {"open_key": None, "closed_at": now}
    with transaction.atomic():
        rows = type(incident).objects.filter(pk=incident.pk, status=before)
        if not rows.update(status=after, **fields):
            return False
        incident.transitions.create(
            at=now, actor=actor, before=before, after=after, reason=redact(reason)
        )
    for name, value in {"status": after, **fields}.items():
        setattr(incident, name, value)
    return True


def began(incident: Incident, *, actor: str, reason: str, now: datetime) -> None:
    """The first Transition of a new incident."""
    incident.transitions.create(at=now, actor=actor, after=incident.status, reason=redact(reason))


def close_dismissed(incident: Incident, now: datetime) -> None:
    """A dismissed incident keeps its key until its signal is gone, so it is not opened anew."""
    rows = type(incident).objects.filter(pk=incident.pk, status=Status.DISMISSED)
    rows.update(open_key=None, closed_at=now)


def note(
    incident: Incident,
    kind: str,
    *,
    actor: str,
    reason: str,
    now: datetime,
    before: str = "",
    after: str = "",
) -> None:
    """Record something that is no change of status (cause revised, comment, gate)."""
    incident.transitions.create(
        at=now, actor=actor, kind=kind, reason=redact(reason), before=before, after=after
    )
