"""Findings → incidents: one open incident per cluster and owner.

Findings that are still there refresh their incident; a better cause revises it; an incident whose
signal is gone for a while closes. What an earlier cause can have produced joins that one's
timeline. Where a source is blind nothing closes: no data is no good news.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding, FoundBy, ObjectRef, redacted
from detection.domain.statuses import Status
from detection.domain.units import duration
from detection.domain.unjudged import OBJECT, hiding
from detection.incidents import states
from detection.incidents.happenings import Happening
from detection.incidents.refresh import ACTOR, content_of, note_onset, refresh
from detection.incidents.steadiness import keeps_its_cause
from detection.incidents.story import Explanation, Story
from detection.models import Cluster, Incident, WatchedFailure
from detection.runtime.source_visibility import OWNER_SOURCES

log = structlog.get_logger(__name__)
GONE_BEFORE_CLOSING_SECONDS = 120
SCAN_SOURCES = ("kubernetes/", "detection/", OBJECT)


@dataclass
class RecordResult:
    """Ids that `advance` is to be published for, and what happened, for the log."""

    to_advance: list[int] = field(default_factory=list)
    opened: int = 0
    revised: int = 0
    closed: int = 0
    joined: int = 0
    reopened: int = 0

    def as_detail(self) -> dict[str, int]:
        told = ("opened", "revised", "closed", "joined", "reopened")
        return {name: getattr(self, name) for name in told}


def record_findings(
    cluster: Cluster,
    findings: Sequence[Finding],
    blind: Mapping[str, str],
    now: datetime,
    happened: Sequence[Happening] = (),
) -> RecordResult:
    """Write one pass. `findings` are correlated: one an owner, `opens_at` past.

    `happened`: what is normal in this cluster's life and looks like a failure for a while.
    """
    done = RecordResult()
    open_now = {row.open_key: row for row in _open_incidents(cluster)}
    story = Story(cluster, open_now.values(), happened, now)
    for finding in map(redacted, findings):
        incident = _taken(open_now, cluster, finding.owner)
        if incident is not None and _is_another_failure(incident, finding, now):
            states.close_dismissed(incident, now)
            incident = None
        if incident is None:
            _begin(cluster, finding, story, bool(hiding(blind, finding.owner)), now, done)
        elif states.is_still_verified(incident):
            _reopens(incident, finding, story, now, done)
        elif why := story.echo(incident, finding):
            _joins(story, why, finding, done)
            open_now[incident.open_key] = incident
        elif refresh(incident, finding, bool(hiding(blind, finding.owner)), now):
            done.revised += 1
            done.to_advance.append(incident.pk)
    _end(cluster, open_now, _shared_causes(cluster, findings), blind, now, done)
    return done


def _begin(
    cluster: Cluster,
    finding: Finding,
    story: Story,
    degraded: bool,
    now: datetime,
    done: RecordResult,
) -> None:
    """It opens an incident, unless it is new by nothing: silence, or what an earlier cause does."""
    if finding.facts.unseen:
        return  # the silence after a breach keeps an incident open; it is no reason for a new one
    if why := story.before(finding):
        _joins(story, why, finding, done)
    else:
        _open(cluster, finding, story.onset_of(finding), degraded, now, done)


def _joins(story: Story, why: Explanation, finding: Finding, done: RecordResult) -> None:
    done.joined += story.tell(why, finding)
    log.debug("an after-effect", symptom=finding.summary, cause=why.earlier.text, told=why.text)


def _reopens(
    incident: Incident, finding: Finding, story: Story, now: datetime, done: RecordResult
) -> None:
    """Its owner fails again before the verification has ended, by more than an after-effect."""
    if finding.facts.unseen:
        return
    if why := story.echo(incident, finding) or story.before(finding):
        _joins(story, why, finding, done)
        return
    reason = f"it failed again while the attempt was verified: {finding.summary}"
    done.reopened += states.reopen(incident, actor=ACTOR, reason=reason, now=now)


def _end(
    cluster: Cluster,
    unseen: Mapping[str | None, Incident],
    shared: Mapping[str | None, str],
    blind: Mapping[str, str],
    now: datetime,
    done: RecordResult,
) -> None:
    for incident in unseen.values():
        if states.is_still_verified(incident):
            continue  # it is well; the end of its verification gives its key up
        if cause_key := shared.get(incident.open_key):
            _fold(incident, cause_key, now)
        else:
            _signal_gone(incident, blind, now, done)


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


def _owner_of(incident: Incident) -> ObjectRef:
    place = (incident.owner_kind, incident.owner_namespace, incident.owner_name)
    return ObjectRef(*place, incident.owner_uid)


def _has_name(incident: Incident, owner: ObjectRef) -> bool:
    held = (incident.owner_kind, incident.owner_namespace, incident.owner_name)
    return held == (owner.kind, owner.namespace, owner.name)


def _is_another_failure(incident: Incident, finding: Finding, now: datetime) -> bool:
    """A dismissal is of what was seen: a new cause or a higher severity is asked about again."""
    if incident.status != Status.DISMISSED or keeps_its_cause(incident, finding, now):
        return False
    worse = finding.severity.rank > Severity(incident.severity).rank
    return worse or finding.cause != incident.cause


def open_key(cluster: Cluster, owner: ObjectRef) -> str:
    """What is unique while an incident is open: the owner by UID, else by kind and name."""
    return f"{cluster.pk}|{owner.uid or f'{owner.kind}/{owner.namespace}/{owner.name}'}"


def _open_incidents(cluster: Cluster) -> Sequence[Incident]:
    return list(Incident.objects.filter(cluster=cluster, open_key__isnull=False))


def _open(
    cluster: Cluster,
    finding: Finding,
    onset: datetime,
    degraded: bool,
    now: datetime,
    done: RecordResult,
) -> None:
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
        onset=onset,
        cause_seen=now,
        severity_seen=now,
        degraded=degraded,
        **content_of(finding),
    )
    try:
        with transaction.atomic():
            incident.save()
            states.note_beginning(incident, actor=ACTOR, reason=finding.summary, now=now)
            if onset != finding.onset:
                why = "it was seen to be over since"
                note_onset(incident, finding.onset, onset, why, now)
    except IntegrityError:
        return  # another worker was faster: a normal end
    done.opened += 1
    done.to_advance.append(incident.pk)


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
    if incident.status == Status.VERIFICATION_PENDING and _looks_abnormal(incident):
        Incident.objects.filter(pk=incident.pk).update(gone_since=None)
        return
    if incident.gone_since is None:
        Incident.objects.filter(pk=incident.pk).update(gone_since=now)
        return
    if now - incident.gone_since < timedelta(seconds=GONE_BEFORE_CLOSING_SECONDS):
        return
    done.closed += _close(incident, now)


def blind_to(incident: Incident, blind: Mapping[str, str]) -> bool:
    """Whether a blind source could hide this incident's signal."""
    blind = hiding(blind, _owner_of(incident))
    scan_blind = any(name.startswith(SCAN_SOURCES) for name in blind)
    metrics_blind = any(not name.startswith(SCAN_SOURCES) for name in blind)
    if not OWNER_SOURCES.isdisjoint(blind):
        return True  # a metric's owner may go by another name meanwhile
    by_metrics = bool(set(incident.sources) - {FoundBy.KUBERNETES, FoundBy.ALERTMANAGER})
    return (FoundBy.KUBERNETES in incident.sources and scan_blind) or (by_metrics and metrics_blind)


def _close(incident: Incident, now: datetime) -> bool:
    """A signal that stays gone closes. What was acted on goes on being verified beside it."""
    if incident.status in (Status.REMEDIATION_ATTEMPTED, Status.ANALYZING):
        return False
    if incident.status == Status.DISMISSED:
        states.close_dismissed(incident, now)
        return True
    gone = duration(GONE_BEFORE_CLOSING_SECONDS)
    reason = f"the signal has been gone for {gone}, {_after(incident)}"
    if incident.status == Status.VERIFICATION_PENDING:
        return _close_early(incident, f"{reason}; whether that lasts is still verified", now)
    return states.move_incident(incident, Status.RESOLVED, actor=ACTOR, reason=reason, now=now)


def _close_early(incident: Incident, reason: str, now: datetime) -> bool:
    """Once: what came back meanwhile closes at the end of its verification."""
    if states.came_back_before_the_end(incident):
        return False
    return states.resolve_before_the_end(incident, actor=ACTOR, reason=reason, now=now)


def _looks_abnormal(incident: Incident) -> bool:
    """Whether the last pass saw a sign on its owner, however young."""
    rows = WatchedFailure.objects.filter(cluster=incident.cluster_id, is_abnormal=True)
    return rows.filter(
        owner_kind=incident.owner_kind, owner_namespace=incident.owner_namespace,
        owner_name=incident.owner_name,
    ).exists()  # fmt: skip


def _after(incident: Incident) -> str:
    """What of ours came before its end: whether it was the reason is not known."""
    acted = incident.transitions.filter(after=Status.REMEDIATION_ATTEMPTED).last()
    return f"after {acted.reason}" if acted else "without an action by KubeWise"
