"""What a person adds to an incident: a comment, or a silence of its owner."""

from __future__ import annotations

from datetime import datetime, timedelta
from glob import escape

from django.db import transaction

from detection import states
from detection.models import Incident
from remediation import audit
from remediation.models import Silence

LONGEST = 4000
LONGEST_HOURS = 24 * 30


class Empty(ValueError):
    """Nothing was said."""


def comment(incident: Incident, actor: str, text: str, now: datetime) -> None:
    """Put `text` on the timeline. Raises Empty."""
    said = text.strip()[:LONGEST]
    if not said:
        raise Empty("a comment needs a text")
    states.note(incident, "comment", actor=actor, reason=said, now=now)


def silence(incident: Incident, hours: int, actor: str, reason: str, now: datetime) -> Silence:
    """No remediation of and no message about the owner, 1 to 720 hours. Raises ValueError."""
    if not 1 <= hours <= LONGEST_HOURS:
        raise ValueError(f"a silence is of 1 to {LONGEST_HOURS} hours")
    if not reason.strip():
        raise Empty("a silence needs a reason")
    with transaction.atomic():
        row = Silence.objects.create(
            cluster_id=incident.cluster_id,
            namespace_pattern=escape(incident.owner_namespace) or "",
            name_pattern=escape(incident.owner_name),
            author=actor,
            reason=reason.strip()[:LONGEST],
            starts_at=now,
            ends_at=now + timedelta(hours=hours),
        )
        audit.append("silence added", actor, row, now)
        said = f"silenced for {hours} h: {row.reason}"
        states.note(incident, "silence", actor=actor, reason=said, now=now)
    return row
