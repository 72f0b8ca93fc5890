"""A person says "false positive": the owner's threshold rises, and its hours stay training data."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from detection.domain.causes import Cause
from detection.domain.facts import AnomalyFacts
from detection.incidents import states
from detection.models import Incident
from detection.models.anomaly import AnomalyFeedback


class NotAnAnomaly(ValueError):
    """Feedback on an incident that no anomaly opened; the message names its cause."""


def false_positive(
    incident: Incident, by: str, now: datetime, note: str = ""
) -> AnomalyFeedback | None:
    """Record it once an incident; None where it was said before. Raises NotAnAnomaly."""
    if incident.cause != Cause.METRIC_ANOMALY:
        raise NotAnAnomaly(f"this incident is {incident.cause}, not an anomaly")
    owner = {
        "cluster": incident.cluster,
        "owner_kind": incident.owner_kind,
        "owner_namespace": incident.owner_namespace,
        "owner_name": incident.owner_name,
    }
    with transaction.atomic():
        if AnomalyFeedback.objects.filter(**owner, at__gte=incident.first_seen).exists():
            return None
        row = AnomalyFeedback.objects.create(
            **owner,
            at=now,
            by=by,
            score=incident.score,
            metrics=dict(incident.facts_as(AnomalyFacts).contributions),
            note=note,
        )
        states.note_event(incident, "feedback", actor=by, reason="false positive", now=now)
    return row
