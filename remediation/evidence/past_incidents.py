"""Earlier incidents of the same owner, and what helped then."""

from __future__ import annotations

from collections.abc import Iterator

from detection.models import Incident
from remediation.evidence.pack import Item, utc_text
from remediation.models import Attempt

MOST = 4


def earlier_items(incident: Incident) -> Iterator[Item]:
    """By name: an owner that was made anew has another UID and the same troubles."""
    rows = Incident.objects.filter(
        cluster=incident.cluster,
        owner_kind=incident.owner_kind,
        owner_namespace=incident.owner_namespace,
        owner_name=incident.owner_name,
    )
    rows = rows.exclude(pk=incident.pk).order_by("-last_seen").prefetch_related("attempts")
    lines = [_incident_text(row) for row in rows[:MOST]]
    if lines:
        yield Item("earlier incidents", "\n".join(lines))
    if tried := [_attempt(row) for row in incident.attempts.order_by("-id")[:MOST]]:
        yield Item("tried for this incident", "\n".join(tried))


def _incident_text(incident: Incident) -> str:
    attempts = [_attempt(row) for row in incident.attempts.all()]
    done = "; ".join(attempts) or "nothing was done about it"
    text = f"{utc_text(incident.first_seen)} {incident.cause}, {incident.status}"
    return f"{text}: {incident.summary}; {done}"


def _attempt(attempt: Attempt) -> str:
    outcome = attempt.outcome or attempt.state
    verdict = {
        "resolved": "helped",
        "not fixed": "did not help",
        "worse": "made it worse",
        "contained": "kept it from spreading",
    }
    return f"{attempt.command} {verdict.get(outcome, outcome)}"
