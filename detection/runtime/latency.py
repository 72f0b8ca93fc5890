"""How long the database and the broker take to answer; the sweep notes it as their heartbeats."""

from __future__ import annotations

import time
from datetime import datetime

import redis
from django.conf import settings
from django.db import connection

from detection.runtime.heartbeats import beat
from kubewise_site.core import broker

BROKER_TIMEOUT_SECONDS = 1.0


def database_ms() -> float:
    """Milliseconds of one trivial query. Raises DatabaseError."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return _ms_since(began)


def broker_ms() -> float:
    """Milliseconds of one PING, connecting included. Raises RedisError or OSError."""
    began = time.perf_counter()
    client = redis.Redis.from_url(
        broker.cache_url(settings.CELERY_BROKER_URL),
        socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
        socket_timeout=BROKER_TIMEOUT_SECONDS,
    )
    try:
        client.ping()
    finally:
        client.close()
    return _ms_since(began)


def record_latency(now: datetime) -> None:
    """Write both heartbeats; a broker that is away is no error here. Raises DatabaseError."""
    beat("database", now, latency_ms=database_ms())
    try:
        beat("broker", now, latency_ms=broker_ms())
    except (redis.RedisError, OSError) as error:
        beat("broker", now, ok=False, error=type(error).__name__)


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 2)
