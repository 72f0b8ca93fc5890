"""When a dump was taken: the newest time that its objects bear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

# What is written when something happens; times that are set for the future are none of these.
STAMPS = frozenset(
    {
        "creationTimestamp", "lastTimestamp", "firstTimestamp", "eventTime", "lastTransitionTime",
        "lastHeartbeatTime", "lastUpdateTime", "lastProbeTime", "lastObservedTime", "startedAt",
        "finishedAt", "startTime", "completionTime", "renewTime", "lastScheduleTime", "time",
    }
)  # fmt: skip
DEEPEST = 40


def newest(objects: Iterable[Any]) -> datetime | None:
    """None where no object bears any."""
    return max((time for one in objects for time in _times(one, 0)), default=None)


def _times(value: Any, depth: int) -> Iterator[datetime]:
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            if name in STAMPS and (time := parsed(item)) is not None:
                yield time
            yield from _times(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _times(item, depth + 1)


def parsed(text: Any) -> datetime | None:
    """RFC 3339; None for anything else."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
