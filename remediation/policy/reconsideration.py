"""When an incident is decided again, because a reason against acting may pass by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from detection.domain.statuses import WAITING
from remediation.models import Approval
from remediation.policy.verdicts import Decision

BACK_OFF_MINUTES = (1, 2, 5, 10)


def fields_of(decision: Decision, times: int, now: datetime) -> dict[str, Any]:
    """What a decision says about the next one, of an incident decided again `times` before."""
    if not decision.passing:
        return {"decide_again_at": None, "decided_again": 0}
    minutes = BACK_OFF_MINUTES[min(times, len(BACK_OFF_MINUTES) - 1)]
    return {"decide_again_at": now + timedelta(minutes=minutes), "decided_again": times + 1}


def soon(now: datetime) -> dict[str, Any]:
    """After a refusal whose reason may pass, by a gate that `decide` does not know of."""
    return {"decide_again_at": now + timedelta(minutes=BACK_OFF_MINUTES[0]), "decided_again": 1}


def due_decisions(now: datetime) -> Q:
    """Waiting incidents to be decided again: analyzed as they stand, no approval under way."""
    return Q(
        ~Q(pk__in=approved(now)),
        status__in=WAITING,
        decide_again_at__lte=now,
        analyzed_version=F("version"),
    )


def approved(now: datetime) -> Any:
    """Ids of incidents with an approval that waits to be carried out."""
    rows = Approval.objects.filter(
        verdict=Approval.Verdict.APPROVED,
        used_at__isnull=True,
        expires_at__gt=now,
        plan__superseded_at__isnull=True,
    )
    return rows.values("plan__incident_id")
