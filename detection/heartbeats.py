"""Signs of life: written by ticks and workers, read by health and the dashboard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError

from detection.models import Heartbeat
from detection.redact import redact_all

log = structlog.get_logger(__name__)
FRESH_SECONDS = 60


def beat(name: str, now: datetime, ok: bool = True, **detail: Any) -> None:
    """Record that `name` (`scrape`, `detect`, `sweep`, `worker/<queue>`) was alive at `now`."""
    fields = {"at": now, "ok": ok, "detail": redact_all(detail)}
    Heartbeat.objects.update_or_create(name=name, defaults=fields)


def sign_of_life(name: str, ok: bool = True, **detail: Any) -> None:
    """`beat` from where work must go on while the database is away."""
    try:
        beat(name, datetime.now(UTC), ok, **detail)
    except DatabaseError as error:
        log.warning("no sign of life could be written", name=name, error=str(error))


def is_fresh(heartbeat: Heartbeat, now: datetime) -> bool:
    return now - heartbeat.at <= timedelta(seconds=FRESH_SECONDS)
