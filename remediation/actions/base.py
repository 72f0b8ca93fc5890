"""What every action of the catalogue says about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from remediation.actions.parameters import Parameter, Value

ATTEMPT = "kubewise.io/attempt"
Parameters = Mapping[str, Value]
Object = Mapping[str, Any]
Patch = list[dict[str, Any]]


class Effect(StrEnum):
    """How an action reaches the cluster; each has its way in `remediation/ways/`.

    CLEAN evicts pods that are over, DRAIN cordons a node and evicts its pods.
    """

    PATCH = "patch"
    EVICT = "evict"
    CLEAN = "clean"
    DRAIN = "drain"
    CREATE = "create"
    READ = "read"
    NONE = "none"


WRITES = frozenset({Effect.PATCH, Effect.EVICT, Effect.CLEAN, Effect.DRAIN, Effect.CREATE})


class Risk(StrEnum):
    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return list(Risk).index(self)


class Context(StrEnum):
    """When AUTO may use an action: on warnings, on critical incidents, on forecasts."""

    STANDARD = "standard"
    CRITICAL = "critical"
    PREDICTED = "predicted"


@dataclass(frozen=True)
class Right:
    """One verb that the act account needs."""

    group: str
    resource: str
    verb: str


@dataclass(frozen=True)
class Wish:
    """What a patch is computed from. `template` is the older pod template of a rollback."""

    parameters: Parameters
    stamp: datetime
    template: Object | None = None


class Action(ABC):
    """One entry of the catalogue. Stateless; the registry holds one instance each.

    `contains`: it keeps a failure from spreading and repairs nothing.
    """

    name: ClassVar[str]
    family: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    parameters: ClassVar[tuple[Parameter, ...]]
    description: ClassVar[str]
    impact: ClassVar[str]
    estimated_duration: ClassVar[str]
    risk: ClassVar[Risk]
    effect: ClassVar[Effect]
    reversible: ClassVar[bool] = False
    contexts: ClassVar[frozenset[Context]] = frozenset()
    rights: ClassVar[tuple[Right, ...]] = ()
    spec_write: ClassVar[bool] = False
    contains: ClassVar[bool] = False
    recognised_by: ClassVar[str] = f"the annotation {ATTEMPT} on the object names the attempt"

    @abstractmethod
    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        """The line that a person can copy and paste; '' where kubectl has none.

        `kind` tells actions that fit several kinds which one is meant.
        """

    @property
    def changes_cluster(self) -> bool:
        """Whether carrying it out changes anything."""
        return self.effect in WRITES

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
