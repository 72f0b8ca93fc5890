"""Finding → ranked candidates with frozen, absolute parameters.

A candidate that changes anything acts on the incident's own owner, or on a pod of it. What the
failure specification calls bad for a cause is never offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from detection.domain.findings import Finding, ObjectRef
from detection.snapshot import Snapshot
from remediation.actions import CATALOGUE, NAMELESS, of_family
from remediation.actions.base import Action
from remediation.actions.command_line import CommandError, checked, format_command
from remediation.actions.parameters import Value
from remediation.planning.situation import situation_of
from remediation.planning.sizing import FIRST_REQUEST, grown, raised_cpu, raised_memory, raised_most
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
        command = checked(str(stored["action"]), dict(stored.get("parameters") or {}))
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
    return Candidate(
        "escalate", owner, {}, "Hand it to people, with diagnosis and advice.", look_at(owner)
    )


def look_at(owner: ObjectRef) -> str:
    """The line by which a person begins to look; '' for what is no object of the API."""
    if not owner.uid:
        return ""
    where = f" -n {owner.namespace}" if owner.namespace else ""
    return f"kubectl describe {owner.kind.lower()} {owner.name}{where}"


def _allowed(item: Candidate, playbook: Playbook, barred: frozenset[str]) -> bool:
    return item.entry.family not in playbook.bad and item.action not in barred


def _ranked(found: list[Candidate], playbook: Playbook) -> list[Candidate]:
    """The table's order; what is futile for this cause comes last."""
    return sorted(found, key=lambda item: item.entry.family in playbook.futile)


def _offered(family: str, situation: Situation) -> Candidate | None:
    """The candidate of a family for this owner; None where the owner's kind has no such action."""
    owner = situation.finding.owner
    if family == "escalate":
        return escalate(owner)
    target = _target(family, situation)
    action = of_family(family, target.kind) if target else None
    if action is None or target is None:
        return None
    given = _parameters(action, target, situation)
    return None if given is None else made(action.name, target, given, situation)


def _target(family: str, situation: Situation) -> ObjectRef | None:
    """The owner, but for what acts on its one wedged pod or on its own autoscaler."""
    if family == "restart_pod":
        return situation.pod
    if family == "raise_hpa_max":
        related = situation.finding.related
        return next((r for r in related if r.kind == "HorizontalPodAutoscaler"), None)
    return situation.finding.owner


def made(
    name: str, target: ObjectRef, given: Mapping[str, Any], situation: Situation | None = None
) -> Candidate | None:
    """A candidate held to the catalogue's bounds; None where they refuse it."""
    try:
        command = checked(name, dict(given))
    except CommandError:
        return None
    line = command.action.kubectl(command.parameters, target.kind)
    plain = Candidate(name, target, command.parameters, command.action.description, line)
    return replace(plain, description=_described(plain, situation)) if situation else plain


def _parameters(action: Action, target: ObjectRef, situation: Situation) -> dict[str, Any] | None:
    """The frozen parameters; None where what they need is not known."""
    if action.name in NAMELESS:
        return {}
    if action.family == "clean_failed_pods":
        return {"namespace": target.namespace or situation.fact("evicted_namespace") or ""}
    given: dict[str, Any] = {"name": target.name, "namespace": target.namespace}
    if "namespace" not in {item.name for item in action.parameters}:
        given.pop("namespace")
    extra = _extra(action.family, situation)
    return None if extra is None else given | extra


def _extra(family: str, situation: Situation) -> dict[str, Any] | None:
    if family == "rollback":
        revision = situation.finding.revision
        number = revision and (revision.proven or revision.older)
        return {"revision": number} if number else None
    if family == "restore_replicas":
        return {"replicas": situation.fact("recorded_replicas")}
    if family == "raise_hpa_max":
        return {"max_replicas": raised_most(int(situation.fact("max_replicas") or 0))}
    if family == "adjust_resources":
        return _resources(situation)
    if family == "expand_pvc":
        size = grown(str(situation.fact("size") or ""))
        return {"size": size} if size else None
    return {}


def _resources(situation: Situation) -> dict[str, Any] | None:
    """A request that is missing; the CPU limit where that holds it back; else the memory limit."""
    container, cpu = situation.fact("container"), situation.fact("cpu_limit")
    if situation.fact("missing_requests"):
        missing = str(situation.fact("missing"))
        first = FIRST_REQUEST.get(missing)
        return {"container": container, f"{missing}_request": first} if first else None
    raised = (
        raised_cpu(str(cpu)) if cpu else raised_memory(str(situation.fact("memory_limit") or ""))
    )
    name = "cpu_limit" if cpu else "memory_limit"
    return {"container": container, name: raised} if raised and container else None


def _described(item: Candidate, situation: Situation) -> str:
    """One sentence that names what this candidate would do here."""
    owner, revision = situation.finding.owner, situation.finding.revision
    what = f"{owner.kind} {owner.namespace}/{owner.name}".replace(" /", " ")
    if item.entry.family == "rollback" and revision:
        proof = f"proven healthy by {revision.proof}" if revision.proven else "not proven healthy"
        return f"Roll {what} back to revision {item.parameters['revision']}, {proof}."
    if item.entry.family == "restart_pod":
        return f"Evict the wedged pod {item.target.name}; its siblings go on serving."
    if item.entry.family == "restore_replicas":
        return f"Set {what} back to {item.parameters['replicas']} replicas, its last count."
    if item.entry.family == "expand_pvc":
        size = situation.fact("size")
        return f"Ask for {item.parameters['size']} in place of {size}; it can't shrink again."
    if item.entry.family == "adjust_resources":
        return _raise_described(item, situation)
    if item.entry.family == "raise_hpa_max":
        most, old = item.parameters["max_replicas"], situation.fact("max_replicas")
        return f"Raise the maximum of its autoscaler {item.target.name} from {old} to {most}."
    return item.description


def _raise_described(item: Candidate, situation: Situation) -> str:
    if missing := situation.fact("missing"):
        first, name = item.parameters[f"{missing}_request"], item.parameters["container"]
        return f"Let {name} ask for {missing} {first}, so that its autoscaler can compute its use."
    kind = "cpu" if "cpu_limit" in item.parameters else "memory"
    limit, old = item.parameters[f"{kind}_limit"], situation.fact(f"{kind}_limit")
    named = kind.upper() if kind == "cpu" else kind
    return f"Raise the {named} limit of {item.parameters['container']} from {old} to {limit}."
