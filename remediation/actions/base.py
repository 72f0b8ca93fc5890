"""What every action of the catalogue says about itself.

`complete.py` refuses an action that leaves something out that the gates or people ask for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from detection.domain.facts import Facts
from detection.domain.findings import Finding, ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from remediation.actions.parameters import Parameter, Value

ATTEMPT = "kubewise.io/attempt"
Parameters = Mapping[str, Value]
Object = Mapping[str, Any]
Patch = list[dict[str, Any]]
Line = dict[str, str]

READ, LOGS, NONE = "read", "logs", "none"
CHANGES_NOTHING = frozenset({READ, LOGS, NONE})  # strategies; every other one is a write


class Trait(StrEnum):
    """What an action does, as far as a gate or an owner guard asks. It may have several."""

    ENDS_ONE_POD = "ends one pod of the owner"
    RESTARTS = "replaces the owner's pods and changes nothing else"
    SETS_REPLICAS = "sets the owner's replica count"
    RAISES_AUTOSCALER = "raises the maximum of the owner's autoscaler"
    SETS_RESOURCES = "sets requests or limits of one container"
    CORDONS = "keeps new pods away from the node"
    EMPTIES_NODE = "moves the node's pods elsewhere"
    UNCORDONS = "lets pods be placed on the node"


class Risk(StrEnum):
    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return list(Risk).index(self)


class AutoContext(StrEnum):
    """When AUTO may use an action: on warnings, on critical incidents, on forecasts."""

    STANDARD = "standard"
    CRITICAL = "critical"
    PREDICTED = "predicted"


@dataclass(frozen=True)
class Right:
    """One verb that the act account needs.

    `not_read`: a read that the read account's ClusterRole lacks, granted with the writes.
    """

    group: str
    resource: str
    verb: str
    not_read: bool = False


@dataclass(frozen=True)
class Wish:
    """What a patch is computed from. `template` is the older pod template of a rollback."""

    parameters: Parameters
    stamp: datetime
    template: Object | None = None


class Diagnosed(Protocol):
    """The finding that an action is offered for, and the one pod that is wedged, if it is one."""

    @property
    def finding(self) -> Finding: ...

    @property
    def pod(self) -> ObjectRef | None: ...


@dataclass(frozen=True)
class IncidentRecord:
    """What an incident has on record: a preview reads it, never the cluster."""

    cause: str = ""
    revision: Mapping[str, Any] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    metrics: Mapping[str, Any] = field(default_factory=dict)


class NotKnown(ValueError):
    """A parameter was left out, and the incident's record can't tell it; the message says so."""


class Action(ABC):
    """One entry of the catalogue. Stateless; the registry holds one instance each.

    `strategy` names how it reaches the cluster. `nameless`: it is about the incident as a whole,
    so that it needs no name. `contains`: it keeps a failure from spreading and repairs nothing.
    """

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    family: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    parameters: ClassVar[tuple[Parameter, ...]]
    description: ClassVar[str]
    impact: ClassVar[str]
    estimated_duration: ClassVar[str]
    risk: ClassVar[Risk]
    strategy: ClassVar[str]
    traits: ClassVar[frozenset[Trait]]
    rights: ClassVar[tuple[Right, ...]] = ()
    reversible: ClassVar[bool] = False
    contexts: ClassVar[frozenset[AutoContext]] = frozenset()
    spec_write: ClassVar[bool] = False
    nameless: ClassVar[bool] = False
    contains: ClassVar[bool] = False
    recognised_by: ClassVar[str] = f"the annotation {ATTEMPT} on the object names the attempt"

    @abstractmethod
    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        """The line that a person can copy and paste; '' where kubectl has none.

        `kind` tells actions that fit several kinds which one is meant.
        """

    # What is proposed.

    def fits(self, kind: str) -> bool:
        """Whether it may be aimed at objects of this kind."""
        return kind in self.kinds

    def target_for(self, situation: Diagnosed) -> ObjectRef | None:
        """What it would act on: the owner, or what is the owner's; None where there is none."""
        return situation.finding.owner

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        """Frozen, absolute parameters; None where what they need is not known."""
        return self.names(target)

    def names(self, target: ObjectRef) -> dict[str, Any]:
        """Name and namespace of the target, as far as this action takes them."""
        given = {"name": target.name, "namespace": target.namespace}
        return {item.name: given[item.name] for item in self.parameters if item.name in given}

    def describe(self, target: ObjectRef, parameters: Parameters, situation: Diagnosed) -> str:
        """One sentence that names what it would do here."""
        return self.description

    def by_hand(self, target: ObjectRef, parameters: Parameters) -> str:
        """The line for people that stands with a candidate."""
        return self.kubectl(parameters, target.kind)

    def filled(self, parameters: Parameters, recorded: IncidentRecord) -> dict[str, Value]:
        """A person's parameters, with what they left to the record. Raises NotKnown."""
        return dict(parameters)

    # What it reaches, and what people are shown before it is done.

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        """The pods that end because of it, whatever an update strategy spreads over time."""
        return ()

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        """Lines with `path`, `before`, `after`, or with `path` alone for what is no field."""
        return []

    def undo_in_words(self, recorded: IncidentRecord) -> str:
        """What would undo it; '' where it changes nothing."""
        if not self.changes_cluster:
            return ""
        known = "recorded from the object as it is, right before the write"
        return known if self.reversible else "none"

    # What is done.

    @property
    def changes_cluster(self) -> bool:
        """Whether carrying it out changes anything: every strategy but the reading ones does."""
        return self.strategy not in CHANGES_NOTHING

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.parameters if item.required)

    @property
    def optional(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.parameters if not item.required)

    def change(self, target: Object, wish: Wish) -> Patch:
        """The JSON Patch that makes `target` what is wished; [] where no patch is meant."""
        return []

    def bounds(self, target: Object, parameters: Parameters) -> str:
        """Why the object as it is now refuses these parameters; '' where they are in bounds."""
        return ""

    def inverse(self, target: Object, parameters: Parameters) -> dict[str, Any] | None:
        """Action and parameters that undo this on `target` as it was before; None: no undo."""
        return None

    @property
    def example(self) -> str:
        """Its `kubectl` line, with each parameter's name in capitals for the value."""
        given: dict[str, Value] = {item.name: item.name.upper() for item in self.parameters}
        return self.kubectl(given, self.kinds[0])

    def as_dict(self) -> dict[str, Any]:
        """The catalogue's entry as the API shows it."""
        return {
            "description": self.description,
            "required_params": list(self.required),
            "optional_params": list(self.optional),
            "impact": self.impact,
            "estimated_duration": self.estimated_duration,
            "risk": self.risk.value,
            "reversible": self.reversible,
            "changes_cluster": self.changes_cluster,
            "recognised_by": self.recognised_by if self.changes_cluster else "",
            "kubectl": self.example,
            "contexts": sorted(context.value for context in self.contexts),
            "rights": [f"{right.verb} {right.resource}.{right.group}".rstrip(".")
                       for right in self.rights],
            "allowed": {item.name: item.allowed for item in self.parameters},
        }  # fmt: skip


def put(target: Object, path: tuple[str, ...], value: Any) -> Patch:
    """JSON Patch operations that set `path`, with the parents that are missing."""
    node: Any = target
    for depth, key in enumerate(path[:-1]):
        child = node.get(key) if isinstance(node, Mapping) else None
        if not isinstance(child, Mapping):
            for inner in reversed(path[depth + 1 :]):
                value = {inner: value}
            return [{"op": "add", "path": pointer(path[: depth + 1]), "value": value}]
        node = child
    return [{"op": "add", "path": pointer(path), "value": value}]


def pointer(path: tuple[str, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in path)


def line(path: str, before: Any, after: Any) -> Line:
    """One line of a preview."""
    return {"path": path, "before": str(before), "after": str(after)}


def of_owner(situation: Diagnosed) -> str:
    """The owner as a sentence names it: `Deployment shop/cart`, `Node n1`."""
    owner = situation.finding.owner
    return f"{owner.kind} {owner.namespace}/{owner.name}".replace(" /", " ")
