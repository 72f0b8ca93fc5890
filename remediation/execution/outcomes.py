"""What an attempt's ending does to the records: one transaction each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from detection.domain.causes import Severity
from detection.domain.statuses import Status
from detection.incidents import states
from detection.kubernetes.client import Connection, KubernetesError, Unreachable
from detection.models import Incident
from kubewise_site import pipeline
from kubewise_site.core.redaction import redact
from remediation.actions.informational import Escalate
from remediation.audit import trail
from remediation.cluster.writer import ObjectChanged, Session, WritingStopped
from remediation.execution.attempt_states import State, begin, move_attempt
from remediation.execution.attempts import Claim, NotClaimed, Work, settle_attempt
from remediation.execution.dry_run_and_write import Rehearsal, read_only
from remediation.models import Approval, Attempt, PlanSource
from remediation.planning.candidates import Candidate
from remediation.planning.plans import supersede
from remediation.policy.decisions import record_decision
from remediation.policy.reconsideration import fields_of, soon
from remediation.policy.verdicts import Decision
from remediation.results import Ending

ACTOR = "KubeWise"
MOST_REFUSALS = 2
FIRST_LOOK_SECONDS = 30.0


def applied(attempt: Attempt, response: Mapping[str, Any], now: datetime) -> Ending:
    """The write happened: verification is due later, and the database says when."""
    with transaction.atomic():
        rows = Attempt.objects.filter(pk=attempt.pk)
        due = now + timedelta(seconds=first_look_after(attempt.incident))
        fields = {"response": dict(response), "executed_at": now, "verify_due_at": due}
        if not move_attempt(rows, (State.SENDING, State.UNKNOWN), State.APPLIED, **fields):
            return Ending.NOTHING
        states.move_incident(
            attempt.incident, Status.VERIFICATION_PENDING, actor=ACTOR,
            reason=f"applied: {attempt.command}", now=now,
        )  # fmt: skip
        trail.append_entry(
            "attempt applied", attempt.executor, attempt, now, response=dict(response)
        )
    return Ending.DONE


def first_look_after(incident: Incident) -> float:
    """Seconds: controllers have seen the change by then."""
    return min(FIRST_LOOK_SECONDS, verification_delay(incident))


def verification_delay(incident: Incident) -> float:
    """Seconds for which the owner must stay healthy."""
    if incident.severity == Severity.CRITICAL:
        return float(settings.CRITICAL_VERIFICATION_DELAY_SECONDS)
    return float(settings.VERIFICATION_DELAY_SECONDS)


def unknown(attempt: Attempt, error: Exception, now: datetime) -> Ending:
    """Nobody knows whether it happened: reconcile looks once the lease has run out."""
    rows = Attempt.objects.filter(pk=attempt.pk)
    move_attempt(rows, (State.SENDING,), State.UNKNOWN, error=redact(str(error)))
    return Ending.LATER


def stale(attempt: Attempt, reason: str, now: datetime) -> Ending:
    """The world is not the plan's any more: nothing was changed, a new plan is made."""
    with transaction.atomic():
        if not settle_attempt(attempt, State.REFUSED, now, refund=True, error=reason):
            return Ending.NOTHING
        plan_anew(attempt, f"stale: {reason}", now)
    return Ending.STALE


def plan_anew(attempt: Attempt, reason: str, now: datetime) -> None:
    """A new plan, or people where the same command was refused before. Inside atomic()."""
    if refused_again(attempt, now):
        said = f"{attempt.command} was refused {MOST_REFUSALS} times in an hour: {reason}"
        states.move_incident(attempt.incident, Status.ESCALATED, actor=ACTOR, reason=said, now=now)
    else:
        analyze_again(attempt.incident, reason, now)


def refused_again(attempt: Attempt, now: datetime) -> bool:
    """Whether this command was refused for this incident before, within the hour."""
    rows = Attempt.objects.filter(
        incident=attempt.incident, command=attempt.command, state=State.REFUSED,
        created_at__gt=now - timedelta(hours=1),
    )  # fmt: skip
    return rows.count() >= MOST_REFUSALS


def analyze_again(incident: Incident, reason: str, now: datetime) -> None:
    """Supersede the plan and analyze again. Call it inside atomic()."""
    supersede(incident, now)
    fields = {"analyzed_version": 0, "decided_version": 0, "lease_until": None}
    if incident.status == Status.ANALYZING:
        Incident.objects.filter(pk=incident.pk, status=Status.ANALYZING).update(**fields)
        states.note_event(incident, "analysis", actor=ACTOR, reason=reason, now=now)
    else:
        states.move_incident(
            incident, Status.ANALYZING, actor=ACTOR, reason=reason, now=now, **fields
        )
    pipeline.advance(incident.pk)


def stopped(attempt: Attempt, reason: str, now: datetime) -> Ending:
    """Stop switch, mode or lease: nothing was sent, people are asked.

    Their own command made way for no plan of ours, so that one is made then.
    """
    with transaction.atomic():
        if not settle_attempt(attempt, State.REFUSED, now, refund=True, error=reason):
            return Ending.NOTHING
        if attempt.plan.source == PlanSource.PERSON:
            analyze_again(attempt.incident, reason, now)
            return Ending.REFUSED
        again = {} if refused_again(attempt, now) else soon(now)
        states.move_incident(
            attempt.incident, Status.AWAITING_APPROVAL, actor=ACTOR, reason=reason, now=now, **again
        )
    return Ending.REFUSED


def close_refused(
    attempt: Attempt, error: Exception, now: datetime, state: State = State.REFUSED
) -> Ending:
    """The API server said no, or there was nothing to change. Silence is asked again."""
    with transaction.atomic():
        if not settle_attempt(attempt, state, now, refund=True, error=str(error)):
            return Ending.NOTHING
        if isinstance(error, Unreachable):
            plan_anew(attempt, f"the API server could not be reached: {error}", now)
        elif attempt.plan.source == PlanSource.PERSON:
            plan_anew(attempt, f"{attempt.command} was refused: {error}", now)
        else:
            states.move_incident(
                attempt.incident, Status.ESCALATED, actor=ACTOR,
                reason=f"{attempt.command} was refused: {error}", now=now,
            )  # fmt: skip
    return Ending.REFUSED


def dry_run_only(attempt: Attempt, rehearsal: Rehearsal, now: datetime) -> Ending:
    """DRY_RUN: the diff is on record, nothing was changed."""
    reason = "DRY_RUN is on: stopped after the server's dry run; nothing was changed"
    fields: dict[str, Any] = {
        "diff": rehearsal.lines,
        "before": dict(rehearsal.before),
        "inverse": rehearsal.inverse,
        "dry_run": True,
        "error": reason,
    }
    with transaction.atomic():
        if not settle_attempt(attempt, State.REFUSED, now, refund=True, **fields):
            return Ending.NOTHING
        states.move_incident(
            attempt.incident, Status.AWAITING_APPROVAL, actor=ACTOR, reason=reason, now=now
        )
    return Ending.REFUSED


def not_allowed(
    work: Work, decision: Decision, options: Sequence[Candidate], now: datetime
) -> Ending:
    """The gates, run again at execution, don't allow it any more."""
    fields = {"decision": decision.as_dict(), "decided_version": work.incident.version}
    fields |= fields_of(decision, 0, now)
    with transaction.atomic():
        if not _consumed(work, now):
            return Ending.NOTHING
        if work.plan.source in (PlanSource.ASIDE, PlanSource.PERSON):
            return _command_not_allowed(work, decision, now)
        rows_moved = Incident.objects.filter(pk=work.incident.pk, status=work.incident.status)
        if not rows_moved.update(**fields):
            return Ending.NOTHING
        record_decision(work.incident, decision, options, now)
    return Ending.REFUSED


def _command_not_allowed(work: Work, decision: Decision, now: datetime) -> Ending:
    """A person's command: the waiting plan stays beside it, or is made anew in its place."""
    reason = f"{work.candidate.command} is not allowed now: " + "; ".join(decision.reasons)
    if work.plan.source == PlanSource.ASIDE:
        states.note_event(work.incident, "decision", actor=ACTOR, reason=reason, now=now)
    else:
        analyze_again(work.incident, reason, now)
    return Ending.REFUSED


def _consumed(work: Work, now: datetime) -> bool:
    """Use the approval up, where there is one; False where another did. A reading is over then."""
    if work.approval is None:
        return True
    rows = Approval.objects.filter(pk=work.approval.pk, used_at__isnull=True)
    if not rows.update(used_at=now):
        return False
    fields = {"superseded_at": now} if work.plan.source == PlanSource.ASIDE else {}
    type(work.plan).objects.filter(pk=work.plan.pk).update(answered_at=None, **fields)
    return True


def not_claimed(work: Work, lost: Claim, now: datetime) -> Ending:
    """A lost race ends quietly; anything else is on record, and people are asked."""
    if lost.by == NotClaimed.RACE:
        return Ending.NOTHING
    if work.approval is not None:
        states.note_event(work.incident, "claim", actor=ACTOR, reason=lost.reason, now=now)
        return Ending.NOTHING
    fresh = Incident.objects.get(pk=work.incident.pk)
    if fresh.status == Status.ANALYZING:
        states.move_incident(
            fresh, Status.AWAITING_APPROVAL, actor=ACTOR, reason=lost.reason, now=now, **soon(now)
        )
    return Ending.REFUSED


def without_account(work: Work, why: str, now: datetime) -> Ending:
    """This worker should act and can't: on record, and people are asked. A later try may work."""
    reason = f"{work.candidate.command} cannot be carried out: {why}"
    with transaction.atomic():
        if not _consumed(work, now):
            return Ending.NOTHING
        if work.approval is not None:
            states.note_event(work.incident, "claim", actor=ACTOR, reason=reason, now=now)
        else:
            states.move_incident(
                work.incident, Status.AWAITING_APPROVAL, actor=ACTOR, reason=reason, now=now,
                **soon(now),
            )  # fmt: skip
    return Ending.REFUSED


def tampered(incident: Incident, reason: str, now: datetime) -> None:
    """Nothing that somebody wrote into a plan past KubeWise is ever carried out."""
    if incident.status != Status.ESCALATED:
        states.move_incident(incident, Status.ESCALATED, actor=ACTOR, reason=reason, now=now)


def read_object(work: Work, connection: Connection, now: datetime) -> Ending:
    """Actions that change nothing: no budget, no verification, but on record."""
    try:
        response, error = read_only(Session(connection), work.candidate), ""
    except (KubernetesError, ObjectChanged, WritingStopped) as trouble:
        response, error = {}, str(trouble)
    with transaction.atomic():
        if not _consumed(work, now):
            return Ending.NOTHING
        _read_record(work, response, error, now)
    return Ending.DONE


def _read_record(work: Work, response: dict[str, Any], error: str, now: datetime) -> None:
    row = begin(
        State.FAILED if error else State.VERIFIED,
        incident=work.incident,
        plan=work.plan,
        approval=work.approval,
        idempotency_key=work.key,
        open_target=None,
        outcome="" if error else Attempt.Outcome.RESOLVED,
        lease_until=now,
        action=work.candidate.action,
        parameters=dict(work.candidate.parameters),
        command=work.candidate.command,
        target=work.candidate.target.as_dict(),
        executor=work.executor,
        response=response,
        error=redact(error),
        created_at=now,
        executed_at=now,
        settled_at=now,
    )
    trail.append_entry(trail.SETTLED, work.executor, row, now)
    if work.candidate.action == Escalate.name and work.incident.status != Status.ESCALATED:
        states.move_incident(
            work.incident, Status.ESCALATED, actor=work.executor, reason="escalated", now=now
        )
