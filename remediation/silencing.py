"""Silencing one incident's owner: no remediation and no message about it until a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from detection import states
from detection.models import Incident
from remediation import upkeep
from remediation.models import Silence

LONGEST = timedelta(days=30)


def silence(incident: Incident, user: Any, reason: str, until: datetime, now: datetime) -> Silence:
    """A silence of just this owner's namespace and name, with its line in the timeline.

    Raises ValueError where `until` is past or more than 30 days away.
    """
    if not now < until <= now + LONGEST:
        raise ValueError(f"a silence ends after now and within {LONGEST.days} days")
    actor = user.get_username()
    row = Silence(
        cluster=incident.cluster,
        namespace_pattern=incident.owner_namespace,
        name_pattern=incident.owner_name,
        author=actor,
        reason=reason,
        starts_at=now,
        ends_at=until,
    )
    with transaction.atomic():
        upkeep.keep(row, actor, now)
        told = f"silenced until {until:%Y-%m-%d %H:%M} UTC: {reason}"
        states.note(incident, "silence", actor=actor, reason=told, now=now)
    return row


def comment(incident: Incident, user: Any, text: str, now: datetime) -> None:
    """A person's words in the timeline."""
    states.note(incident, "comment", actor=user.get_username(), reason=text, now=now)
