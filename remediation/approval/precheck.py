"""What the records alone say against a person's command, so that it is refused at once, with why.

Every gate runs again, on the cluster as it is, when the command is carried out.
"""

from __future__ import annotations

from datetime import datetime

from detection.domain.causes import Cause, Severity
from detection.models import Incident
from remediation.controls.limits import limits
from remediation.controls.mode_and_stop import standing
from remediation.observation.observe import owner_of
from remediation.planning.candidates import Candidate
from remediation.policy.case import Case, OwnerTarget
from remediation.policy.case_records import records_of
from remediation.policy.gates import GATES
from remediation.policy.verdicts import Verdict
from remediation.results import Refused, Stopped

STOP = "stop switch"
ASKED = frozenset(
    {STOP, "maintenance window", "silence", "acceptance", "protected namespace", "policy",
     "futility", "catalogue and bounds"}
)  # fmt: skip


def first_refusal(
    incident: Incident, candidate: Candidate, now: datetime
) -> Refused | Stopped | None:
    """The first gate that no approval lifts, by name and reason; None where none is known to."""
    if not candidate.entry.changes_cluster:
        return None
    case = _case(incident, candidate, now)
    for gate in GATES:
        for ruling in gate.rule(case) if gate.name in ASKED else ():
            if ruling.hard and gate.name == STOP:
                return Stopped(standing(incident.cluster).stop_sentence)
            if ruling.hard:
                return Refused(f"{gate.name}: {ruling.reason}", gate.name)
    return None


def _case(incident: Incident, candidate: Candidate, now: datetime) -> Case:
    owner = owner_of(incident)
    return Case(
        now=now,
        cause=Cause(incident.cause),
        severity=Severity(incident.severity),
        onset=incident.onset,
        target=OwnerTarget(owner, uid=owner.uid),
        playbook_mode=Verdict.ASK,
        candidates=(candidate,),
        records=records_of(incident, candidate, now),
        limits=limits(),
        requested=True,
    )
