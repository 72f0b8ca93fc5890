"""Findings → incidents: one open incident per cluster and owner.

Findings that are still there refresh their incident; a better cause revises it; an incident whose
signal is gone for a while closes. Where a source is blind nothing closes: no data is no good news.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from detection.domain.causes import CAUSES, Cause, Precedence, Severity
from detection.domain.facts import DaemonSetFacts
from detection.domain.findings import Finding, FoundBy, ObjectRef, redacted
from detection.domain.statuses import IN_HAND, Status
from detection.domain.units import duration
from detection.incidents import states
from detection.models import Cluster, Incident
from detection.runtime.source_visibility import OWNER_SOURCES

GONE_BEFORE_CLOSING_SECONDS = 120
RETURNS_THAT_ARE_FLAPPING = 3
SCAN_SOURCES = ("kubernetes/", "detection/")
ACTOR = "KubeWise"


@dataclass
class RecordResult:
    """Ids that `advance` is to be published for, and what happened, for the log."""

    to_advance: list[int] = field(default_factory=list)
    opened: int = 0
    revised: int = 0
    closed: int = 0

    def as_detail(self) -> dict[str, int]:
        return {"opened": self.opened, "revised": self.revised, "closed": self.closed}


def record_findings(
    cluster: Cluster, findings: Sequence[Finding], blind: Mapping[str, str], now: datetime
) -> RecordResult:
    """Write one pass. `findings` are correlated: one an owner, `opens_at` past."""
    done = RecordResult()
    open_now = {row.open_key: row for row in _open_incidents(cluster)}
    for finding in map(redacted, findings):
        incident = _taken(open_now, cluster, finding.owner)
        if incident is not None and _is_another_failure(incident, finding):
            states.close_dismissed(incident, now)
            incident = None
        if incident is None:
            _open(cluster, finding, bool(blind), now, done)
        else:
            _refresh(incident, finding, bool(blind), now, done)
    shared = _shared_causes(cluster, findings)
    for incident in open_now.values():
        if cause_key := shared.get(incident.open_key):
            _fold(incident, cause_key, now)
        else:
            _signal_gone(incident, blind, now, done)
    return done


def _taken(
    open_now: dict[str | None, Incident], cluster: Cluster, owner: ObjectRef
) -> Incident | None:
    """The owner's open incident, taken out of `open_now`.

    Where one side does not know the UID (metrics name objects without it), the name decides.
    """
    if found := open_now.pop(open_key(cluster, owner), None):
        return found
    for key, incident in open_now.items():
        if _has_name(incident, owner) and not (incident.owner_uid and owner.uid):
            return open_now.pop(key)
    return None


def _has_name(incident: Incident, owner: ObjectRef) -> bool:
    held = (incident.owner_kind, incident.owner_namespace, incident.owner_name)
    return held == (owner.kind, owner.namespace, owner.name)


def _is_another_failure(incident: Incident, finding: Finding) -> bool:
    """A dismissal is of what was seen: a new cause or a higher severity is asked about again."""
    if incident.status != Status.DISMISSED or _keeps_its_cause(incident, finding):
        return False
    worse = finding.severity.rank > Severity(incident.severity).rank
    return worse or finding.cause != incident.cause


def open_key(cluster: Cluster, owner: ObjectRef) -> str:
    """What is unique while an incident is open: the owner by UID, else by kind and name."""
    return f"{cluster.pk}|{owner.uid or f'{owner.kind}/{owner.namespace}/{owner.name}'}"


def _open_incidents(cluster: Cluster) -> Sequence[Incident]:
    return list(Incident.objects.filter(cluster=cluster, open_key__isnull=False))


def _open(
    cluster: Cluster, finding: Finding, degraded: bool, now: datetime, done: RecordResult
) -> None:
    if finding.facts.unseen:
        return  # the silence after a breach keeps an incident open; it is no reason for a new one
    predicted = finding.cause == Cause.FORECAST_BREACH
    incident = Incident(
        cluster=cluster,
        open_key=open_key(cluster, finding.owner),
        owner_kind=finding.owner.kind,
        owner_namespace=finding.owner.namespace,
        owner_name=finding.owner.name,
        owner_uid=finding.owner.uid,
        status=Status.PREDICTED_FAILURE if predicted else Status.DETECTED,
        first_seen=now,
        last_seen=now,
        onset=finding.onset,
        degraded=degraded,
        **_content(finding),
    )
    try:
        with transaction.atomic():
            incident.save()
            states.note_beginning(incident, actor=ACTOR, reason=finding.summary, now=now)
    except IntegrityError:
        return  # another worker was faster: a normal end
    done.opened += 1
    done.to_advance.append(incident.pk)


def _content(finding: Finding) -> dict[str, Any]:
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


def _refresh(
    incident: Incident, finding: Finding, degraded: bool, now: datetime, done: RecordResult
) -> None:
    content = {} if _keeps_its_cause(incident, finding) else _content(_lasting(incident, finding))
    revised = bool(content) and _is_revised(incident, content)
    returned = incident.gone_since is not None
    changes = (
        content
        | _uid_learned(incident, finding.owner)
        | {
            "last_seen": now,
            "count": incident.count + 1,
            "gone_since": None,
            "degraded": degraded,
            "returns": F("returns") + int(returned),
            "flapping": finding.flapping
            or incident.returns + returned >= RETURNS_THAT_ARE_FLAPPING,
            # In the database: an analysis on demand may have raised it since the pass began.
            "version": F("version") + int(revised),
            "parent": None,
        }
    )
    with transaction.atomic():
        rows = Incident.objects.filter(pk=incident.pk, open_key=incident.open_key)
        if rows.update(**changes) and revised:
            _note_revision(incident, finding, now)
    if revised:
        done.revised += 1
        done.to_advance.append(incident.pk)


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


def _keeps_its_cause(incident: Incident, finding: Finding) -> bool:
    """While an action is verified, and where metrics still echo what the API server told."""
    if incident.status in IN_HAND:
        return True
    known = CAUSES[Cause(incident.cause)].precedence
    return CAUSES[finding.cause].precedence == Precedence.METRIC and known != Precedence.METRIC


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


def _note_revision(incident: Incident, finding: Finding, now: datetime) -> None:
    before, after = f"{incident.cause} {incident.severity}", f"{finding.cause} {finding.severity}"
    states.note_event(
        incident, "cause", actor=ACTOR, reason=finding.summary, now=now, before=before, after=after
    )


def _shared_causes(cluster: Cluster, findings: Sequence[Finding]) -> dict[str | None, str]:
    """Open key of a related owner → open key of the incident on the cause that it shares."""
    return {
        open_key(cluster, owner): open_key(cluster, finding.owner)
        for finding in findings
        for owner in finding.related
    }


def _fold(incident: Incident, cause_key: str, now: datetime) -> None:
    """The owner's failure has a cause above it: it stays open below that incident."""
    parent = Incident.objects.filter(open_key=cause_key).first()
    rows = Incident.objects.filter(pk=incident.pk)
    rows.update(last_seen=now, gone_since=None, parent=parent)
    if parent and incident.parent_id != parent.pk:
        reason = f"part of incident {parent.anomaly_id}: {parent.summary}"
        states.note_event(incident, "folded", actor=ACTOR, reason=reason, now=now)


def _signal_gone(
    incident: Incident, blind: Mapping[str, str], now: datetime, done: RecordResult
) -> None:
    if blind_to(incident, blind):
        return
    if incident.gone_since is None:
        Incident.objects.filter(pk=incident.pk).update(gone_since=now)
        return
    if now - incident.gone_since < timedelta(seconds=GONE_BEFORE_CLOSING_SECONDS):
        return
    done.closed += _close(incident, now)


def blind_to(incident: Incident, blind: Mapping[str, str]) -> bool:
    """Whether a blind source could hide this incident's signal."""
    scan_blind = any(name.startswith(SCAN_SOURCES) for name in blind)
    metrics_blind = any(not name.startswith(SCAN_SOURCES) for name in blind)
    if not OWNER_SOURCES.isdisjoint(blind):
        return True  # a metric's owner may go by another name meanwhile
    by_metrics = bool(set(incident.sources) - {FoundBy.KUBERNETES, FoundBy.ALERTMANAGER})
    return (FoundBy.KUBERNETES in incident.sources and scan_blind) or (by_metrics and metrics_blind)


def _close(incident: Incident, now: datetime) -> bool:
    """Verification closes what was acted on; the rest closes when its signal stays gone."""
    if incident.status in IN_HAND or incident.status == Status.ANALYZING:
        return False
    if incident.status == Status.DISMISSED:
        states.close_dismissed(incident, now)
        return True
    gone = duration(GONE_BEFORE_CLOSING_SECONDS)
    reason = f"the signal has been gone for {gone}, {_after(incident)}"
    return states.move_incident(incident, Status.RESOLVED, actor=ACTOR, reason=reason, now=now)


def _after(incident: Incident) -> str:
    """What of ours came before its end: whether it was the reason is not known."""
    acted = incident.transitions.filter(after=Status.REMEDIATION_ATTEMPTED).last()
    return f"after {acted.reason}" if acted else "without an action by KubeWise"
