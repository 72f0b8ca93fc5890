"""Finding → ranked candidates with frozen, absolute parameters.

A candidate that changes anything acts on the incident's own owner, or on a pod of it. What the
failure specification calls bad for a cause is never offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from detection.domain.findings import Finding, ObjectRef
from detection.snapshot import Snapshot
from remediation.actions import CATALOGUE, of_family
from remediation.actions.base import Action
from remediation.actions.informational import HAND_OVER, Escalate
from remediation.actions.parameters import Value
from remediation.planning.command_line import CommandError, checked_command, format_command
from remediation.planning.situation import situation_of
from remediation.playbooks import playbook_of
from remediation.playbooks.base import Playbook, Situation


@dataclass(frozen=True)
class Candidate:
    """One thing that may be done. `target` is the object acted on, by UID."""

    action: str
    target: ObjectRef
    parameters: Mapping[str, Value] = field(default_factory=dict)
    description: str = ""
    kubectl: str = ""

    @property
    def entry(self) -> Action:
        return CATALOGUE[self.action]

    @property
    def command(self) -> str:
        return format_command(self.action, dict(self.parameters))

    def as_dict(self) -> dict[str, Any]:
        """As the API and the Plan hold it."""
        return {
            "action": self.action,
            "parameters": dict(self.parameters),
            "command": self.command,
            "kubectl": self.kubectl,
            "risk": self.entry.risk.value,
            "description": self.description,
            "action_type": self.action,
            "resource_type": self.target.kind.lower(),
            "resource_name": self.target.name,
            "namespace": self.target.namespace,
            "target": self.target.as_dict(),
        }

    @staticmethod
    def from_dict(stored: Mapping[str, Any]) -> Candidate:
        """The candidate of a Plan, held to the catalogue again. Raises CommandError."""
        command = checked_command(str(stored["action"]), dict(stored.get("parameters") or {}))
        target = ObjectRef(**stored["target"])
        described, line = str(stored.get("description", "")), str(stored.get("kubectl", ""))
        return Candidate(command.action.name, target, command.parameters, described, line)


def candidates(
    finding: Finding,
    snapshot: Snapshot,
    now: datetime,
    blacklist: Iterable[str] = (),
) -> list[Candidate]:
    """What may be done about `finding`, best first; the last one is always to escalate."""
    situation = situation_of(finding, snapshot, now)
    playbook = playbook_of(finding.cause)
    found = [
        _offered(offer.family, situation) for offer in playbook.offers if offer.when(situation)
    ]
    barred = frozenset(blacklist)
    kept = [item for item in found if item and _allowed(item, playbook, barred)]
    return _ranked(kept, playbook) or [escalate(finding.owner)]


def escalate(owner: ObjectRef) -> Candidate:
    line = CATALOGUE[Escalate.name].by_hand(owner, {})
    return Candidate(Escalate.name, owner, {}, HAND_OVER, line)


def _allowed(item: Candidate, playbook: Playbook, barred: frozenset[str]) -> bool:
    return item.entry.family not in playbook.bad and item.action not in barred


def _ranked(found: list[Candidate], playbook: Playbook) -> list[Candidate]:
    """The table's order; what is futile for this cause comes last."""
    return sorted(found, key=lambda item: item.entry.family in playbook.futile)


def _offered(family: str, situation: Situation) -> Candidate | None:
    """The candidate of a family for this owner; None where the owner's kind has no such action."""
    for action in of_family(family):
        target = action.target_for(situation)
        if target is not None and action.fits(target.kind):
            given = action.parameters_for(target, situation)
            return None if given is None else new_candidate(action.name, target, given, situation)
    return None


def new_candidate(
    name: str, target: ObjectRef, given: Mapping[str, Any], situation: Situation | None = None
) -> Candidate | None:
    """A candidate held to the catalogue's bounds; None where they refuse it."""
    try:
        command = checked_command(name, dict(given))
    except CommandError:
        return None
    action, parameters = command.action, command.parameters
    said = action.describe(target, parameters, situation) if situation else action.description
    return Candidate(name, target, parameters, said, action.by_hand(target, parameters))
