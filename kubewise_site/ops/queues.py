"""Who serves each queue, from the workers' signs of life and those that messages leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from detection.models import Heartbeat
from detection.runtime.heartbeats import is_fresh
from kubewise_site import pipeline
from kubewise_site.ops.states import HealthState, Queue, Workers

NAMES = tuple(dict.fromkeys(pipeline.QUEUES.values()))
OPTIONAL = frozenset({"train"})  # its worker needs TensorFlow; nothing waits for it
NEEDED = tuple(name for name in NAMES if name not in OPTIONAL)
WORKER_PREFIX = "worker/"
QUEUE_PREFIX = "queue/"
NOBODY = "no worker has reported"


@dataclass(frozen=True)
class LateTick:
    """A tick of a queue that has not ended for too long; `since` None: it never did."""

    tick: str
    since: datetime | None


def workers_health(
    beats: Mapping[str, Heartbeat], late: Mapping[str, LateTick], now: datetime
) -> Workers:
    """Every queue needs one live worker, on whichever host, and its ticks must end in time."""
    queues = {name: _queue(name, beats, late.get(name), now) for name in NAMES}
    signs = [row.at for name, row in beats.items() if name.startswith(WORKER_PREFIX)]
    if not signs:
        return Workers(HealthState.UNKNOWN, NOBODY, queues=queues)
    needed = {name: queues[name] for name in NEEDED}
    told: dict[str, Any] = {
        "last_seen": max(signs),
        "latency_ms": _longest_wait(needed),
        "queues": queues,
    }
    bad = {name: queue for name, queue in needed.items() if queue.status is not HealthState.HEALTHY}
    if not bad:
        return Workers(HealthState.HEALTHY, "", max(_since(needed), default=None), **told)
    detail = "; ".join(f"{name}: {queue.detail}" for name, queue in bad.items())
    return Workers(HealthState.UNHEALTHY, detail, min(_since(bad), default=None), **told)


def _since(queues: Mapping[str, Queue]) -> list[datetime]:
    return [queue.since for queue in queues.values() if queue.since]


def _longest_wait(queues: Mapping[str, Queue]) -> float | None:
    waits = [queue.latency_ms for queue in queues.values() if queue.latency_ms is not None]
    return max(waits, default=None)


def _queue(
    name: str, beats: Mapping[str, Heartbeat], late: LateTick | None, now: datetime
) -> Queue:
    message = beats.get(QUEUE_PREFIX + name)
    told: dict[str, Any] = {
        "latency_ms": message.detail.get("wait_ms") if message else None,
        "last_message": message.at if message else None,
    }
    serving = {
        worker.removeprefix(WORKER_PREFIX): row
        for worker, row in sorted(beats.items())
        if worker.startswith(WORKER_PREFIX) and name in row.detail.get("queues", ())
    }
    return _state(name, serving, late, now, told)


def _state(
    name: str,
    serving: Mapping[str, Heartbeat],
    late: LateTick | None,
    now: datetime,
    told: Mapping[str, Any],
) -> Queue:
    if not serving:
        return _unserved(name, told)
    last_seen = max(row.at for row in serving.values())
    alive = {worker: row for worker, row in serving.items() if is_fresh(row, now)}
    if not alive:
        return Queue(
            HealthState.UNHEALTHY, "its worker does not report", last_seen, last_seen, **told
        )
    told = {**told, "workers": tuple(alive)}
    if late:
        detail = f"{late.tick} is late"
        return Queue(HealthState.UNHEALTHY, detail, late.since, last_seen, **told)
    since = min((row.since for row in alive.values() if row.since), default=None)
    return Queue(HealthState.HEALTHY, "", since, last_seen, **told)


def _unserved(name: str, told: Mapping[str, Any]) -> Queue:
    if name in OPTIONAL:
        return Queue(HealthState.DISABLED, "no worker serves this queue", **told)
    return Queue(HealthState.UNKNOWN, NOBODY, **told)
