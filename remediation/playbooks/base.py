"""What a playbook is made of: its mode, its offers, its diagnosis and its advice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from detection.domain.findings import Finding, ObjectRef


class Verdict(StrEnum):
    """ignore: nothing to do; suggest: text for people; ask: a person's yes is needed; act."""

    IGNORE = "ignore"
    SUGGEST = "suggest"
    ASK = "ask"
    ACT = "act"

    @property
    def rank(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True)
class Situation:
    """A finding and what its snapshot says about the owner, as far as playbooks ask for it."""

    finding: Finding
    replicas: int = 0
    paused: bool = False
    update_running: bool = False
    pod: ObjectRef | None = None
    unready: int = 0
    last_schedulable: bool = False
    vertical_scaler: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)


Condition = Callable[[Situation], bool]
VerdictOf = Callable[[Situation], Verdict]
Text = Callable[[Finding], str]
Advice = Callable[[Finding], list[str]]

SURE, LIKELY, OPEN = 0.95, 0.8, 0.4


@dataclass(frozen=True)
class Offer:
    """A family of actions, and the condition under which it is offered."""

    family: str
    when: Condition = lambda situation: True


@dataclass(frozen=True, kw_only=True)
class Playbook:
    """What is said and what may be done about one cause.

    `mode` is the highest verdict that this cause allows here; gates may only lower it. `offers`
    are families of actions, best first. `bad` makes this failure worse and is never offered;
    `futile` is harmless but useless, and never first. `advice` is what only people can do, as
    text with `kubectl` lines that are never executed.
    """

    mode: VerdictOf
    offers: tuple[Offer, ...]
    bad: frozenset[str] = frozenset()
    futile: frozenset[str] = frozenset()
    diagnosis: Text
    confidence: float
    advice: Advice

    @property
    def explained(self) -> bool:
        """Whether its diagnosis says more than what was seen."""
        return self.confidence > OPEN


def always(verdict: Verdict) -> VerdictOf:
    return lambda situation: verdict


def proven(situation: Situation) -> bool:
    """The newest revision brought the failure, and an earlier one is proven healthy."""
    revision = situation.finding.revision
    return bool(revision and revision.borne and revision.proven)


def has_older(situation: Situation) -> bool:
    revision = situation.finding.revision
    return bool(revision and revision.borne and (revision.proven or revision.older))


def revision_borne(situation: Situation) -> Verdict:
    """Act with proof, ask with an older revision without proof, else suggest.

    While a StatefulSet's update runs it is ask at most (F34).
    """
    if situation.finding.owner.kind == "StatefulSet" and situation.update_running:
        return single_revision_borne(situation)
    return Verdict.ACT if proven(situation) else single_revision_borne(situation)


def single_revision_borne(situation: Situation) -> Verdict:
    """Ask where the owner's own newest revision brought it, else it is handed to people."""
    return Verdict.ASK if has_older(situation) else Verdict.SUGGEST


BY_HAND = always(Verdict.SUGGEST)
ASKED = always(Verdict.ASK)
ROLLBACK = Offer("rollback", has_older)
ESCALATE = Offer("escalate")
NOOP = Offer("noop")
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
