"""What health tells of a part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class HealthState(StrEnum):
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"
    DISABLED = "disabled"


@dataclass(frozen=True)
class ServiceHealth:
    """`since` is when the state began, where that is known; times are aware, UTC.

    `latency_ms` is the newest measured round trip, None where nothing was measured.
    """

    status: HealthState
    detail: str = ""
    since: datetime | None = None
    last_seen: datetime | None = None
    latency_ms: float | None = None


@dataclass(frozen=True)
class Queue(ServiceHealth):
    """`latency_ms` is how long the last message waited, `last_message` when it was begun."""

    workers: tuple[str, ...] = ()
    last_message: datetime | None = None


@dataclass(frozen=True)
class Workers(ServiceHealth):
    """All of them as one part, and queue by queue."""

    queues: Mapping[str, Queue] = field(default_factory=dict)
