"""Plans: frozen candidates and the digest that binds an approval to what the person saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from detection.incidents import states
from detection.models import Incident
from remediation.controls.policies import PolicyFacts, policy_for, policy_text
from remediation.digests import digest_of
from remediation.models import Approval, Plan, PlanSource
from remediation.planning.candidates import Candidate


def plan_digest(target_uid: str, spec_hash: str, policy: PolicyFacts | None) -> str:
    """Target UID + hash of its spec + policy; resourceVersion is no part of it."""
    return digest_of(target_uid, spec_hash, policy_text(policy))


def current_plan(incident: Incident) -> Plan | None:
    """The plan that waits or is carried out; what a person reads beside it is none."""
    plans = incident.plans.filter(superseded_at__isnull=True)
    return plans.exclude(source=PlanSource.ASIDE).first()


def supersede(incident: Incident, now: datetime) -> None:
    """The plans are over; whoever approved one in vain can read why. Call it inside atomic()."""
    over = incident.plans.filter(superseded_at__isnull=True)
    waiting = Approval.objects.filter(
        plan__in=over, verdict=Approval.Verdict.APPROVED, used_at__isnull=True, expires_at__gt=now
    )
    for approval in waiting.select_related("user"):
        reason = (
            f"the approval by {approval.user.get_username()} no longer counts: a new plan was made"
        )
        states.note_event(incident, "approval", actor="KubeWise", reason=reason, now=now)
    over.update(superseded_at=now)


def new_plan(
    incident: Incident,
    options: Sequence[Candidate],
    spec_hash: str,
    source: str,
    now: datetime,
    chosen: int = 0,
) -> Plan:
    """Write a plan in place of the former one, or beside it (ASIDE). Call it inside atomic()."""
    if source != PlanSource.ASIDE:
        supersede(incident, now)
    policy = policy_for(incident.cluster, incident.owner_namespace)
    return Plan.objects.create(
        incident=incident,
        incident_version=incident.version,
        created_at=now,
        digest=plan_digest(incident.owner_uid, spec_hash, policy),
        target_uid=incident.owner_uid,
        spec_hash=spec_hash,
        candidates=[option.as_dict() for option in options],
        chosen=chosen,
        source=source,
    )


def candidates_of(plan: Plan) -> list[Candidate]:
    """Held to the catalogue again. Raises CommandError where a row was tampered with."""
    return [Candidate.from_dict(stored) for stored in plan.candidates]
