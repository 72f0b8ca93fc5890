"""What of an open incident stays although a pass sees something else: cause, severity, onset.

A container in a crash loop waits, runs and ends; each of these looks like another failure, graver
or lighter, begun at another time. What was established stays until something has changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from detection.domain.causes import CAUSES, Cause, Precedence, Severity, order_of
from detection.domain.findings import Finding
from detection.domain.statuses import IN_HAND
from detection.models import Incident

# The longest wait between two starts of a container.
HOLD = timedelta(seconds=300)
# Two views of one fault, by different clocks and intervals.
SAME_TIME = timedelta(seconds=120)


def is_metric(cause: str) -> bool:
    return CAUSES[Cause(cause)].precedence == Precedence.METRIC


def keeps_its_cause(incident: Incident, finding: Finding, now: datetime) -> bool:
    """While an action is verified, where metrics still echo what the API server told, and while
    a weaker view of the failure takes turns with the one that named it."""
    if incident.status in IN_HAND:
        return True
    if is_metric(finding.cause) and not is_metric(incident.cause):
        return True
    weaker = order_of(finding.cause) > order_of(Cause(incident.cause))
    return weaker and not _is_another(incident, finding) and now - _last_proof(incident) < HOLD


def _last_proof(incident: Incident) -> datetime:
    """When the cause that stands was last seen itself."""
    return incident.cause_seen or incident.last_seen


def _is_another(incident: Incident, finding: Finding) -> bool:
    """By evidence: of another revision, or begun since the cause that stands was last seen.

    General causes and metrics begin anew with each look at the same loop: they prove nothing.
    """
    if is_of_another_revision(incident, finding):
        return True
    specific = CAUSES[finding.cause].precedence <= Precedence.SPECIFIC
    return specific and finding.onset > _last_proof(incident)


def is_of_another_revision(incident: Incident, finding: Finding) -> bool:
    known = (incident.revision or {}).get("current")
    current = finding.revision.current if finding.revision else None
    return known is not None and current is not None and known != current


def steady_severity(incident: Incident, finding: Finding, now: datetime) -> Severity:
    """A rise counts at once. A fall counts once it has lasted, or with another failure."""
    held, found = Severity(incident.severity), finding.severity
    if found.rank >= held.rank or is_metric(incident.cause) != is_metric(finding.cause):
        return found
    if is_of_another_revision(incident, finding):
        return found
    seen = incident.severity_seen or incident.last_seen
    return held if now - seen < HOLD else found


def moved_onset(incident: Incident, finding: Finding) -> str:
    """Why the incident's onset becomes that of the finding; '' where it stays.

    For findings that revise the incident. A return of the same cause moves nothing.
    """
    apart = abs(finding.onset - incident.onset)
    if is_metric(incident.cause) and not is_metric(finding.cause):
        return "what metrics showed before was not this failure" if apart else ""
    if apart <= SAME_TIME:
        return ""
    if is_of_another_revision(incident, finding) and finding.onset > incident.onset:
        return "it is of another revision"
    return "the cause is another one" if finding.cause != incident.cause else ""
