"""What every way has: a rehearsal that changes nothing, a write, and a look at what happened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from detection.domain.findings import ObjectRef
from kubewise_site.core.redaction import redact
from remediation.actions.base import Object
from remediation.cluster.writer import Session
from remediation.digests import spec_hash
from remediation.planning.candidates import Candidate


class NothingToChange(Exception):
    """The server's dry run shows that nothing would change."""


class Refusal(Exception):
    """The cluster as it is now refuses this action; the message says why. Nothing was sent."""


@dataclass(frozen=True)
class Task:
    """One candidate of one attempt. `stamp` is the attempt's creation time."""

    session: Session
    candidate: Candidate
    owner: ObjectRef
    stamp: datetime
    attempt: str = ""


@dataclass(frozen=True)
class Rehearsal:
    """What the dry run told. `seen` is the owner as it was read, `subject` what is written.

    `before` is stored with the attempt: the worker that settles it may be another one.
    """

    seen: Mapping[str, Any]
    diff: tuple[str, ...]
    template: Mapping[str, Any] | None = None
    inverse: Mapping[str, Any] | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    subject: Mapping[str, Any] | None = None

    @property
    def lines(self) -> list[str]:
        """The diff as it may be stored and shown."""
        return [redact(line) for line in self.diff]


class Strategy(ABC):
    """`name` is the strategy that actions ask for.

    Raises NothingToChange, Refusal, ObjectChanged, WritingStopped, KubernetesError.
    """

    name: ClassVar[str]

    @abstractmethod
    def rehearse(self, task: Task, seen: dict[str, Any]) -> Rehearsal:
        """Dry runs only; `seen` is the owner as it was just read."""

    @abstractmethod
    def carry_out(self, task: Task, seen: Object, rehearsal: Rehearsal) -> dict[str, Any]:
        """The write; what is kept of the server's answers."""

    @abstractmethod
    def happened(
        self, session: Session, owner: ObjectRef, target: ObjectRef, attempt: str, before: Object
    ) -> bool:
        """Whether the cluster shows that this attempt was carried out, at least in part."""


def before(seen: Object) -> dict[str, Any]:
    """What verification compares with: ready replicas, and the spec that was there."""
    status = seen.get("status") or {}
    return {
        "spec_hash": spec_hash(seen),
        "generation": seen["metadata"].get("generation"),
        "ready": status.get("readyReplicas", status.get("numberReady", 0)) or 0,
    }


def ref_of(kind: str, found: Object) -> ObjectRef:
    meta = found["metadata"]
    return ObjectRef(kind, meta.get("namespace", ""), meta["name"], meta["uid"])
