"""Which statuses an incident has, which may follow which, and the one place that moves it.

Nothing else writes a status. A move is a conditional UPDATE: when another process was faster,
`move` says False, which is a normal end.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

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


def note_beginning(incident: Incident, *, actor: str, reason: str, now: datetime) -> None:
    """The first Transition of a new incident."""
    incident.transitions.create(at=now, actor=actor, after=incident.status, reason=redact(reason))


def close_dismissed(incident: Incident, now: datetime) -> None:
    """A dismissed incident keeps its key until its signal is gone, so it is not opened anew."""
    rows = type(incident).objects.filter(pk=incident.pk, status=Status.DISMISSED)
    rows.update(open_key=None, closed_at=now)


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
