"""A person's own command for an incident: it becomes a plan and an approval, with every gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from detection.domain.causes import Cause
from detection.domain.findings import ObjectRef
from detection.domain.statuses import WAITING
from detection.models import Incident
from remediation.actions.base import IncidentRecord, NotKnown
from remediation.approval import precheck
from remediation.approval.approvals import blacklist_refusal, pending, record_approval
from remediation.models import Plan, PlanSource
from remediation.observation.observe import owner_of
from remediation.planning.candidates import Candidate
from remediation.planning.command_line import ParsedCommand, parse_command
from remediation.planning.plans import current_plan, new_plan
from remediation.playbooks import playbook_of
from remediation.results import Approved, Handled, Refused, Stopped


def request_command(
    incident_id: int, text: str, user: Any, reason: str, now: datetime
) -> Approved | Handled | Refused | Stopped:
    """Plan and approve `text` for the incident. Raises CommandError where it is no command."""
    command = parse_command(text)
    incident = Incident.objects.select_related("cluster").get(pk=incident_id)
    plan = current_plan(incident)
    if incident.status not in WAITING or plan is None:
        return Handled(f"the incident is {incident.status} now: it accepts no command")
    candidate = _candidate(command, incident)
    trouble = candidate if isinstance(candidate, Refused) else _trouble(candidate, incident)
    if trouble or isinstance(candidate, Refused):
        return trouble or Refused("not possible")
    if against := precheck.first_refusal(incident, candidate, now):
        return against
    return _approved(incident, plan, candidate, user, reason, now)


def _approved(
    incident: Incident, seen: Plan, candidate: Candidate, user: Any, reason: str, now: datetime
) -> Approved | Handled | Refused:
    """The spec that the person decided on is the one of the plan that was shown.

    What only reads leaves the waiting plan where it is.
    """
    source = PlanSource.PERSON if candidate.entry.changes_cluster else PlanSource.ASIDE
    with transaction.atomic():
        if other := pending(incident, now):
            command = other.plan.candidates[other.candidate_index]["command"]
            return Handled(f"an approved command has not run yet: {command}. Try again after it")
        plan = new_plan(incident, [candidate], seen.spec_hash, source, now)
        return record_approval(plan, 0, user, reason, now)


def _trouble(candidate: Candidate, incident: Incident) -> Refused | None:
    """What is known to make this failure worse is refused, whoever asks."""
    cause = Cause(incident.cause)
    if candidate.entry.family in playbook_of(cause).bad:
        told = f"{candidate.action} would make {cause} worse: KubeWise does not run it here"
        return Refused(told, "scope")
    return blacklist_refusal(candidate)


def _candidate(command: ParsedCommand, incident: Incident) -> Candidate | Refused:
    owner, action = owner_of(incident), command.action
    target = owner if action.nameless else _target(command, incident, owner)
    if target is None:
        return Refused(f"{command.text}: the target is neither {owner} nor one of its pods")
    if action.changes_cluster and not action.fits(target.kind):
        return Refused(f"{action.name} does not apply to a {target.kind}")
    try:
        parameters = action.filled(
            command.parameters, IncidentRecord(revision=incident.revision or {})
        )
    except NotKnown as unknown:
        return Refused(str(unknown))
    made = Candidate(action.name, target, parameters, action.description)
    return replace(made, kubectl=action.kubectl(parameters, target.kind))


def _target(command: ParsedCommand, incident: Incident, owner: ObjectRef) -> ObjectRef | None:
    """The owner, or what is below it and the incident names; by kind, namespace and name."""
    if "name" not in {item.name for item in command.action.parameters}:
        here = command.parameters.get("namespace") == owner.namespace or owner.kind == "Node"
        return owner if here and owner.kind in command.action.kinds else None
    known = [owner, *(ObjectRef(**item) for item in incident.related)]
    wanted = (str(command.parameters.get("namespace", "")), str(command.parameters.get("name")))
    for ref in known:
        fits = ref.kind in command.action.kinds and ref in (owner, *_below(known))
        if fits and (ref.namespace, ref.name) == wanted:
            return ref
    return None


def _below(refs: list[ObjectRef]) -> list[ObjectRef]:
    """What the guards hold to the owner: a pod of it, or the autoscaler that scales it."""
    return [ref for ref in refs if ref.kind in ("Pod", "HorizontalPodAutoscaler")]
