"""A person plans the next candidate in place of the one that is shown: a new plan, same gates.

Nothing is approved by it: the decision is made anew for that candidate, which even in AUTO waits
for a person's yes, and the approve form then shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from detection.domain.statuses import WAITING
from detection.incidents import states
from detection.models import Incident
from kubewise_site import pipeline
from remediation.approval import precheck
from remediation.approval.approvals import pending, trouble
from remediation.models import Plan, PlanSource
from remediation.planning.candidates import Candidate
from remediation.planning.plans import candidates_of, new_plan
from remediation.results import Handled, Refused, Stale, Stopped

FIXED = (PlanSource.ASIDE, PlanSource.UNDO, PlanSource.PERSON)


@dataclass(frozen=True)
class Planned:
    """The plan that waits now, with the candidate first asked for as its `chosen` one."""

    plan_id: int
    command: str


def plan_next(
    plan_id: int, index: int, digest: str, user: Any, now: datetime
) -> Planned | Stale | Handled | Refused | Stopped:
    """Plan candidate `index` of the plan that a person saw. What hard gates refuse is not planned.

    The new plan is bound to the spec that the person's plan was bound to.
    """
    plan = Plan.objects.select_related("incident__cluster").filter(pk=plan_id).first()
    if plan is None:
        return Refused("there is no such plan")
    if against := trouble(plan, index, digest):
        return against
    options = candidates_of(plan)
    if refused := _not_plannable(plan, options[index], now):
        return refused
    return _planned(plan, options, index, user, now)


def _not_plannable(plan: Plan, wanted: Candidate, now: datetime) -> Refused | Stopped | None:
    if plan.source in FIXED:
        return Refused("this plan has only one candidate")
    if not wanted.entry.changes_cluster:
        return Refused(f"{wanted.action} changes nothing in the cluster: there is nothing to plan")
    return precheck.first_refusal(plan.incident, wanted, now)


def _planned(
    seen: Plan, options: list[Candidate], index: int, user: Any, now: datetime
) -> Planned | Handled:
    incident, who = seen.incident, user.get_username()
    with transaction.atomic():
        if not (_hold(seen) and _decide_anew(seen, now)):
            transaction.set_rollback(True)
            return Handled("someone else changed the incident first")
        if pending(incident, now):
            transaction.set_rollback(True)
            return Handled("an approved candidate has not run yet")
        made = new_plan(incident, options, seen.spec_hash, seen.source, now, chosen=index)
        reason = f"next candidate planned: {options[index].command}"
        states.note_event(incident, "plan", actor=who, reason=reason, now=now)
        pipeline.advance(incident.pk)
    return Planned(made.pk, options[index].command)


def _hold(seen: Plan) -> bool:
    """Of two who ask at once one gets it; who approves meanwhile waits, and is seen after that.

    `new_plan` supersedes it, and tells of an approval that becomes void.
    """
    rows = Plan.objects.filter(pk=seen.pk, superseded_at__isnull=True)
    return bool(rows.update(superseded_at=None))


def _decide_anew(seen: Plan, now: datetime) -> bool:
    """Due at once; a decision under way is about the former candidate, and loses its lease."""
    rows = Incident.objects.filter(
        pk=seen.incident_id, status__in=WAITING, version=seen.incident_version
    )
    return bool(rows.update(decide_again_at=now, decided_again=0, lease_until=None))
