"""What a person adds to an incident: a comment, or a silence of its owner.

A silence means no remediation and no message about the owner until a time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from glob import escape

from django.db import transaction

from detection.domain.units import counted
from detection.incidents import states
from detection.models import Incident
from kubewise_site.core.foreign_text import safe
from remediation.controls import policies
from remediation.models import Silence

LONGEST = timedelta(days=30)
LONGEST_TEXT = 4000


class NoReason(ValueError):
    """Nothing was said."""


def silence_owner(
    incident: Incident, actor: str, reason: str, until: datetime, now: datetime
) -> Silence:
    """A silence of just this owner's namespace and name, with its line in the timeline.

    Raises ValueError where `until` is past or more than 30 days away, NoReason without a reason.
    """
    if not now < until <= now + LONGEST:
        raise ValueError(f"a silence must end in the future, within {counted(LONGEST.days, 'day')}")
    row = Silence(
        cluster=incident.cluster,
        namespace_pattern=escape(incident.owner_namespace),
        name_pattern=escape(incident.owner_name),
        author=actor,
        reason=said(reason, "a silence needs a reason"),
        starts_at=now,
        ends_at=until,
    )
    with transaction.atomic():
        policies.save_audited(row, actor, now)
        told = f"silenced until {until:%Y-%m-%d %H:%M} UTC: {row.reason}"
        states.note_event(incident, "silence", actor=actor, reason=told, now=now)
    return row


def comment(incident: Incident, actor: str, text: str, now: datetime) -> None:
    """A person's words in the timeline. Raises NoReason."""
    words = said(text, "a comment needs text")
    states.note_event(incident, "comment", actor=actor, reason=words, now=now)


def said(text: str, lacking: str) -> str:
    """A person's words, safe for databases and readers. Raises NoReason where nothing is seen."""
    if not any(char.isprintable() and not char.isspace() for char in text):
        raise NoReason(lacking)
    return safe(text.strip())[:LONGEST_TEXT]
