"""What a gate says, and what is decided; the four verdicts themselves stand with the playbooks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from remediation.playbooks.base import Verdict

__all__ = ["Decision", "Ruling", "Verdict", "ask", "ignore", "suggest"]


@dataclass(frozen=True)
class Ruling:
    """The most that a gate allows, and why. `hard`: a person's approval does not lift it.

    `passing`: the reason may go away by itself; then it is decided again.
    """

    cap: Verdict
    reason: str
    hard: bool = False
    passing: bool = False


def ask(reason: str, hard: bool = False, passing: bool = False) -> Ruling:
    return Ruling(Verdict.ASK, reason, hard, passing)


def suggest(reason: str, passing: bool = False) -> Ruling:
    return Ruling(Verdict.SUGGEST, reason, True, passing)


def ignore(reason: str, passing: bool = False) -> Ruling:
    return Ruling(Verdict.IGNORE, reason, True, passing)


@dataclass(frozen=True)
class Decision:
    """`index` is the candidate that the verdict is about; `reasons` begin with the gate's name.

    `passing`: without reasons that may go away by themselves the verdict would be higher.
    """

    verdict: Verdict
    action: str
    reasons: tuple[str, ...]
    not_evaluated: tuple[str, ...]
    index: int = 0
    passing: bool = False

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        del found["passing"]
        return found | {name: list(found[name]) for name in ("reasons", "not_evaluated")}
