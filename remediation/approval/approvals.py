"""A person's yes or no: bound to the digest that the person saw, valid for 15 minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from django.db import transaction
from django.db.models import Q

from detection.domain.statuses import WAITING, Status
from detection.incidents import states
from detection.models import Incident
from kubewise_site import pipeline
from remediation.actions import blacklist
from remediation.audit import trail
from remediation.controls.mode_and_stop import standing
from remediation.models import Approval, Plan
from remediation.planning.candidates import Candidate
from remediation.planning.command_line import CommandError
from remediation.planning.plans import candidates_of
from remediation.results import Approved, Handled, Refused, Rejected, Stale, Stopped

VALIDITY = timedelta(minutes=15)
Trouble = Stale | Handled | Refused | Stopped
Answer = Approved | Trouble


def approve(
    plan_id: int, candidate_index: int, user: Any, reason: str, digest: str, now: datetime
) -> Answer:
    """Approve one candidate as the person saw it. Executing it runs every gate again."""
    plan = Plan.objects.select_related("incident").filter(pk=plan_id).first()
    if plan is None:
        return Refused("there is no such plan")
    if against := trouble(plan, candidate_index, digest):
        return against
    return record_approval(plan, candidate_index, user, reason, now)


def reject(plan_id: int, user: Any, reason: str, now: datetime) -> Rejected | Handled | Refused:
    """Dismiss the incident; its open key stays until the signal is gone."""
    plan = Plan.objects.select_related("incident").filter(pk=plan_id).first()
    if plan is None:
        return Refused("there is no such plan")
    if plan.superseded_at or plan.incident.status not in WAITING:
        return Handled(f"the incident is {plan.incident.status} now")
    with transaction.atomic():
        if not _answer(plan, now):
            return Handled("the plan was already approved or rejected")
        row = _create_approval(plan, 0, user, reason, now, Approval.Verdict.REJECTED)
        moved = states.move_incident(
            plan.incident, Status.DISMISSED, actor=user.get_username(),
            reason=reason or "rejected", now=now,
        )  # fmt: skip
        if not moved:
            transaction.set_rollback(True)
            return Handled("someone else changed the incident first")
        trail.append_entry("plan rejected", user.get_username(), row, now)
    return Rejected(plan.incident_id)


def pending(incident: Incident, now: datetime) -> Approval | None:
    """The approval that waits to be carried out."""
    rows = Approval.objects.select_related("plan", "user").filter(
        plan__incident=incident,
        plan__superseded_at__isnull=True,
        verdict=Approval.Verdict.APPROVED,
        used_at__isnull=True,
        expires_at__gt=now,
    )
    return rows.first()


def record_approval(
    plan: Plan, index: int, user: Any, reason: str, now: datetime
) -> Approved | Handled:
    """The approval's row and Transition; `act` is published after the commit."""
    with transaction.atomic():
        if not _answer(plan, now):
            return Handled("the plan was already approved or rejected")
        row = _create_approval(plan, index, user, reason, now, Approval.Verdict.APPROVED)
        command = plan.candidates[index]["command"]
        states.note_event(
            plan.incident, "approval", actor=user.get_username(), now=now,
            reason=f"approved: {command}" + (f" ({reason})" if reason else ""),
        )  # fmt: skip
        trail.append_entry("plan approved", user.get_username(), row, now, command=command)
        pipeline.act(plan.incident_id)
    return Approved(plan.incident_id)


def trouble(plan: Plan, index: int, digest: str) -> Trouble | None:
    """Why this candidate can't be answered as it was shown; None where it can."""
    incident = plan.incident
    if not digest:
        return Refused("the digest of the plan that was shown is missing")
    if incident.status not in WAITING:
        return Handled(f"the incident is {incident.status} now")
    if plan.superseded_at or not compare_digest(digest.encode(), plan.digest.encode()):
        return Stale("the plan changed after it was shown: review the new one")
    if plan.incident_version != incident.version:
        return Stale("the incident changed since the plan was made: a new plan is being made")
    return _not_approvable(plan, index)


def _not_approvable(plan: Plan, index: int) -> Refused | Stopped | None:
    """Catalogue, settings and stop switch are asked at approval too, and again at execution."""
    try:
        options = candidates_of(plan)
    except CommandError as error:
        return Refused(f"the plan's command is not valid: {error}")
    if not 0 <= index < len(options):
        return Refused(f"the plan has no candidate {index}")
    return blacklist_refusal(options[index]) or _stopped(plan.incident, options[index])


def _stopped(incident: Incident, candidate: Candidate) -> Stopped | None:
    """A yes that could only run out while nothing may be changed; reading goes on."""
    found = standing(incident.cluster)
    if not (found.stopped and candidate.entry.changes_cluster):
        return None
    return Stopped(found.stop_sentence)


def blacklist_refusal(candidate: Candidate) -> Refused | None:
    """Why a candidate can't be carried out at all; None where it can."""
    if candidate.action in blacklist():
        return Refused(f"{candidate.action} is in BLACKLISTED_COMMANDS", "catalogue and bounds")
    return None


def _answer(plan: Plan, now: datetime) -> bool:
    """Of two answers one counts; an approval that ran out may be given again."""
    open_again = Q(answered_at__isnull=True) | Q(answered_at__lte=now - VALIDITY)
    rows = Plan.objects.filter(open_again, pk=plan.pk, superseded_at__isnull=True)
    return bool(rows.update(answered_at=now))


def _create_approval(
    plan: Plan, index: int, user: Any, reason: str, now: datetime, verdict: Approval.Verdict
) -> Approval:
    return Approval.objects.create(
        plan=plan,
        candidate_index=index,
        user=user,
        verdict=verdict,
        reason=reason,
        digest=plan.digest,
        at=now,
        expires_at=now + VALIDITY,
    )
