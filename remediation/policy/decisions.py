"""The decision on an incident: the case is gathered afresh, judged, put on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from detection.domain.statuses import WAITING, Status
from detection.incidents import states
from detection.models import Incident
from detection.pipeline.observe import Observation
from detection.runtime import leases
from kubewise_site import pipeline
from remediation.clients import Clients
from remediation.cluster.writer import RESOURCES
from remediation.controls import acceptances
from remediation.controls.limits import limits
from remediation.controls.stop_in_cluster import reason_to_stop
from remediation.models import Plan, PlanSource
from remediation.observation.observe import finding_of, observe_incident, owner_of, seen_by_scan
from remediation.observation.spec import spec_hash_of
from remediation.observation.suspect_nodes import with_suspect_nodes
from remediation.planning.candidates import Candidate
from remediation.planning.plans import candidates_of, current_plan
from remediation.playbooks.diagnosis import doubts_of
from remediation.policy import gate_inputs, reconsideration
from remediation.policy.case import Case
from remediation.policy.case_builder import case_of
from remediation.policy.case_records import blind_besides_scan, records_of
from remediation.policy.decide import decide
from remediation.policy.verdicts import Decision, Verdict
from remediation.results import Ending

ACTOR = "KubeWise"
LEASE = timedelta(seconds=120)


def decide_incident(incident_id: int, clients: Clients, now: datetime) -> Ending:
    """Decide on the newest plan and move the incident; `act` leaves it for `act` to claim."""
    incident = Incident.objects.select_related("cluster").get(pk=incident_id)
    plan = current_plan(incident)
    if plan is None or not _claim(incident, now):
        return Ending.NOTHING
    if incident.status in WAITING and _unread(incident, plan) and spec_hash_of(incident, clients):
        return _analyze_again(incident)
    inputs = inputs_of(incident, now)
    case = gather(incident, plan, plan.chosen, clients, now, may_share=True)
    return _save(incident, decide(case), case.candidates, inputs, now)


def inputs_of(incident: Incident, now: datetime) -> str:
    """Read before the case is gathered, so that what changes meanwhile is decided again."""
    found = gate_inputs.gate_inputs(incident.cluster, now)
    held = acceptances.held_for(incident, now) is not None
    return found.digest(incident.owner_namespace, incident.owner_name, held)


def gather(
    incident: Incident,
    plan: Plan,
    index: int,
    clients: Clients,
    now: datetime,
    approved: bool = False,
    may_share: bool = False,
) -> Case:
    """The case of one candidate of the plan, from the records and a look at the cluster.

    `may_share` is for decisions alone: what is about to be carried out is looked at anew.
    """
    observation = observe_incident(clients.reader, incident, now, may_share=may_share)
    options = candidates_of(plan)
    records = records_of(incident, options[index], now, plan.source == PlanSource.UNDO)
    records = replace(records, stopped=records.stopped or reason_to_stop(clients.reader))
    finding = finding_of(incident)
    same = [item for item in observation.about(finding.owner) if item.cause == finding.cause]
    case = case_of(
        with_suspect_nodes(
            replace(same[0], onset=finding.onset) if same else finding, incident, now
        ),
        observation.snapshot,
        options,
        now,
        limits(),
        records=records,
        index=index,
        others=observation.opened,
        blind=blind_besides_scan(incident, now) | _unread(incident, plan),
    )
    gone, cause_now = _signal(incident, observation)
    flapping, requested = incident.flapping, plan.source == PlanSource.PERSON
    return replace(case, signal_gone=gone, cause_now=cause_now, flapping=flapping,
                   doubts=doubts_of(incident.diagnosis), approved=approved, requested=requested,
                   picked=plan.chosen != 0, undo=plan.source == PlanSource.UNDO)  # fmt: skip


def _unread(incident: Incident, plan: Plan) -> dict[str, str]:
    """An owner that could not be read: nothing binds the plan to its spec."""
    if not incident.owner_uid or incident.owner_kind not in RESOURCES or plan.spec_hash:
        return {}
    return {"the owner's spec": "it could not be read when the plan was made"}


def _analyze_again(incident: Incident) -> Ending:
    """What the plan could not be bound to can be read now."""
    with transaction.atomic():
        rows = Incident.objects.filter(pk=incident.pk, lease_until=incident.lease_until)
        if rows.update(analyzed_version=0, lease_until=None, decide_again_at=None):
            pipeline.advance(incident.pk)
    return Ending.LATER


def _signal(incident: Incident, observation: Observation) -> tuple[bool, str]:
    """Whether the signal is gone, and which other cause stands in its place."""
    if not seen_by_scan(incident) or observation.snapshot.blind:
        return False, ""
    owner = owner_of(incident)
    causes = [str(item.cause) for item in observation.about(owner)]
    if not causes:
        return not observation.signs_of(owner), ""
    return False, "" if incident.cause in causes else causes[0]


def _claim(incident: Incident, now: datetime) -> bool:
    """Only what is analyzed as it stands, and not decided yet or to be decided again."""
    undecided = Q(
        status=Status.ANALYZING, analyzed_version=F("version"), decided_version__lt=F("version")
    )
    rows = Incident.objects.filter(
        undecided | reconsideration.due_decisions(now), pk=incident.pk, status=incident.status
    )
    incident.lease_until = now + LEASE
    return leases.claim_lease(rows, now, incident.lease_until)


def _save(
    incident: Incident,
    decision: Decision,
    options: Sequence[Candidate],
    inputs: str,
    now: datetime,
) -> Ending:
    """The decision with its Transition, unless the lease was lost meanwhile."""
    fields = {
        "decision": decision.as_dict() | {gate_inputs.KEY: inputs},
        "decided_version": incident.version,
        "lease_until": None,
        **reconsideration.fields_of(decision, incident.decided_again, now),
    }
    with transaction.atomic():
        mine = Incident.objects.filter(
            pk=incident.pk, status=incident.status, lease_until=incident.lease_until
        )
        waits = incident.status in WAITING
        if waits and not mine.filter(reconsideration.due_decisions(now)).exists():
            return Ending.NOTHING
        if not mine.update(**fields):
            return Ending.NOTHING
        if not waits:
            record_decision(incident, decision, options, now)
        elif decision.verdict == Verdict.ACT or decision.verdict != _verdict_of(incident):
            _record_again(incident, decision, options, now)
    return Ending.DONE


def _verdict_of(incident: Incident) -> str:
    return str((incident.decision or {}).get("verdict"))


def _record_again(
    incident: Incident, decision: Decision, options: Sequence[Candidate], now: datetime
) -> None:
    """Another verdict than before; `act` claims only what is being analyzed."""
    if decision.verdict == Verdict.ACT:
        reason = "the reasons against acting no longer apply"
        states.move_incident(incident, Status.ANALYZING, actor=ACTOR, reason=reason, now=now)
    record_decision(incident, decision, options, now)


def record_decision(
    incident: Incident, decision: Decision, options: Sequence[Candidate], now: datetime
) -> None:
    """One Transition for a decision. `act` is a note; everything else moves the status."""
    reason = f"{decision.verdict}: {decision.action}; " + "; ".join(decision.reasons)
    if decision.verdict == Verdict.ACT:
        states.note_event(incident, "decision", actor=ACTOR, reason=reason, now=now)
        return
    after = status_after(decision, options)
    if incident.status == after:
        states.note_event(incident, "decision", actor=ACTOR, reason=reason, now=now)
        return
    states.move_incident(incident, after, actor=ACTOR, reason=reason, now=now)


def status_after(decision: Decision, options: Sequence[Candidate]) -> Status:
    """What people see: an approval is only awaited where there is something to approve."""
    if not any(option.entry.changes_cluster for option in options):
        return Status.ESCALATED
    if decision.verdict == Verdict.ASK:
        return Status.AWAITING_APPROVAL
    return Status.REMEDIATION_SUGGESTED
