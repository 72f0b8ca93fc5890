"""The life of an attempt's record: claimed in one transaction, settled in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from detection import states
from detection.models import Incident
from detection.states import Status
from remediation import budgets
from remediation.candidates import Candidate
from remediation.hashes import digest_of
from remediation.models import Approval, Attempt, Plan
from remediation.modes import standing

State = Attempt.State
AUTO = "AUTO"
OPEN = (State.CLAIMED, State.SENDING, State.APPLIED, State.UNKNOWN)


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


class _Lost(Exception):
    """Rolls the claim back; its message is the reason."""


@dataclass(frozen=True)
class Claim:
    """`attempt` None: not claimed, because of `reason`."""

    attempt: Attempt | None
    reason: str = ""


def lease_seconds() -> float:
    return float(settings.ATTEMPT_LEASE_SECONDS)


def claim(work: Work, now: datetime) -> Claim:
    """Intent, budgets, mode, stop switch and status in ONE transaction, or nothing at all."""
    try:
        with transaction.atomic():
            if reason := may_not_go(work.incident, work.approval is not None):
                raise _Lost(reason)
            _use_approval(work, now)
            _spend(work, now)
            attempt = _create(work, now)
            _move(work, now)
            return Claim(attempt)
    except IntegrityError:
        return Claim(None, "another attempt on this owner is under way, or this one was made")
    except _Lost as lost:
        return Claim(None, str(lost))


def may_not_go(incident: Incident, approved: bool) -> str:
    """Mode and stop switch, read anew; '' where the attempt may go on."""
    found = standing(incident.cluster)
    if found.stopped:
        return f"the stop switch is pulled: {found.stop_reason or 'no reason given'}"
    if not approved and not found.auto:
        return "the mode is MANUAL now"
    return ""


def costs_of(attempt: Attempt) -> tuple[budgets.Cost, ...]:
    uid = attempt.incident.owner_uid
    return budgets.costs(uid, attempt.target.get("kind") == "Node")


def settle(
    attempt: Attempt, state: Attempt.State, now: datetime, *, refund: bool, **fields: Any
) -> bool:
    """Close an open attempt once: its target is free again and its budgets are given back.

    False where another settled it. Call it inside atomic(), together with the incident's move.
    """
    rows = Attempt.objects.filter(pk=attempt.pk, state__in=OPEN)
    if not rows.update(state=state, open_target=None, settled_at=now, **fields):
        return False
    give_back = budgets.refund if refund else budgets.release
    give_back(attempt.incident.cluster, costs_of(attempt))
    attempt.refresh_from_db()
    return True


def _use_approval(work: Work, now: datetime) -> None:
    if work.approval is None:
        return
    rows = Approval.objects.filter(pk=work.approval.pk, used_at__isnull=True, expires_at__gt=now)
    if not rows.update(used_at=now):
        raise _Lost("the approval was used already, or it is over")


def _spend(work: Work, now: datetime) -> None:
    costs = budgets.costs(work.incident.owner_uid, work.candidate.target.kind == "Node")
    if reason := budgets.spend(work.incident.cluster, costs, now):
        raise _Lost(f"budget used up: {reason}")


def _create(work: Work, now: datetime) -> Attempt:
    return Attempt.objects.create(
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
    moved = states.move(
        work.incident,
        Status.REMEDIATION_ATTEMPTED,
        actor=work.executor,
        reason=work.candidate.command,
        now=now,
        lease_until=None,
    )
    if not moved:
        raise _Lost("another was faster: the incident has another status")
