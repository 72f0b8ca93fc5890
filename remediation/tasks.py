"""The tasks of remediation: adapters around plain functions."""

from celery import shared_task

from detection.clients import prometheus
from kubewise_site import pipeline
from kubewise_site.core import clock
from remediation import clients
from remediation.analysis.analyze import analyze as analyze_incident
from remediation.analysis.consult_model import consult as consult_model
from remediation.execution.act import act as act_on
from remediation.execution.reconcile import reconcile as reconcile_attempt
from remediation.housekeeping.prune import prune as prune_records
from remediation.housekeeping.sweep import sweep as sweep_records
from remediation.llm.questions.query_suggestions import query_suggestions
from remediation.notifications import notify as notify_people
from remediation.policy.decisions import decide_incident
from remediation.verification.verify import verify as verify_attempt


@shared_task(name=pipeline.ANALYZE)
def analyze(incident_id: int) -> None:
    analyze_incident(incident_id, clients.reading(), clock.now())


@shared_task(name=pipeline.CONSULT)
def consult(incident_id: int) -> None:
    consult_model(incident_id, clock.now())


@shared_task(name=pipeline.DECIDE)
def decide(incident_id: int) -> None:
    decide_incident(incident_id, clients.reading(), clock.now())


@shared_task(name=pipeline.ACT)
def act(incident_id: int) -> None:
    act_on(incident_id, clients.acting(), clock.now())


@shared_task(name=pipeline.VERIFY)
def verify(attempt_id: int) -> None:
    verify_attempt(attempt_id, clients.reading(), clock.now())


@shared_task(name=pipeline.RECONCILE)
def reconcile(attempt_id: int) -> None:
    reconcile_attempt(attempt_id, clients.acting(), clock.now())


@shared_task(name=pipeline.NOTIFY)
def notify(incident_id: int) -> None:
    notify_people(incident_id, clock.now())


@shared_task(name=pipeline.SWEEP)
def sweep() -> None:
    sweep_records(clock.now())


@shared_task(name=pipeline.PRUNE)
def prune() -> None:
    prune_records(clock.now())


@shared_task(name=pipeline.SUGGEST_QUERIES)
def suggest_queries() -> None:
    if client := prometheus():
        query_suggestions(client, clock.now())
