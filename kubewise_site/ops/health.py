"""Is every part alive? Read from heartbeat and source rows, the database and a broker ping.

No sign of life is no good news: what never reported is `unknown`, which counts as unhealthy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError

from detection.clients import current_cluster
from detection.models import Heartbeat, SourceState
from detection.runtime.heartbeats import is_fresh
from detection.runtime.latency import broker_ms, database_ms
from kubewise_site import pipeline, schedule
from kubewise_site.core import clock
from kubewise_site.ops import queues
from kubewise_site.ops.queues import LateTick
from kubewise_site.ops.states import HealthState as HealthState
from kubewise_site.ops.states import ServiceHealth as ServiceHealth
from kubewise_site.ops.states import Workers

SLACK_SECONDS = 45
WORKER_PREFIX = queues.WORKER_PREFIX
KUBERNETES_PREFIX = "kubernetes/"
SCAN_ONLY = "PROMETHEUS_URL is empty: scan only, no metrics"
NOT_ASKED = "not used so far; the rules diagnose without it"
SAYS_LITTLE = timedelta(days=1)
DATABASE_AWAY = "the database cannot be reached"
_last_answers: dict[str, datetime] = {}


def services(now: datetime) -> dict[str, ServiceHealth]:
    """Every part by name. With the database away the rest is unknown, as its rows are there."""
    database, broker = check_database(), check_broker()
    if database.status is not HealthState.HEALTHY:
        away = ServiceHealth(HealthState.UNKNOWN, DATABASE_AWAY)
        parts = dict.fromkeys(("prometheus", "kubernetes", "gemini", "beat"), away)
        workers = Workers(HealthState.UNKNOWN, DATABASE_AWAY)
        return parts | {"workers": workers, "database": database, "broker": broker}
    beats = heartbeats()
    return _from_rows(beats, now) | {
        "database": _with_since(database, beats.get("database"), now),
        "broker": _with_since(broker, beats.get("broker"), now),
    }


def heartbeats() -> dict[str, Heartbeat]:
    """The newest sign of life of each process, tick, queue and failed task."""
    return {row.name: row for row in Heartbeat.objects.all()}


def is_healthy(parts: dict[str, ServiceHealth]) -> bool:
    """Gemini is left out: everything works by rules alone."""
    needed = (part.status for name, part in parts.items() if name != "gemini")
    return all(status in (HealthState.HEALTHY, HealthState.DISABLED) for status in needed)


def as_dict(service: ServiceHealth) -> dict[str, Any]:
    return asdict(service)


def check_database() -> ServiceHealth:
    """While it is away its rows can't say since when, but when it last answered us is known."""
    try:
        latency_ms = database_ms()
    except DatabaseError as error:
        since = _last_answers.get("database")
        return ServiceHealth(HealthState.UNHEALTHY, type(error).__name__, since, since)
    now = _last_answers["database"] = clock.now()
    return ServiceHealth(HealthState.HEALTHY, "", None, now, latency_ms)


def check_broker() -> ServiceHealth:
    """One PING with a short time-out. The address is not told: it may hold a password."""
    try:
        latency_ms = broker_ms()
    except (redis.RedisError, OSError) as error:
        return ServiceHealth(HealthState.UNHEALTHY, type(error).__name__)
    return ServiceHealth(HealthState.HEALTHY, "", None, clock.now(), latency_ms)


def _with_since(found: ServiceHealth, row: Heartbeat | None, now: datetime) -> ServiceHealth:
    """What the sweep noted of it, as far as that reaches: the state of now may be younger."""
    if row is None:
        return found
    last_seen = found.last_seen or (row.at if row.ok else None)
    healthy = found.status is HealthState.HEALTHY
    if healthy != row.ok:
        return replace(found, since=row.at, last_seen=last_seen)
    watched = is_fresh(row, now) or not healthy
    return replace(found, since=row.since if watched else None, last_seen=last_seen)


def _from_rows(beats: Mapping[str, Heartbeat], now: datetime) -> dict[str, ServiceHealth]:
    sources = list(SourceState.objects.filter(cluster=current_cluster()))
    kubernetes = [row for row in sources if row.name.startswith(KUBERNETES_PREFIX)]
    metrics = [row for row in sources if not row.name.startswith((KUBERNETES_PREFIX, "detection"))]
    return {
        "prometheus": _prometheus(metrics, beats.get("scrape"), now),
        "kubernetes": _sources(kubernetes, beats.get("detect"), now),
        "gemini": _gemini(beats, now),
        "workers": queues.workers_health(beats, _late_by_queue(beats, now), now),
        "beat": _beat(beats.get("beat"), now),
    }


def _prometheus(rows: list[SourceState], tick: Heartbeat | None, now: datetime) -> ServiceHealth:
    if not settings.PROMETHEUS_URL:
        return ServiceHealth(HealthState.DISABLED, SCAN_ONLY)
    return _sources(rows, tick, now)


def _sources(rows: list[SourceState], tick: Heartbeat | None, now: datetime) -> ServiceHealth:
    """One blind source is enough: automatic action is suspended by it. `tick` measured them."""
    looked_at = [row for row in rows if row.state != SourceState.State.NOT_INSTALLED]
    if not looked_at:
        return ServiceHealth(HealthState.UNKNOWN, "never read")
    last_seen, latency = max(row.checked_at for row in looked_at), _latency(tick)
    if now - last_seen > max(map(allowed_silence, frequent_ticks())):
        detail = "not read for too long"
        return ServiceHealth(HealthState.UNHEALTHY, detail, last_seen, last_seen, latency)
    if blind := [row for row in looked_at if row.state == SourceState.State.BLIND]:
        detail, since = _told_of(blind)
        return ServiceHealth(HealthState.UNHEALTHY, detail, since, last_seen, latency)
    since = max(row.since for row in looked_at)
    return ServiceHealth(HealthState.HEALTHY, "", since, last_seen, latency)


def _told_of(blind: list[SourceState]) -> tuple[str, datetime]:
    """Why they are blind, and since when the first of them is."""
    return "; ".join(f"{row.name}: {row.reason}" for row in blind), min(row.since for row in blind)


def _latency(row: Heartbeat | None) -> float | None:
    return row.detail.get("latency_ms") if row else None


def _gemini(beats: Mapping[str, Heartbeat], now: datetime) -> ServiceHealth:
    """Whether there is a key is known to the workers alone; an old answer says little of today."""
    row, sweep = beats.get("gemini"), beats.get("sweep")
    last_seen = row.at if row else None
    if lacking := sweep.detail.get("no_model") if sweep else "":
        return ServiceHealth(
            HealthState.DISABLED, f"{lacking}: the rules diagnose alone", None, last_seen
        )
    if row is None:
        return ServiceHealth(HealthState.UNKNOWN, NOT_ASKED)
    if now - row.at > SAYS_LITTLE:
        return ServiceHealth(
            HealthState.UNKNOWN, "not used for a day", row.at, row.at, _latency(row)
        )
    state = HealthState.HEALTHY if row.ok else HealthState.UNHEALTHY
    detail = str(row.detail.get("error", ""))
    return ServiceHealth(state, detail, row.since, row.at, _latency(row))


def _beat(row: Heartbeat | None, now: datetime) -> ServiceHealth:
    if row is None:
        return ServiceHealth(HealthState.UNKNOWN, "it has not reported")
    if not is_fresh(row, now):
        return ServiceHealth(
            HealthState.UNHEALTHY, "it does not report: nothing is published", row.at, row.at
        )
    return ServiceHealth(HealthState.HEALTHY, "", row.since, row.at)


def _late_by_queue(beats: Mapping[str, Heartbeat], now: datetime) -> dict[str, LateTick]:
    late = [tick for tick in frequent_ticks() if _is_late(beats, tick, now)]
    rows = {tick: beats.get(heartbeat_name(tick)) for tick in late}
    return {
        pipeline.QUEUES[tick.task]: LateTick(heartbeat_name(tick), row.at if row else None)
        for tick, row in rows.items()
    }


def _is_late(beats: Mapping[str, Heartbeat], tick: schedule.Tick, now: datetime) -> bool:
    row = beats.get(heartbeat_name(tick))
    return row is None or now - row.at > allowed_silence(tick)


def frequent_ticks() -> list[schedule.Tick]:
    """Those that a person can wait for."""
    return [tick for tick in schedule.ticks() if tick.seconds < schedule.DAY_SECONDS]


def heartbeat_name(tick: schedule.Tick) -> str:
    """The name of the heartbeat that the tick leaves: `detection.tasks.scrape` → `scrape`."""
    return tick.task.rpartition(".")[2]


def allowed_silence(tick: schedule.Tick) -> timedelta:
    """Three of its intervals, and some slack for a slow pass."""
    return timedelta(seconds=3 * tick.seconds + SLACK_SECONDS)
