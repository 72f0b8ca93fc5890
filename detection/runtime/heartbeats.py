"""Signs of life: written by ticks and workers, read by health and the dashboard."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError
from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.db.models.functions import Coalesce

from detection.models import Heartbeat
from kubewise_site.core import clock
from kubewise_site.core.redaction import redact_all

log = structlog.get_logger(__name__)
FRESH_SECONDS = 60
# Those that sign so steadily that a gap means they were away.
STEADY = ("worker/", "beat", "database", "broker")


def beat(name: str, now: datetime, ok: bool = True, **detail: Any) -> None:
    """Record that `name` (`scrape`, `detect`, `sweep`, `worker/<name>`) was alive at `now`.

    `since` stays while `ok` does and, of what signs steadily, while there is no gap.
    """
    fields = {"at": now, "ok": ok, "detail": redact_all(detail)}
    goes_on = Q(ok=ok)
    if name.startswith(STEADY):
        goes_on &= Q(at__gte=now - timedelta(seconds=FRESH_SECONDS))
    kept = When(goes_on, then=Coalesce(F("since"), Value(now)))
    since = Case(kept, default=Value(now), output_field=DateTimeField())
    Heartbeat.objects.update_or_create(
        name=name, defaults=fields | {"since": since}, create_defaults=fields | {"since": now}
    )


def sign_of_life(name: str, ok: bool = True, **detail: Any) -> None:
    """`beat` from where work must go on while the database is away."""
    try:
        beat(name, clock.now(), ok, **detail)
    except DatabaseError as error:
        log.warning("no sign of life could be written", name=name, error=str(error))


def is_fresh(heartbeat: Heartbeat, now: datetime) -> bool:
    return now - heartbeat.at <= timedelta(seconds=FRESH_SECONDS)
