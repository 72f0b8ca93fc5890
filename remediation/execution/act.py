"""Carrying out what was decided or approved, exactly once.

claim (one transaction) → dry run with a non-empty diff → digest → read again and compare →
SENDING committed → write → APPLIED. `checkpoint` is called with a name at the two worst moments,
so that tests can kill the process there; it does nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from django.conf import settings
from django.db.models import F

from detection.domain.findings import ObjectRef
from detection.domain.statuses import WAITING, Status
from detection.kubernetes.client import Conflict, KubernetesError, NotFound, Unreachable
from detection.models import Incident
from remediation.approval import approvals
from remediation.clients import Clients
from remediation.cluster.writer import ObjectChanged, Session, WritingStopped
from remediation.controls.policies import policy_for
from remediation.controls.stop_in_cluster import reason_to_stop
from remediation.execution import dry_run_and_write, outcomes
from remediation.execution.attempt_states import State, move_attempt
from remediation.execution.attempts import Term, Work, claim_attempt, may_not_go, still_mine
from remediation.execution.dry_run_and_write import NothingToChange, Refusal, Rehearsal
from remediation.models import Attempt
from remediation.observation.observe import owner_of
from remediation.planning.command_line import CommandError
from remediation.planning.plans import candidates_of, current_plan, plan_digest
from remediation.policy.decide import decide
from remediation.policy.decisions import gather
from remediation.policy.owner_guards import held_back
from remediation.policy.verdicts import Verdict
from remediation.results import Ending

log = structlog.get_logger(__name__)
Checkpoint = Callable[[str], None]


def no_checkpoint(name: str) -> None:
    """The checkpoint that does nothing."""


@dataclass(frozen=True)
class Run:
    """One claimed attempt on its way."""

    work: Work
    attempt: Attempt
    session: Session
    now: datetime
    checkpoint: Checkpoint

    @property
    def owner(self) -> ObjectRef:
        return owner_of(self.work.incident)


def act(
    incident_id: int, clients: Clients, now: datetime, checkpoint: Checkpoint = no_checkpoint
) -> Ending:
    """Carry out the approved candidate, or the decided one. Never raises for what a cluster does.

    Every gate is run again on a fresh snapshot; an approval skips none.
    """
    term = Term(now)
    incident = Incident.objects.select_related("cluster").get(pk=incident_id)
    work = find_work(incident, now)
    if work is None:
        return Ending.NOTHING
    if clients.writer is None:
        return outcomes.without_account(work, clients.why, now) if clients.why else Ending.NOTHING
    case = gather(incident, work.plan, work.index, clients, now, approved=work.approval is not None)
    decision = decide(case)
    if decision.verdict != Verdict.ACT:
        return outcomes.not_allowed(work, decision, case.candidates, now)
    if not work.candidate.entry.changes_cluster:
        return outcomes.read_object(work, clients.writer, now)
    claimed = claim_attempt(work, now, term)
    if claimed.attempt is None:
        log.info("not claimed", incident=incident_id, reason=claimed.reason)
        return outcomes.not_claimed(work, claimed, now)
    return _run(_run_of(work, claimed.attempt, clients, term, checkpoint))


def find_work(incident: Incident, now: datetime) -> Work | None:
    """What waits to be carried out: an approval first, else a decision to act."""
    approval = approvals.pending(incident, now)
    plan = approval.plan if approval else current_plan(incident)
    if plan is None:
        return None
    if approval is None and not _decided(incident):
        return None
    if approval is not None and incident.status not in WAITING:
        return None
    index = approval.candidate_index if approval else int((incident.decision or {})["index"])
    try:
        return Work(incident, plan, index, candidates_of(plan)[index], approval)
    except (CommandError, IndexError) as error:
        log.error("a plan was changed by others", plan=plan.pk, error=str(error))
        outcomes.tampered(incident, f"plan {plan.pk} can't be read any more: {error}", now)
        return None


def _decided(incident: Incident) -> bool:
    verdict = (incident.decision or {}).get("verdict")
    rows = Incident.objects.filter(
        pk=incident.pk, status=Status.ANALYZING, decided_version=F("version")
    )
    return verdict == Verdict.ACT and rows.exists()


def _run_of(
    work: Work, attempt: Attempt, clients: Clients, term: Term, checkpoint: Checkpoint
) -> Run:
    """The session ends before the lease does, so that no call outlives it."""
    assert clients.writer is not None  # noqa: S101
    approved = work.approval is not None

    def may_go() -> str:
        if not still_mine(attempt):
            return "another worker settles this attempt"
        return may_not_go(work.incident, approved, term.now())

    writer = clients.writer.within(term.call_seconds)
    session = Session(
        writer, may_go, lambda: reason_to_stop(writer), term.until,
        forbids=partial(held_back, approved=approved),
    )  # fmt: skip
    return Run(work, attempt, session, term.began, checkpoint)


def _run(run: Run) -> Ending:
    """Until the write nothing has changed: every trouble there gives the budgets back."""
    run.checkpoint("claimed")
    try:
        rehearsal = dry_run_and_write.rehearse(
            run.session, run.work.candidate, run.owner, run.attempt.created_at,
            str(run.attempt.pk),
        )  # fmt: skip
        if trouble := _stale(run, rehearsal):
            return outcomes.stale(run.attempt, trouble, run.now)
        if settings.DRY_RUN:
            return outcomes.dry_run_only(run.attempt, rehearsal, run.now)
        seen = dry_run_and_write.compare(run.session, run.owner, rehearsal)
        run.session.require_consent(seen)
    except (ObjectChanged, NotFound, Conflict) as error:  # gone or replaced since it was planned
        return outcomes.stale(run.attempt, str(error), run.now)
    except WritingStopped as error:
        return outcomes.stopped(run.attempt, str(error), run.now)
    except (NothingToChange, Refusal, KubernetesError) as error:
        return outcomes.close_refused(run.attempt, error, run.now)
    except Exception as error:  # a bug of ours must not be tried again and again
        log.exception("before anything was sent", attempt=run.attempt.pk)
        return outcomes.close_refused(run.attempt, error, run.now)
    return _send(run, rehearsal, seen)


def _stale(run: Run, rehearsal: Rehearsal) -> str:
    """Whether the plan's digest still fits target, spec and policy; '' where it does."""
    incident, plan = run.work.incident, run.work.plan
    policy = policy_for(incident.cluster, incident.owner_namespace)
    now_digest = plan_digest(
        str(rehearsal.seen["metadata"]["uid"]), str(rehearsal.before["spec_hash"]), policy
    )
    approved = run.work.approval.digest if run.work.approval else plan.digest
    if approved != plan.digest or now_digest != plan.digest:
        return "the target's spec or the policy changed since the plan was made"
    return ""


def _send(run: Run, rehearsal: Rehearsal, seen: dict[str, object]) -> Ending:
    """Commit SENDING, then write. What may have happened is never guessed: see reconcile.py."""
    rows = Attempt.objects.filter(pk=run.attempt.pk, lease_until=run.attempt.lease_until)
    if not move_attempt(
        rows,
        (State.CLAIMED,),
        State.SENDING,
        diff=rehearsal.lines,
        before=dict(rehearsal.before),
        inverse=rehearsal.inverse,
    ):
        return Ending.NOTHING
    run.attempt.refresh_from_db()
    run.checkpoint("sending")
    try:
        response = dry_run_and_write.carry_out(
            run.session, run.work.candidate, run.owner, seen, rehearsal,
            run.attempt.created_at, str(run.attempt.pk),
        )  # fmt: skip
    except ObjectChanged as error:
        return outcomes.stale(run.attempt, str(error), run.now)
    except WritingStopped as error:
        if run.session.sent:
            return outcomes.unknown(run.attempt, error, run.now)
        return outcomes.stopped(run.attempt, str(error), run.now)
    except KubernetesError as error:
        return _failed(run, error)
    run.checkpoint("sent")
    return outcomes.applied(run.attempt, response, run.now)


def _failed(run: Run, error: KubernetesError) -> Ending:
    """A clear no changed nothing; after silence or a 5xx only the cluster knows."""
    if isinstance(error, Unreachable) or error.status >= 500 or not error.status:
        return outcomes.unknown(run.attempt, error, run.now)
    if isinstance(error, NotFound | Conflict):
        return outcomes.stale(run.attempt, str(error), run.now)
    return outcomes.close_refused(run.attempt, error, run.now, State.FAILED)
