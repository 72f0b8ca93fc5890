"""Is every part alive? Read from heartbeat and source rows, the database and a broker ping.

No sign of life is no good news: what never reported is `unknown`, which counts as unhealthy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from detection.clients import current_cluster
from detection.heartbeats import is_fresh
from detection.models import Heartbeat, SourceState
from kubewise_site import broker, schedule

BROKER_TIMEOUT_SECONDS = 1.0
SLACK_SECONDS = 45
WORKERS = ("detect", "analyze", "act")
WORKER_PREFIX = "worker/"
KUBERNETES_PREFIX = "kubernetes/"
SCAN_ONLY = "PROMETHEUS_URL is empty on purpose: scan only"
RULES_ALONE = "not asked so far; the rules diagnose without it"


class State(StrEnum):
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Service:
    """`since` is when the state began, where that is known; both times are aware, UTC."""

    status: State
    detail: str = ""
    since: datetime | None = None
    last_seen: datetime | None = None


def services(now: datetime) -> dict[str, Service]:
    """Every part by name. With the database away the rest is unknown, as its rows are there."""
    database = check_database()
    names = ("prometheus", "kubernetes", "gemini", "workers", "beat")
    parts = {name: Service(State.UNKNOWN, "the database is away") for name in names}
    if database.status is State.HEALTHY:
        parts = _from_rows(now)
    return parts | {"database": database, "broker": check_broker()}


def is_healthy(parts: dict[str, Service]) -> bool:
    """Gemini is left out: everything works by rules alone."""
    needed = (part.status for name, part in parts.items() if name != "gemini")
    return all(status in (State.HEALTHY, State.DISABLED) for status in needed)


def as_dict(service: Service) -> dict[str, Any]:
    return asdict(service)


def check_database() -> Service:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Service(State.UNHEALTHY, type(error).__name__)
    return Service(State.HEALTHY)


def check_broker() -> Service:
    """One PING with a short time-out. The address is not told: it may hold a password."""
    client = redis.Redis.from_url(
        broker.cache_url(settings.CELERY_BROKER_URL),
        socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
        socket_timeout=BROKER_TIMEOUT_SECONDS,
    )
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        return Service(State.UNHEALTHY, type(error).__name__)
    finally:
        client.close()
    return Service(State.HEALTHY)


def _from_rows(now: datetime) -> dict[str, Service]:
    sources = list(SourceState.objects.filter(cluster=current_cluster()))
    beats = {row.name: row for row in Heartbeat.objects.all()}
    kubernetes = [row for row in sources if row.name.startswith(KUBERNETES_PREFIX)]
    metrics = [row for row in sources if not row.name.startswith((KUBERNETES_PREFIX, "detection"))]
    return {
        "prometheus": _prometheus(metrics, now),
        "kubernetes": _sources(kubernetes, now),
        "gemini": _gemini(beats.get("gemini")),
        "workers": _workers(beats, now),
        "beat": _beat(beats.get("beat"), now),
    }


def _prometheus(rows: list[SourceState], now: datetime) -> Service:
    if not settings.PROMETHEUS_URL:
        return Service(State.DISABLED, SCAN_ONLY)
    return _sources(rows, now)


def _sources(rows: list[SourceState], now: datetime) -> Service:
    """One blind source is enough: automatic action is suspended by it."""
    looked_at = [row for row in rows if row.state != SourceState.State.NOT_INSTALLED]
    if not looked_at:
        return Service(State.UNKNOWN, "never looked at")
    last_seen = max(row.checked_at for row in looked_at)
    if now - last_seen > max(patience(tick) for tick in frequent_ticks()):
        return Service(State.UNHEALTHY, "not looked at for too long", None, last_seen)
    blind = [row for row in looked_at if row.state == SourceState.State.BLIND]
    if blind:
        detail = "; ".join(f"{row.name}: {row.reason}" for row in blind)
        return Service(State.UNHEALTHY, detail, min(row.since for row in blind), last_seen)
    return Service(State.HEALTHY, "", max(row.since for row in looked_at), last_seen)


def _gemini(row: Heartbeat | None) -> Service:
    if row is None:
        return Service(State.DISABLED, RULES_ALONE)
    state = State.HEALTHY if row.ok else State.UNHEALTHY
    return Service(state, str(row.detail.get("error", "")), None, row.at)


def _workers(beats: Mapping[str, Heartbeat], now: datetime) -> Service:
    """Every role needs one live worker, on whichever host, and its ticks must end in time."""
    signs = {name: row for name, row in beats.items() if name.startswith(WORKER_PREFIX)}
    if not signs:
        return Service(State.UNKNOWN, "no worker has reported")
    alive = {_role(name) for name, row in signs.items() if is_fresh(row, now)}
    silent = [f"worker-{role} is silent" for role in WORKERS if role not in alive]
    late = [f"{row_of(tick)} is late" for tick in frequent_ticks() if _is_late(beats, tick, now)]
    last_seen = max(row.at for row in signs.values())
    state = State.UNHEALTHY if silent or late else State.HEALTHY
    return Service(state, "; ".join(silent + late), None, last_seen)


def _role(row_name: str) -> str:
    """`worker/act@host` → `act`."""
    return row_name.removeprefix(WORKER_PREFIX).partition("@")[0]


def _beat(row: Heartbeat | None, now: datetime) -> Service:
    if row is None:
        return Service(State.UNKNOWN, "it has not reported")
    if not is_fresh(row, now):
        return Service(State.UNHEALTHY, "it is silent: nothing is published", None, row.at)
    return Service(State.HEALTHY, "", None, row.at)


def _is_late(beats: Mapping[str, Heartbeat], tick: schedule.Tick, now: datetime) -> bool:
    row = beats.get(row_of(tick))
    return row is None or now - row.at > patience(tick)


def frequent_ticks() -> list[schedule.Tick]:
    """Those that a person can wait for."""
    return [tick for tick in schedule.ticks() if tick.seconds < schedule.DAY_SECONDS]


def row_of(tick: schedule.Tick) -> str:
    """The name of the heartbeat that the tick leaves: `detection.tasks.scrape` → `scrape`."""
    return tick.task.rpartition(".")[2]


def patience(tick: schedule.Tick) -> timedelta:
    """Three of its intervals, and some slack for a slow pass."""
    return timedelta(seconds=3 * tick.seconds + SLACK_SECONDS)
