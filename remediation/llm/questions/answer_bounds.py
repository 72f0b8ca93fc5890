"""How far a model's answer may go: explain, reorder among equal or lower risk, or demote.

Pure. It can't add a candidate, change a target or parameter, or put a higher risk before a lower.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubewise_site.core.redaction import redact
from remediation.actions.base import Risk
from remediation.actions.informational import Escalate
from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.schema import RankedCandidate

UNPROVEN = frozenset({"log", "previous log"})


@dataclass(frozen=True)
class OfferedCandidate:
    """A candidate as a model sees it: `id` is its place in the rules' order."""

    id: str
    action: str
    command: str
    risk: Risk
    description: str

    def as_dict(self) -> dict[str, str]:
        return {
            "id": self.id,
            "action": self.action,
            "command": self.command,
            "risk": self.risk.value,
            "description": self.description,
        }


def offers(candidates: Sequence[Mapping[str, Any]]) -> list[OfferedCandidate]:
    """The candidates, as dicts of a Plan, under the ids c1, c2, … in their order."""
    return [
        OfferedCandidate(
            f"c{number}",
            str(item["action"]),
            str(item.get("command", "")),
            Risk(item["risk"]),
            str(item.get("description", "")),
        )
        for number, item in enumerate(candidates, 1)
    ]


def answer_failure(
    choices: Iterable[RankedCandidate],
    cited: Iterable[str],
    offered: Sequence[OfferedCandidate],
    evidence_ids: Iterable[str],
) -> LlmFailure | None:
    """Why an answer does not count at all; None where each id in it exists, and once."""
    ids = [choice.id for choice in choices]
    known = {offer.id for offer in offered}
    if unknown := [one for one in ids if one not in known]:
        return LlmFailure(FailureKind.UNKNOWN_CANDIDATE, f"no candidate {', '.join(unknown)}")
    if len(ids) != len(set(ids)):
        return LlmFailure(FailureKind.OFF_SCHEMA, "a candidate stands twice in the order")
    if unknown := sorted(set(cited) - set(evidence_ids)):
        return LlmFailure(FailureKind.UNKNOWN_EVIDENCE, f"no evidence {', '.join(unknown)}")
    return None


def invented(
    objects: Iterable[str],
    reasons: Iterable[str],
    known: Iterable[str],
    evidence: Iterable[Mapping[str, Any]],
) -> LlmFailure | None:
    """Why an answer does not count: it names an object or a reason that the API never told.

    `known` are objects as `Kind/namespace/name`. What stands in a log proves no reason: whoever
    runs in a container writes it.
    """
    names = _parts(known)
    told = "\n".join(str(item["text"]) for item in evidence if item["source"] not in UNPROVEN)
    if unknown := [one for one in objects if not _known(one, names)]:
        return _not_told(FailureKind.UNKNOWN_OBJECT, unknown)
    if unknown := [one for one in reasons if not _is_mentioned(one, told)]:
        return _not_told(FailureKind.UNKNOWN_REASON, unknown)
    return None


def _not_told(kind: FailureKind, unknown: Sequence[str]) -> LlmFailure:
    return LlmFailure(kind, redact(f"not in the evidence: {', '.join(unknown)}")[:300])


def _parts(refs: Iterable[str]) -> set[str]:
    """Each `Kind/namespace/name`, and its parts."""
    return {part.lower() for ref in refs for part in (ref, *ref.split("/")) if part}


def _known(given: str, names: frozenset[str] | set[str]) -> bool:
    """`Pod/shop/cart-x`, `shop/cart-x`, `pod cart-x` or `cart-x`: each part is one of an object."""
    parts = [part for part in re.split(r"[/\s]+", given.strip().lower()) if part]
    return bool(parts) and all(part in names for part in parts)


def _is_mentioned(given: str, text: str) -> bool:
    """As a whole word: `OOM` is not told by `ROOM`."""
    return re.search(rf"(?<![\w-]){re.escape(given.strip())}(?![\w-])", text, re.I) is not None


def reordered(
    offered: Sequence[OfferedCandidate], choices: Sequence[RankedCandidate], escalate: bool = False
) -> list[int]:
    """Places of the candidates in the order that counts, by index into `offered`.

    A candidate moves before another one only where the model ranked both and its risk is not
    higher. With `escalate` the escalation comes first.
    """
    rank = {choice.id: place for place, choice in enumerate(choices)}
    order = list(range(len(offered)))
    while swap := _next_swap(order, offered, rank):
        order[swap - 1], order[swap] = order[swap], order[swap - 1]
    if escalate:
        order.sort(key=lambda index: offered[index].action != Escalate.name)
    return order


def _next_swap(
    order: list[int], offered: Sequence[OfferedCandidate], rank: Mapping[str, int]
) -> int:
    """The first place whose candidate may move up by one; 0 where none may."""
    for place in range(1, len(order)):
        before, after = offered[order[place - 1]], offered[order[place]]
        if before.id not in rank or after.id not in rank:
            continue
        if rank[after.id] < rank[before.id] and after.risk.rank <= before.risk.rank:
            return place
    return 0
