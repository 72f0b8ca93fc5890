"""Incident → evidence, diagnosis and plan by the rules; consult_model.py asks a model after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from detection.domain.findings import Finding, redacted
from detection.domain.statuses import START, WAITING, Status
from detection.incidents import states
from detection.models import Incident
from detection.pipeline.observe import Observation
from detection.runtime import leases
from remediation.actions import blacklist
from remediation.clients import Clients
from remediation.evidence.pack import Pack
from remediation.evidence.storage import evidence_of, store_pack
from remediation.models import Attempt
from remediation.models.querysets import came_back
from remediation.observation.observe import finding_of, observe_incident, owner_of, seen_by_scan
from remediation.observation.spec import spec_hash_of
from remediation.observation.suspect_nodes import with_suspect_nodes
from remediation.planning.candidates import Candidate, candidates, escalate
from remediation.planning.plans import current_plan, new_plan
from remediation.playbooks import diagnose
from remediation.playbooks.diagnosis import Diagnosis
from remediation.results import Ending

ACTOR = "KubeWise"
LEASE = timedelta(seconds=180)
MOST_RETURNS = 2
AGAIN = frozenset({Status.REMEDIATION_FAILED})


def analyze(incident_id: int, clients: Clients, now: datetime) -> Ending:
    """Diagnose and plan anew where there is news."""
    incident = Incident.objects.select_related("cluster").get(pk=incident_id)
    if not claim_analysis(incident, now):
        return Ending.NOTHING
    observation = observe_incident(clients.reader, incident, now, may_share=True)
    finding = with_suspect_nodes(newest_finding(incident, observation), incident, now)
    found = candidates(finding, observation.snapshot, now, blacklist())
    options = _not_futile(incident, _untried(incident, found), now)
    pack = evidence_of(incident, finding, observation, clients.reader, now)
    diagnosis = replace(diagnose(redacted(finding)), evidence=pack.cited)
    return _save(incident, diagnosis, options, pack, spec_hash_of(incident, clients), now)


def claim_analysis(incident: Incident, now: datetime) -> bool:
    """Take the incident into analysis; False where another did, or there is no news."""
    until = now + LEASE
    if incident.status == Status.ANALYZING:
        rows = Incident.objects.filter(pk=incident.pk, status=Status.ANALYZING)
        incident.lease_until = until
        return leases.claim_lease(rows.filter(analyzed_version__lt=F("version")), now, until)
    news = incident.status in START | AGAIN or _has_news(incident)
    if not news or incident.status not in START | AGAIN | WAITING:
        return False
    return states.move_incident(
        incident, Status.ANALYZING, actor=ACTOR, reason="analysis started", now=now,
        lease_until=until, analyzed_version=0, decided_version=0,
    )  # fmt: skip


def _has_news(incident: Incident) -> bool:
    return incident.analyzed_version < incident.version or current_plan(incident) is None


def newest_finding(incident: Incident, observation: Observation) -> Finding:
    """The same cause as seen now, where a scan can see it; else as recorded."""
    stored = finding_of(incident)
    if not seen_by_scan(incident):
        return stored
    same = [item for item in observation.about(owner_of(incident)) if item.cause == stored.cause]
    return same[0] if same else stored


def _untried(incident: Incident, options: list[Candidate]) -> list[Candidate]:
    """Without what was tried for this incident and did not help."""
    rows = incident.attempts.exclude(outcome__in=("", Attempt.Outcome.RESOLVED))
    tried = set(rows.values_list("command", flat=True))
    return [item for item in options if item.command not in tried] or options[-1:]


def _not_futile(incident: Incident, options: list[Candidate], now: datetime) -> list[Candidate]:
    """An action that worked, and whose failure came back within a day, is not chosen again.

    The third time nothing but escalation is left.
    """
    worked = list(came_back(incident, now).values_list("action", flat=True))
    if len(worked) >= MOST_RETURNS:
        return [escalate(owner_of(incident))]
    kept = [item for item in options if item.action not in worked or not item.entry.changes_cluster]
    return kept or [escalate(owner_of(incident))]


def _save(
    incident: Incident,
    diagnosis: Diagnosis,
    options: list[Candidate],
    pack: Pack,
    hashed: str,
    now: datetime,
) -> Ending:
    """Evidence, diagnosis, plan and Transition together, unless the lease was lost meanwhile."""
    with transaction.atomic():
        mine = Incident.objects.filter(
            pk=incident.pk, status=Status.ANALYZING, lease_until=incident.lease_until
        )
        fields = {"diagnosis": diagnosis.as_dict(), "analyzed_version": incident.version}
        if not mine.update(lease_until=None, decided_version=0, **fields):
            return Ending.NOTHING
        store_pack(incident, pack, now)
        new_plan(incident, options, hashed, diagnosis.source[:10], now)
        first = options[0].command if options else "nothing"
        reason = f"{diagnosis.root_cause} First candidate: {first}"
        states.note_event(incident, "analysis", actor=ACTOR, reason=reason, now=now)
    return Ending.DONE
