"""What is thought to be wrong, by whom, and how sure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Diagnosis:
    """`confidence` is 0 to 1. `source` is `rules`, or the model that added to them."""

    root_cause: str
    impact: str
    severity: str
    confidence: float
    recommendations: tuple[str, ...] = ()
    source: str = "rules"
    details: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        return found | {"recommendations": list(self.recommendations)}
