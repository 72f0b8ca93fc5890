"""The four verdicts, in their order, and what a gate says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


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
class Ruling:
    """The most that a gate allows, and why. `hard`: a person's approval does not lift it."""

    cap: Verdict
    reason: str
    hard: bool = False


def ask(reason: str, hard: bool = False) -> Ruling:
    return Ruling(Verdict.ASK, reason, hard)


def suggest(reason: str) -> Ruling:
    return Ruling(Verdict.SUGGEST, reason, hard=True)


def ignore(reason: str) -> Ruling:
    return Ruling(Verdict.IGNORE, reason, hard=True)


@dataclass(frozen=True)
class Decision:
    """`index` is the candidate that the verdict is about; `reasons` begin with the gate's name."""

    verdict: Verdict
    action: str
    reasons: tuple[str, ...]
    not_evaluated: tuple[str, ...]
    index: int = 0

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        return found | {name: list(found[name]) for name in ("reasons", "not_evaluated")}
