"""An open incident that is seen again: revised by a better cause, with what changed on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from detection.domain.causes import Cause, Severity
from detection.domain.facts import DaemonSetFacts
from detection.domain.findings import Finding, ObjectRef
from detection.incidents import states
from detection.incidents.steadiness import keeps_its_cause, moved_onset, steady_severity
from detection.models import Incident

RETURNS_THAT_ARE_FLAPPING = 3
ACTOR = "KubeWise"


def refresh(incident: Incident, finding: Finding, degraded: bool, now: datetime) -> bool:
    """Whether it was revised: a plan depends on what is new."""
    kept = keeps_its_cause(incident, finding, now)
    content = {} if kept else _revision_of(incident, finding, now)
    revised = bool(content) and _is_revised(incident, content)
    changes = content | _uid_learned(incident, finding.owner) | _sight(incident, finding, now)
    changes |= _proofs(incident, content, finding, now)
    # In the database: an analysis on demand may have raised it since the pass began.
    changes |= {"degraded": degraded, "version": F("version") + int(revised)}
    with transaction.atomic():
        rows = Incident.objects.filter(pk=incident.pk, open_key=incident.open_key)
        if rows.update(**changes) and content:
            _note_changes(incident, content, finding, now)
    return revised


def _sight(incident: Incident, finding: Finding, now: datetime) -> dict[str, Any]:
    """That it was seen, and whether it was gone in between."""
    returned = incident.gone_since is not None
    often = incident.returns + int(returned) >= RETURNS_THAT_ARE_FLAPPING
    return {
        "last_seen": now,
        "count": incident.count + 1,
        "gone_since": None,
        "returns": F("returns") + int(returned),
        "flapping": finding.flapping or often,
        "parent": None,
    }


def _proofs(
    incident: Incident, content: Mapping[str, Any], finding: Finding, now: datetime
) -> dict[str, datetime]:
    """When what the incident says was last seen itself, rather than something weaker."""
    stands = {"cause": incident.cause, "severity": incident.severity} | dict(content)
    same = finding.cause == stands["cause"]
    as_grave = finding.severity.rank >= Severity(stands["severity"]).rank
    return ({"cause_seen": now} if same else {}) | ({"severity_seen": now} if as_grave else {})


def content_of(finding: Finding) -> dict[str, Any]:
    """The fields of an incident that say what was found."""
    return {
        "cause": finding.cause.value,
        "severity": finding.severity.value,
        "summary": finding.summary,
        "score": finding.score,
        "is_predicted": finding.cause == Cause.FORECAST_BREACH,
        "flapping": finding.flapping,
        "source": finding.source,
        "sources": sorted({finding.source, *finding.facts.sources}),
        "evidence": [item.as_dict() for item in finding.evidence],
        "related": [item.as_dict() for item in finding.related],
        "facts": finding.facts.as_json(),
        "revision": asdict(finding.revision) if finding.revision else None,
        "metric_snapshot": dict(finding.facts.metrics or {}),
        "prediction": finding.facts.prediction,
    }


def _revision_of(incident: Incident, finding: Finding, now: datetime) -> dict[str, Any]:
    """The new content, with a severity that does not fall at once, and an onset that is proven."""
    severity = steady_severity(incident, finding, now)
    content = content_of(_lasting(incident, finding)) | {"severity": severity.value}
    if moved_onset(incident, finding):
        content["onset"] = finding.onset
    return content


def _lasting(incident: Incident, finding: Finding) -> Finding:
    """A node that was suspect stays so while the same failure lasts: F35 acts on what was seen."""
    if incident.cause == finding.cause and incident.facts_as(DaemonSetFacts).node_suspect:
        return replace(finding, facts=finding.facts | DaemonSetFacts(node_suspect=True))
    return finding


def _uid_learned(incident: Incident, owner: ObjectRef) -> dict[str, str]:
    """An incident that was opened by name alone is its owner's from now on."""
    if incident.owner_uid or not owner.uid:
        return {}
    return {"owner_uid": owner.uid, "open_key": f"{incident.cluster_id}|{owner.uid}"}


def _is_revised(incident: Incident, content: Mapping[str, Any]) -> bool:
    """Whether there is news that a plan depends on; counts and times are no news."""
    return (
        incident.cause != content["cause"]
        or incident.severity != content["severity"]
        or incident.revision != _as_stored(content["revision"])
    )


def _as_stored(revision: dict[str, Any] | None) -> dict[str, Any] | None:
    """As JSON gives it back: tuples are lists there."""
    if revision is None:
        return None
    return {name: list(v) if isinstance(v, tuple) else v for name, v in revision.items()}


def _note_changes(
    incident: Incident, content: Mapping[str, Any], finding: Finding, now: datetime
) -> None:
    if _is_revised(incident, content):
        _note(incident, "cause", finding.summary, f"{incident.cause} {incident.severity}",
            f"{content['cause']} {content['severity']}", now)  # fmt: skip
    if why := moved_onset(incident, finding):
        note_onset(incident, incident.onset, finding.onset, why, now)


def note_onset(
    incident: Incident, before: datetime, after: datetime, why: str, now: datetime
) -> None:
    """Put on record that it began at another time than was told at first."""
    reason = f"it began at {after:%H:%M:%S}, not {before:%H:%M:%S}: {why}"
    _note(incident, "onset", reason, before.isoformat(), after.isoformat(), now)


def _note(
    incident: Incident, kind: str, reason: str, before: str, after: str, now: datetime
) -> None:
    states.note_event(
        incident, kind, actor=ACTOR, reason=reason, now=now, before=before, after=after
    )
