"""Which statuses an incident has, which may follow which, and the one place that moves it.

Nothing else writes a status. A move is a conditional UPDATE: when another process was faster,
`move` says False, which is a normal end.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F

from detection.domain.statuses import ALLOWED, Status
from kubewise_site.core.redaction import redact

if TYPE_CHECKING:
    from detection.models import Incident


class WrongTransition(ValueError):
    """A bug: the table does not allow this move."""


def move_incident(
    incident: Incident, after: Status, *, actor: str, reason: str, now: datetime, **fields: Any
) -> bool:
    """Move the incident to `after` with its Transition; False where another was faster.

    `fields` are written in the same UPDATE. A resolved incident gives up its open key, unless
    they keep it.
    """
    before = Status(incident.status)
    if after not in ALLOWED[before]:
        raise WrongTransition(f"{before} → {after} is not allowed")
    if after == Status.RESOLVED:
        fields = {"open_key": None, "closed_at": now} | fields
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


def note_beginning(incident: Incident, *, actor: str, reason: str, now: datetime) -> None:
    """The first Transition of a new incident."""
    incident.transitions.create(at=now, actor=actor, after=incident.status, reason=redact(reason))


def close_dismissed(incident: Incident, now: datetime) -> None:
    """A dismissed incident keeps its key until its signal is gone, so it is not opened anew."""
    rows = type(incident).objects.filter(pk=incident.pk, status=Status.DISMISSED)
    rows.update(open_key=None, closed_at=now)


def resolve_before_the_end(incident: Incident, *, actor: str, reason: str, now: datetime) -> bool:
    """Well, while its attempt is still verified: it keeps its key until that has ended, so that a
    failure of its owner meanwhile opens it again and nothing else."""
    key = incident.open_key
    return move_incident(
        incident, Status.RESOLVED, actor=actor, reason=reason, now=now, open_key=key
    )


def is_still_verified(incident: Incident) -> bool:
    """Whether it is resolved and its attempt's verification goes on."""
    return incident.status == Status.RESOLVED and incident.open_key is not None


def reopen(incident: Incident, *, actor: str, reason: str, now: datetime) -> bool:
    """What was well fails again while its attempt is verified: the verification has it again.

    False where another was faster, or the verification has ended.
    """
    before, after = Status.RESOLVED, Status.VERIFICATION_PENDING
    fields = {"status": after, "closed_at": None, "gone_since": None}
    with transaction.atomic():
        rows = type(incident).objects.filter(pk=incident.pk, status=before, open_key__isnull=False)
        if not rows.update(**fields, returns=F("returns") + 1):
            return False
        incident.transitions.create(
            at=now, actor=actor, before=before, after=after, reason=redact(reason)
        )
    incident.refresh_from_db()
    return True


def came_back_before_the_end(incident: Incident) -> bool:
    """Whether it was opened again while its attempt was verified."""
    return bool(incident.transitions.filter(kind="status", before=Status.RESOLVED).exists())


def give_key_up(incident: Incident) -> None:
    """The verification of a resolved incident has ended."""
    rows = type(incident).objects.filter(pk=incident.pk, status=Status.RESOLVED)
    rows.update(open_key=None)
    incident.open_key = None


def note_event(
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
