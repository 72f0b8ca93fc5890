"""Asking a model about an incident that the rules have diagnosed, before it is decided on.

A step of its own, so that in a burst every incident has its rules diagnosis before the first
answer of a model is waited for. It reads the kept evidence: no cluster, no second scan.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from detection.domain.statuses import Status
from detection.incidents import states
from detection.models import Incident
from detection.runtime import leases
from remediation.analysis.model_opinion import merged
from remediation.controls import acceptances
from remediation.evidence.storage import kept
from remediation.llm.protocol import LlmClient, NullClient
from remediation.llm.providers import ANALYSIS, client_for
from remediation.llm.questions.assess import assess
from remediation.models import EvidencePack, Plan, PlanSource
from remediation.planning.candidates import Candidate
from remediation.planning.plans import candidates_of, current_plan
from remediation.playbooks.diagnosis import Diagnosis
from remediation.results import Ending

ACTOR = "KubeWise"
SLACK_SECONDS = 30


def consult(incident_id: int, now: datetime) -> Ending:
    """Ask once for what was analyzed and is not decided; NOTHING where no model is to be asked."""
    client = client_for(ANALYSIS, incident_id)
    if isinstance(client, NullClient):
        return Ending.NOTHING
    incident = Incident.objects.select_related("cluster").get(pk=incident_id)
    if acceptances.held_for(incident, now):
        return Ending.NOTHING
    plan, pack = current_plan(incident), kept(incident)
    if plan is None or pack is None or plan.source != PlanSource.RULES or not _claim(incident, now):
        return Ending.NOTHING
    diagnosis, options = _asked(client, incident, plan, pack)
    return _save(incident, plan, diagnosis, options, now)


def _claim(incident: Incident, now: datetime) -> bool:
    """`decide` waits for the lease: it claims only what is free."""
    rows = Incident.objects.filter(
        pk=incident.pk,
        status=Status.ANALYZING,
        analyzed_version=F("version"),
        decided_version__lt=F("version"),
    )
    seconds = settings.LLM_TIMEOUT_SECONDS + SLACK_SECONDS
    incident.lease_until = now + timedelta(seconds=seconds)
    return leases.claim_lease(rows, now, incident.lease_until)


def _asked(
    client: LlmClient, incident: Incident, plan: Plan, pack: EvidencePack
) -> tuple[Diagnosis, list[Candidate]]:
    diagnosis = Diagnosis.from_dict(incident.diagnosis or {})
    told = diagnosis.as_dict() | {"cause": incident.cause, "summary": incident.summary}
    options = candidates_of(plan)
    shown = [option.as_dict() for option in options]
    answer = assess(client, pack.items, told, shown, pack.objects_named)
    return merged(diagnosis, incident.cause, options, answer)


def _save(
    incident: Incident, plan: Plan, diagnosis: Diagnosis, options: list[Candidate], now: datetime
) -> Ending:
    """The answer with its Transition, unless the lease was lost meanwhile."""
    with transaction.atomic():
        mine = Incident.objects.filter(
            pk=incident.pk, status=Status.ANALYZING, lease_until=incident.lease_until
        )
        if not mine.update(diagnosis=diagnosis.as_dict(), lease_until=None):
            return Ending.NOTHING
        if diagnosis.source != PlanSource.RULES:
            open_plan = Plan.objects.filter(pk=plan.pk, superseded_at=None, answered_at=None)
            candidates = [option.as_dict() for option in options]
            open_plan.update(candidates=candidates, source=diagnosis.source[:10])
        states.note_event(
            incident, "model", actor=ACTOR, reason=_reason(diagnosis, options), now=now
        )
    return Ending.DONE


def _reason(diagnosis: Diagnosis, options: list[Candidate]) -> str:
    details = diagnosis.details
    if "failure" in details:
        return f"diagnosis by the rules alone: {details['model']}"
    doubts = "; ".join(details["doubts"])
    text = f"{details['model']} adds to the rules. First candidate: {options[0].command}"
    return f"{text}. {doubts}" if doubts else text
