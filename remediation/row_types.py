"""What a row of the failure specification is made of: its mode, and what it offers when.

`mode` is the row's letter: A act, M ask, E suggest (escalate), N ignore. `offers` are families in
their order, each with the condition under which it is offered. `bad` makes this failure worse
and is never offered; `futile` is harmless but useless and is never first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from detection.domain.findings import Finding, ObjectRef


class RowMode(StrEnum):
    ACT = "A"
    ASK = "M"
    SUGGEST = "E"
    IGNORE = "N"


@dataclass(frozen=True)
class Situation:
    """A finding and what its snapshot says about the owner, as far as rows ask for it."""

    finding: Finding
    replicas: int = 0
    paused: bool = False
    update_running: bool = False
    pod: ObjectRef | None = None
    unready: int = 0
    last_schedulable: bool = False
    vertical_scaler: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)

    def fact(self, name: str) -> Any:
        return self.finding.facts.get(name)


Condition = Callable[[Situation], bool]
ModeOf = Callable[[Situation], RowMode]


@dataclass(frozen=True)
class Offer:
    family: str
    when: Condition = lambda situation: True


@dataclass(frozen=True)
class Row:
    mode: ModeOf
    offers: tuple[Offer, ...] = ()
    bad: frozenset[str] = frozenset()
    futile: frozenset[str] = frozenset()


def always(mode: RowMode) -> ModeOf:
    return lambda situation: mode


def proven(situation: Situation) -> bool:
    """The newest revision brought the failure, and an earlier one is proven healthy."""
    revision = situation.finding.revision
    return bool(revision and revision.borne and revision.proven)


def has_older(situation: Situation) -> bool:
    revision = situation.finding.revision
    return bool(revision and revision.borne and (revision.proven or revision.older))


def revision_borne(situation: Situation) -> RowMode:
    """With proof A, an older revision without proof M, no older revision E (F34: M at most)."""
    if situation.finding.owner.kind == "StatefulSet" and situation.update_running:
        return RowMode.ASK if has_older(situation) else RowMode.SUGGEST
    if proven(situation):
        return RowMode.ACT
    return RowMode.ASK if has_older(situation) else RowMode.SUGGEST


def single_revision_borne(situation: Situation) -> RowMode:
    """M where the owner's own newest revision brought it, else it is handed to people."""
    return RowMode.ASK if has_older(situation) else RowMode.SUGGEST


ROLLBACK = Offer("rollback", has_older)
ESCALATE = Offer("escalate")
RESTARTS = frozenset({"restart", "restart_pod"})
NODES = frozenset({"cordon_node", "drain_node"})
CHANGES = frozenset(
    {
        "rollback",
        "scale",
        "restore_replicas",
        "adjust_resources",
        "raise_hpa_max",
        "expand_pvc",
        "rerun_job",
        "clean_failed_pods",
    }
)
