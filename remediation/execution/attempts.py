"""The life of an attempt's record: claimed in one transaction, settled in one transaction."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from detection.domain.statuses import Status
from detection.incidents import states
from detection.models import Incident
from kubewise_site.core.redaction import redact
from remediation.audit import trail
from remediation.controls import acceptances, budgets
from remediation.controls.mode_and_stop import standing
from remediation.controls.policies import covering
from remediation.digests import digest_of
from remediation.execution.attempt_states import State, begin, move_attempt, sources_of
from remediation.models import (
    Approval,
    Attempt,
    MaintenanceWindow,
    Plan,
    PlanSource,
    Silence,
)
from remediation.planning.candidates import Candidate

AUTO = "AUTO"
CALL_SECONDS = 35.0


@dataclass(frozen=True)
class Work:
    """What is to be carried out, and on whose word."""

    incident: Incident
    plan: Plan
    index: int
    candidate: Candidate
    approval: Approval | None = None

    @property
    def executor(self) -> str:
        return self.approval.user.get_username() if self.approval else AUTO

    @property
    def key(self) -> str:
        """Idempotency: incident, plan, its digest, candidate, and the approval that was given."""
        approval = self.approval.pk if self.approval else 0
        return digest_of(self.incident.pk, self.plan.pk, self.plan.digest, self.index, approval)


@dataclass(frozen=True)
class Term:
    """How long one worker may go on: its lease counts from `began`, before any gathering.

    `call_seconds` is the limit of one call; no call begins after `until`, so that none outlives
    the lease.
    """

    began: datetime
    started: float = field(default_factory=time.monotonic)

    @property
    def call_seconds(self) -> float:
        return min(CALL_SECONDS, lease_seconds() / 2)

    @property
    def until(self) -> float:
        return self.started + lease_seconds() - self.call_seconds

    @property
    def over(self) -> bool:
        return time.monotonic() > self.until

    def now(self) -> datetime:
        """`began`, and what has passed since."""
        return self.began + timedelta(seconds=time.monotonic() - self.started)


class NotClaimed(Enum):
    """Why nothing was claimed: somebody else was faster, or something does not allow it."""

    RACE = auto()
    REFUSED = auto()


class _Lost(Exception):
    """Rolls the claim back; its message is the reason."""

    def __init__(self, reason: str, by: NotClaimed = NotClaimed.RACE) -> None:
        super().__init__(reason)
        self.by = by


@dataclass(frozen=True)
class Claim:
    """`attempt` None: not claimed, because of `reason`; `by` says what kind of reason it is."""

    attempt: Attempt | None
    reason: str = ""
    by: NotClaimed | None = None


def lease_seconds() -> float:
    return float(settings.ATTEMPT_LEASE_SECONDS)


def claim_attempt(work: Work, now: datetime, term: Term | None = None) -> Claim:
    """Intent, budgets, mode, stop switch and status in ONE transaction, or nothing at all.

    Raises nothing; a worker whose term is over claims nothing.
    """
    term = term or Term(now)
    if term.over:
        return Claim(None, "reading the cluster took longer than the lease", NotClaimed.RACE)
    try:
        with transaction.atomic():
            _require_go(work, now)
            _require_plan(work)
            _use_approval(work, term.now())
            _spend(work, now)
            attempt = _create(work, now)
            _move(work, now)
            trail.append_entry("attempt claimed", work.executor, attempt, now)
            _require_go(work, now)
            return Claim(attempt)
    except IntegrityError:
        reason = "another attempt on this owner is running, or this one was already made"
        return Claim(None, reason, NotClaimed.RACE)
    except _Lost as lost:
        return Claim(None, str(lost), lost.by)


def _require_go(work: Work, now: datetime) -> None:
    """Asked first, and again once the audit trail's head is ours: whoever pulls the stop switch or
    accepts the failure writes to the trail too, so no claim stands behind that there."""
    reason = may_not_go(work.incident, work.approval is not None, now)
    if not reason and (accepted := acceptances.sentence(work.incident, now)):
        reason = f"the failure is accepted: {accepted}"
    if reason:
        raise _Lost(reason, NotClaimed.REFUSED)


def may_not_go(incident: Incident, approved: bool, now: datetime) -> str:
    """Mode, stop switch, windows and silences, read anew; '' where the attempt may go on."""
    found = standing(incident.cluster)
    if found.stopped:
        return f"the stop switch is pulled: {found.stop_reason or 'no reason given'}"
    if not approved and not found.auto:
        return "the mode is MANUAL now"
    return _paused(incident, now)


def _paused(incident: Incident, now: datetime) -> str:
    if window := covering(MaintenanceWindow, incident, now):
        return f"a maintenance window covers the owner now: {window}"
    if silence := covering(Silence, incident, now):
        return f"the owner is silenced now: {silence}"
    return ""


def spent_by(attempt: Attempt) -> tuple[budgets.Cost, ...]:
    """What the claim spent: the names alone count when it is given back."""
    on_node = attempt.target.get("kind") == "Node"
    undo = attempt.plan.source == PlanSource.UNDO
    return budgets.costs_of(attempt.incident, attempt.action, on_node, undo)


def still_mine(attempt: Attempt) -> bool:
    """Whether the worker that holds `attempt` in memory still has its lease."""
    under_way = (State.CLAIMED, State.SENDING)
    rows = Attempt.objects.filter(pk=attempt.pk, state__in=under_way)
    return rows.filter(lease_until=attempt.lease_until).exists()


def settle_attempt(
    attempt: Attempt,
    state: State,
    now: datetime,
    *,
    refund: bool,
    only: Collection[State] = (),
    **fields: Any,
) -> bool:
    """Close an open attempt once: its target is free again and its budgets are given back.

    `only`: the states that it may be closed from; empty: all from which the table allows it.
    False where another settled it, or has its lease now. Call it inside atomic(), together with
    the incident's move.
    """
    if "error" in fields:
        fields["error"] = redact(fields["error"])
    rows = Attempt.objects.filter(pk=attempt.pk, lease_until=attempt.lease_until)
    before = only or sources_of(state)
    if not move_attempt(rows, before, state, open_target=None, settled_at=now, **fields):
        return False
    if refund:
        budgets.refund(attempt.incident.cluster, spent_by(attempt), attempt.created_at)
    else:
        budgets.release_budgets(attempt.incident.cluster, spent_by(attempt))
    attempt.refresh_from_db()
    trail.append_entry(trail.SETTLED, attempt.executor, attempt, now)
    return True


def _require_plan(work: Work) -> None:
    """The plan and, without a person's word, the decision still stand: rows are held by UPDATEs."""
    plans = Plan.objects.filter(pk=work.plan.pk, superseded_at__isnull=True)
    if not plans.update(superseded_at=None):
        raise _Lost("another plan replaced this one")
    decided = Incident.objects.filter(pk=work.incident.pk, decided_version=F("version"))
    if work.approval is None and not decided.update(decided_version=F("version")):
        raise _Lost("the incident changed since this decision: another one is due")


def _use_approval(work: Work, now: datetime) -> None:
    if work.approval is None:
        return
    rows = Approval.objects.filter(pk=work.approval.pk, used_at__isnull=True, expires_at__gt=now)
    if not rows.update(used_at=now):
        raise _Lost("the approval was already used, or has expired", NotClaimed.REFUSED)


def _spend(work: Work, now: datetime) -> None:
    costs = budgets.costs_of(
        work.incident,
        work.candidate.action,
        work.candidate.target.kind == "Node",
        work.plan.source == PlanSource.UNDO,
    )
    if reason := budgets.spend_budgets(work.incident.cluster, costs, now):
        raise _Lost(f"budget used up: {reason}", NotClaimed.REFUSED)


def _create(work: Work, now: datetime) -> Attempt:
    return begin(
        State.CLAIMED,
        incident=work.incident,
        plan=work.plan,
        approval=work.approval,
        idempotency_key=work.key,
        open_target=work.incident.owner_uid,
        lease_until=now + timedelta(seconds=lease_seconds()),
        action=work.candidate.action,
        parameters=dict(work.candidate.parameters),
        command=work.candidate.command,
        target=work.candidate.target.as_dict(),
        executor=work.executor,
        is_proactive=work.incident.is_predicted,
        dry_run=settings.DRY_RUN,
        created_at=now,
    )


def _move(work: Work, now: datetime) -> None:
    moved = states.move_incident(
        work.incident,
        Status.REMEDIATION_ATTEMPTED,
        actor=work.executor,
        reason=work.candidate.command,
        now=now,
        lease_until=None,
        decide_again_at=None,
        decided_again=0,
    )
    if not moved:
        raise _Lost("someone else changed the incident first: it has another status")
