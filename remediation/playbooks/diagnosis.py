"""What is thought to be wrong, by whom, and how sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Diagnosis:
    """`confidence` is 0 to 1. `evidence`: ids of the pack's items that prove it.

    `source` says who spoke: `rules`, a model's provider, or `both`. `details` holds the model's
    part, its words as well, and under `doubts` why nothing is to be done without a person.
    """

    root_cause: str
    impact: str
    severity: str
    confidence: float
    recommendations: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    source: str = "rules"
    details: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        lists = {"recommendations": list(self.recommendations), "evidence": list(self.evidence)}
        return found | lists

    @staticmethod
    def from_dict(stored: dict[str, Any]) -> Diagnosis:
        """As a record holds it."""
        known = {one.name: stored[one.name] for one in fields(Diagnosis) if one.name in stored}
        lists = {name: tuple(known.get(name, ())) for name in ("recommendations", "evidence")}
        return Diagnosis(**{**known, **lists})


def doubts_of(stored: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Why a model's view in a stored diagnosis calls for a person."""
    details = (stored or {}).get("details") or {}
    return tuple(f"second opinion: {doubt}" for doubt in details.get("doubts") or ())
