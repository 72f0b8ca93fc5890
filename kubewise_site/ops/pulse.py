"""The pipeline's pulse: when each step last ended, what waits in the queues, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings
from django.db.models import Q

from detection.domain.statuses import START, WAITING, Status
from detection.models import Heartbeat, Incident
from detection.runtime.heartbeats import is_fresh
from detection.runtime.latency import BROKER_TIMEOUT_SECONDS
from kubewise_site import pipeline, schedule
from kubewise_site.core import broker
from kubewise_site.ops import health
from remediation.controls import acceptances

QUEUE_NAMES = tuple(dict.fromkeys(pipeline.QUEUES.values()))
UNANALYZED = Q(status__in=START) | Q(status=Status.ANALYZING)


@dataclass(frozen=True)
class Pulse:
    """One tick: `last` is when it last ended, `late` whether that is too long ago."""

    name: str
    every_seconds: int
    last: datetime | None
    late: bool
    trouble: str


@dataclass(frozen=True)
class Worker:
    """One worker process by its last sign of life."""

    name: str
    last: datetime
    silent: bool


@dataclass(frozen=True)
class OldestWaiting:
    """The oldest incident that waits for the machine, and the oldest that waits for a person."""

    analysis: datetime | None
    person: datetime | None


def tick_pulses(beats: dict[str, Heartbeat], now: datetime) -> list[Pulse]:
    return [
        _pulse(tick, beats.get(health.heartbeat_name(tick)), now)
        for tick in health.frequent_ticks()
    ]


def _pulse(tick: schedule.Tick, row: Heartbeat | None, now: datetime) -> Pulse:
    late = row is None or now - row.at > health.allowed_silence(tick)
    trouble = "" if row is None or row.ok else str(row.detail.get("error", "it failed"))
    return Pulse(tick.name, tick.seconds, row.at if row else None, late, trouble)


def live_workers(beats: dict[str, Heartbeat], now: datetime) -> list[Worker]:
    """Every worker process, on whichever host: each is one share of the work."""
    rows = sorted((name, row) for name, row in beats.items() if name.startswith("worker/"))
    return [
        Worker(name.removeprefix(health.WORKER_PREFIX), row.at, not is_fresh(row, now))
        for name, row in rows
    ]


def queue_lengths() -> dict[str, int] | None:
    """Queue name → messages that wait; None where the broker can't be asked."""
    client = redis.Redis.from_url(
        broker.queue_url(settings.CELERY_BROKER_URL),
        socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
        socket_timeout=BROKER_TIMEOUT_SECONDS,
    )
    try:
        with client.pipeline(transaction=False) as asked:
            for name in QUEUE_NAMES:
                asked.llen(name)
            return dict(zip(QUEUE_NAMES, asked.execute(), strict=True))
    except (redis.RedisError, OSError):
        return None
    finally:
        client.close()


def waiting(now: datetime) -> OldestWaiting:
    """What is accepted waits for nobody."""
    person = Q(status__in=WAITING) & ~acceptances.accepted(now)
    return OldestWaiting(_oldest(UNANALYZED), _oldest(person))


def _oldest(which: Q) -> datetime | None:
    """Open incidents are few, however many are over."""
    rows = Incident.objects.filter(which, closed_at__isnull=True)
    return rows.order_by("first_seen").values_list("first_seen", flat=True).first()
