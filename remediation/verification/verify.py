"""Did it work? By looking: signal gone, owner healthy, and so for a soak. No data is no yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from detection.domain.statuses import Status
from detection.domain.units import counted
from detection.domain.unjudged import hiding
from detection.incidents import states
from detection.kubernetes.objects.core import Object
from detection.models import Incident
from detection.pipeline.observe import Observation
from detection.runtime import leases
from kubewise_site import pipeline
from remediation.analysis.model_opinion import view_of_verification
from remediation.approval.undo import plan_undo, suggestion
from remediation.clients import Clients
from remediation.execution.attempt_states import State
from remediation.execution.attempts import settle_attempt
from remediation.execution.outcomes import verification_delay
from remediation.models import Attempt, PlanSource
from remediation.observation.observe import observe_incident, owner_of, seen_by_scan
from remediation.observation.spec import spec_hash_of
from remediation.planning.situation import update_running
from remediation.policy.case_records import blind_besides_scan
from remediation.results import Ending
from remediation.verification import containment, owner_health

ACTOR = "KubeWise"
FOR_PEOPLE = "A person must repair the node; the incident closes once the node is healthy."
Outcome = Attempt.Outcome


@dataclass(frozen=True)
class Timing:
    """`soak` is how long it must stay healthy; `patience` is for what has no rollout deadline;
    a look that comes later than `blink` does not count the time before it as healthy.
    """

    soak: timedelta
    lease: timedelta = timedelta(seconds=60)
    again: timedelta = timedelta(seconds=10)
    patience: timedelta = timedelta(seconds=300)
    blink: timedelta = timedelta(seconds=60)
    most_tries: int = 2


@dataclass(frozen=True)
class OwnerCheck:
    """The owner as one look saw it. `held` and `left` are of a containment (containment.py)."""

    blind: str = ""
    gone: bool = False
    signal: str = ""
    progressing: bool = False
    ready: int = 0
    desired: int = 0
    deadline_seconds: int = 0
    news: str = ""
    held: str = ""
    left: str = ""

    @property
    def healthy(self) -> bool:
        """Nothing wanted is nothing proven: 0 of 0 is not health."""
        serves = 0 < self.desired <= self.ready
        trouble = self.blind or self.gone or self.signal or self.progressing or self.news
        return serves and not trouble

    @property
    def serves_quietly(self) -> bool:
        """All that is wanted is ready; the signal is gone and no rollout goes on."""
        return self.ready >= self.desired and not (self.signal or self.progressing)


@dataclass(frozen=True)
class VerificationResult:
    """`outcome` None: it is looked at again. `cordoned`: it serves, and its node is cordoned."""

    outcome: Outcome | None
    reason: str
    cordoned: bool = False


def verify(
    attempt_id: int, clients: Clients, now: datetime, timing: Timing | None = None
) -> Ending:
    """One look; LATER where another is needed."""
    attempt = Attempt.objects.select_related("incident__cluster").get(pk=attempt_id)
    times = timing or timing_of(attempt.incident)
    if not _claim(attempt, times, now):
        return Ending.NOTHING
    if now - (attempt.verify_due_at or now) > times.blink:
        attempt.healthy_since = None  # nobody looked meanwhile: the soak begins anew
    seen = check_owner(attempt, clients, now)
    judged = judge_owner(attempt, seen, times, now)
    if judged.outcome == Outcome.RESOLVED and attempt.incident.owner_namespace:
        seen = check_owner(attempt, clients, now, everywhere=True)
        judged = judge_owner(attempt, seen, times, now)
    if judged.outcome is None:
        return _again(attempt, seen, times, now)
    view = view_of_verification(attempt, judged.reason)
    attempt.response = {**(attempt.response or {}), **view}
    hashed = spec_hash_of(attempt.incident, clients) if judged.outcome == Outcome.WORSE else ""
    return conclude(
        attempt, judged.outcome, judged.reason, times, now, hashed, cordoned=judged.cordoned
    )


def timing_of(incident: Incident) -> Timing:
    delay = verification_delay(incident)
    again = timedelta(seconds=min(10.0, max(delay, 1.0)))
    return Timing(soak=timedelta(seconds=delay), again=again)


def _claim(attempt: Attempt, times: Timing, now: datetime) -> bool:
    rows = Attempt.objects.filter(pk=attempt.pk, state=State.APPLIED, verify_due_at__lte=now)
    attempt.verify_lease_until = until = now + times.lease
    return leases.claim_lease(rows, now, until, field="verify_lease_until")


def check_owner(
    attempt: Attempt, clients: Clients, now: datetime, everywhere: bool = False
) -> OwnerCheck:
    """Lists for verification come from etcd, never from the server's cache.

    `everywhere` looks at the whole cluster: callers in other namespaces tell of the owner, too.
    """
    incident = attempt.incident
    observation, owner = (
        observe_incident(clients.reader, incident, now, everywhere),
        owner_of(incident),
    )
    unseen = observation.snapshot.blind | blind_besides_scan(incident, now)
    blind = ", ".join(sorted(hiding(unseen, owner)))
    found = observation.snapshot.get(owner)
    if found is None:
        return OwnerCheck(blind=blind, gone=not blind)
    ready, desired = owner_health.counts_of(found, attempt, observation.snapshot)
    began = attempt.executed_at or attempt.created_at
    return OwnerCheck(
        blind=blind,
        signal=signal(incident, observation),
        progressing=progressing(found)
        or owner_health.runs_again(found, attempt, observation.snapshot),
        ready=ready,
        desired=desired,
        deadline_seconds=owner_health.deadline_seconds(found),
        news=owner_health.news(observation.opened, owner, began, incident.related),
        held=containment.how_it_holds(attempt, found, observation.snapshot),
        left=containment.pods_left(attempt, found, observation.snapshot),
    )


def signal(incident: Incident, observation: Observation) -> str:
    """What is wrong with the owner now; '' where nothing is. Young findings count too."""
    mine = observation.signs_of(owner_of(incident))
    if mine:
        return "; ".join(f"{item.cause}: {item.summary}" for item in mine)
    if not seen_by_scan(incident) and incident.gone_since is None:
        return f"{incident.cause} is still reported"
    return ""


def progressing(found: Object) -> bool:
    """Whether the controller has not seen the newest spec yet, or a rollout goes on."""
    observed = getattr(getattr(found, "status", None), "observed_generation", None)
    return (observed is not None and observed < found.metadata.generation) or update_running(found)


def judge_owner(
    attempt: Attempt, seen: OwnerCheck, times: Timing, now: datetime
) -> VerificationResult:
    """Pure: what this look, with those before it, says."""
    began = attempt.executed_at or attempt.created_at
    allowed = max(timedelta(seconds=seen.deadline_seconds), times.patience) + times.soak
    over = now >= began + allowed
    if seen.healthy:
        since = attempt.healthy_since or now
        if now - since >= times.soak:
            still = ", still cordoned" if seen.held else ""
            said = f"{seen.ready} of {seen.desired} ready, signal gone{still}"
            return VerificationResult(Outcome.RESOLVED, said, bool(seen.held))
        return VerificationResult(None, "healthy, soaking")
    if not over:
        return VerificationResult(None, "not healthy yet")
    return _failed(attempt, seen)


def _failed(attempt: Attempt, seen: OwnerCheck) -> VerificationResult:
    """The deadline is past. Worse counts only once the rollout has ended."""
    if unseen := _unseen(seen):
        return VerificationResult(Outcome.INCONCLUSIVE, unseen)
    before = int(attempt.before.get("ready") or 0)
    counts = f"{seen.ready} of {seen.desired} ready, {before} ready before"
    if _is_worse(seen, before):
        return VerificationResult(Outcome.WORSE, counts)
    good = counts if seen.serves_quietly else seen.held
    if good and seen.news:
        return VerificationResult(
            Outcome.INCONCLUSIVE, f"{good}, but there is a new failure: {seen.news}"
        )
    if seen.held:
        return VerificationResult(Outcome.CONTAINED, f"{seen.held}; {seen.signal or counts}")
    return VerificationResult(Outcome.NOT_FIXED, f"{counts}; {_trouble(seen)}")


def _unseen(seen: OwnerCheck) -> str:
    """Why nothing can be said; '' where the owner was seen."""
    if seen.blind:
        return f"KubeWise cannot read: {seen.blind}"
    return "the owner no longer exists" if seen.gone else ""


def _is_worse(seen: OwnerCheck, before: int) -> bool:
    """A cordon that holds made no node worse."""
    return seen.ready < before and not seen.progressing and not seen.held


def _trouble(seen: OwnerCheck) -> str:
    return "; ".join(filter(None, (seen.left, seen.signal))) or "the rollout is not complete"


def _again(attempt: Attempt, seen: OwnerCheck, times: Timing, now: datetime) -> Ending:
    healthy_since = (attempt.healthy_since or now) if seen.healthy else None
    fields = {"verify_due_at": now + times.again, "verify_lease_until": None}
    mine = Q(verify_lease_until=attempt.verify_lease_until)  # else another looks by now
    rows = Attempt.objects.filter(mine, pk=attempt.pk, state=State.APPLIED)
    rows.update(healthy_since=healthy_since, **fields)
    return Ending.LATER


def conclude(
    attempt: Attempt,
    outcome: Outcome,
    reason: str,
    times: Timing,
    now: datetime,
    spec_hash: str = "",
    *,
    cordoned: bool = False,
) -> Ending:
    """Outcome, freed target and status in one transaction. `spec_hash` is what an undo needs."""
    fields: dict[str, Any] = {
        "outcome": outcome,
        "outcome_reason": reason,
        "verify_lease_until": None,
        "response": attempt.response,
    }
    with transaction.atomic():
        if not settle_attempt(attempt, State.VERIFIED, now, refund=False, **fields):
            return Ending.NOTHING
        judged = VerificationResult(outcome, reason, cordoned)
        if _stands(attempt, judged, now):
            return Ending.DONE
        _move(attempt, judged, times, now, spec_hash)
    return Ending.DONE


def _stands(attempt: Attempt, judged: VerificationResult, now: datetime) -> bool:
    """Whether the incident was resolved meanwhile and stays so; else it is opened again.

    It was told as well once its signal was gone; its attempt was still verified.
    """
    incident = attempt.incident
    incident.refresh_from_db(from_queryset=Incident.objects.select_for_update())
    if not states.is_still_verified(incident):
        return False
    said = f"{judged.outcome}: {judged.reason}"
    if judged.outcome == Outcome.RESOLVED:
        said = _with_suggestion(attempt, judged, said)
        states.note_event(incident, "verified", actor=ACTOR, reason=said, now=now)
        states.give_key_up(incident)
        return True
    states.reopen(incident, actor=ACTOR, reason=said, now=now)
    return False


def _with_suggestion(attempt: Attempt, judged: VerificationResult, said: str) -> str:
    """What serves and is still cordoned says how that is undone."""
    if containment.contains(attempt) and judged.cordoned:
        return f"{said}. {suggestion(attempt)}"
    return said


def _move(
    attempt: Attempt, judged: VerificationResult, times: Timing, now: datetime, spec_hash: str
) -> None:
    incident, outcome = attempt.incident, judged.outcome
    said = f"{outcome}: {judged.reason}"
    if outcome == Outcome.RESOLVED:
        said = _with_suggestion(attempt, judged, said)
        states.move_incident(incident, Status.RESOLVED, actor=ACTOR, reason=said, now=now)
    elif outcome == Outcome.INCONCLUSIVE:
        states.move_incident(incident, Status.ESCALATED, actor=ACTOR, reason=said, now=now,
                    inconclusive=True)  # fmt: skip
    elif outcome == Outcome.CONTAINED:
        said = f"{said}. {FOR_PEOPLE} {suggestion(attempt)}"
        states.move_incident(incident, Status.ESCALATED, actor=ACTOR, reason=said, now=now)
    elif outcome == Outcome.WORSE:
        if plan_undo(attempt, spec_hash, said, now):
            return
        said = f"{said}. {suggestion(attempt)}"
        states.move_incident(incident, Status.ESCALATED, actor=ACTOR, reason=said, now=now)
    elif attempt.plan.source == PlanSource.UNDO:
        said = f"{attempt.command} undid the action that made it worse; {said}"
        states.move_incident(incident, Status.ESCALATED, actor=ACTOR, reason=said, now=now)
    else:
        _next_or_people(attempt, said, times, now)


def _next_or_people(attempt: Attempt, said: str, times: Timing, now: datetime) -> None:
    """Not fixed: the next candidate by a new analysis, or people once that was tried enough."""
    incident = attempt.incident
    states.move_incident(incident, Status.REMEDIATION_FAILED, actor=ACTOR, reason=said, now=now)
    failed = incident.attempts.filter(outcome=Outcome.NOT_FIXED).count()
    if failed >= times.most_tries:
        reason = f"{counted(failed, 'remediation')} did not help"
        states.move_incident(incident, Status.ESCALATED, actor=ACTOR, reason=reason, now=now)
    else:
        pipeline.advance(incident.pk)
