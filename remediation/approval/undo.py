"""After *worse*: the recorded inverse becomes a plan of its own, and passes every gate.

A rollback has no inverse: it would be the broken release. An undo is never undone. It costs its
cluster's, namespace's and action's budgets, not its owner's: that was spent by what it undoes.
"""

from __future__ import annotations

from datetime import datetime

from detection.domain.findings import ObjectRef
from detection.domain.statuses import Status
from detection.incidents import states
from kubewise_site import pipeline
from remediation.actions import CATALOGUE
from remediation.models import Attempt, PlanSource
from remediation.observation.observe import owner_of
from remediation.planning.candidates import Candidate, escalate, new_candidate
from remediation.planning.command_line import format_command
from remediation.planning.plans import new_plan

ACTOR = "KubeWise"


def suggestion(attempt: Attempt) -> str:
    """One sentence with the command and the kubectl line that undo the attempt."""
    inverse = attempt.inverse
    if not inverse:
        return "No safe undo is known."
    action, parameters = CATALOGUE[inverse["action"]], inverse["parameters"]
    command = format_command(action.name, parameters)
    line = action.kubectl(parameters, attempt.target.get("kind", ""))
    return f"To undo it: {command} ({line})"


def candidate(attempt: Attempt) -> Candidate | None:
    """The inverse, held to the catalogue; None where there is none, or it is an undo itself."""
    inverse = attempt.inverse
    if not inverse or attempt.plan.source == PlanSource.UNDO:
        return None
    return new_candidate(inverse["action"], ObjectRef(**attempt.target), inverse["parameters"])


def plan_undo(attempt: Attempt, spec_hash: str, said: str, now: datetime) -> bool:
    """A plan of the inverse, bound to the spec as it is now; False where there is none.

    Call it inside atomic(), with the incident's failure on record. `decide` runs every gate.
    """
    inverse, incident = candidate(attempt), attempt.incident
    if inverse is None or not spec_hash:
        return False
    states.move_incident(incident, Status.REMEDIATION_FAILED, actor=ACTOR, reason=said, now=now)
    states.move_incident(
        incident, Status.ANALYZING, actor=ACTOR, reason=f"undo planned: {inverse.command}", now=now,
        analyzed_version=incident.version, decided_version=0, lease_until=None,
    )  # fmt: skip
    new_plan(incident, [inverse, escalate(owner_of(incident))], spec_hash, PlanSource.UNDO, now)
    pipeline.advance(incident.pk)
    return True
