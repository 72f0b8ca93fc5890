"""What earlier passes saw of an owner: since when it is abnormal, and how much of the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

Span = tuple[float, float]


@dataclass(frozen=True)
class Sight:
    """`since`: the first pass of this run that saw it. `spans`: epoch seconds, oldest first."""

    since: datetime
    spans: tuple[Span, ...] = ()

    def bad_seconds(self, now: datetime, within: float) -> float:
        """For how long it was abnormal within so many seconds before now."""
        begin = now.timestamp() - within
        return sum(max(0.0, end - max(start, begin)) for start, end in self.spans)


Sights = Mapping[str, Sight]
"""UID of an owner, or its kind/namespace/name → what was seen of it."""
