"""A person asks for a new analysis: the incident's version grows, so that its plan is over."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import F

from detection.domain.statuses import IN_HAND, TERMINAL, Status
from detection.incidents import states
from detection.models import Incident
from kubewise_site import pipeline


class ReanalysisResult(StrEnum):
    """What came of it. Only PUBLISHED changes anything."""

    PUBLISHED = "the analysis was requested"
    UNDER_WAY = "an analysis is running"
    IN_HAND = "a remediation is in progress; its verification comes first"
    OVER = "the incident is closed"


def request_reanalysis(incident: Incident, actor: str, now: datetime) -> ReanalysisResult:
    """Make the analysis due and wake the workers; the sweep does it where the broker is away."""
    if refused := _refusal(incident):
        return refused
    with transaction.atomic():
        rows = Incident.objects.filter(pk=incident.pk, status=incident.status)
        if not rows.update(version=F("version") + 1):
            return ReanalysisResult.UNDER_WAY  # another was faster
        reason = "new analysis requested"
        states.note_event(incident, "analysis", actor=actor, reason=reason, now=now)
        pipeline.advance(incident.pk)
    return ReanalysisResult.PUBLISHED


def _refusal(incident: Incident) -> ReanalysisResult | None:
    if incident.status == Status.ANALYZING:
        return ReanalysisResult.UNDER_WAY
    if incident.status in IN_HAND:
        return ReanalysisResult.IN_HAND
    return ReanalysisResult.OVER if incident.status in TERMINAL else None
