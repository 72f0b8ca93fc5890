"""The ticks that beat publishes: one at a time per cluster, each with a sign of life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings

from detection import clients
from detection.detect import detect
from detection.heartbeats import beat
from detection.kubernetes import KubernetesError
from detection.leases import lease
from detection.scrape import scrape
from detection.sources import save_sources

log = structlog.get_logger(__name__)
TICK_LEASE_SECONDS = 240


def scrape_tick(now: datetime) -> None:
    """Read all active metric queries once, unless the former tick still runs."""
    cluster, client = clients.current_cluster(), clients.prometheus()
    if client is None:
        beat("scrape", now, ok=True, skipped="PROMETHEUS_URL is empty: scan only")
        return
    _alone(f"scrape/{cluster.pk}", now, lambda: scrape(cluster, client, now).as_detail())


def detect_tick(now: datetime) -> list[int]:
    """Scan, detect and record once; the ids of incidents that there is news of."""
    cluster = clients.current_cluster()
    ids: list[int] = []

    def run() -> dict[str, Any]:
        done = detect(cluster, clients.reader(), now)
        ids.extend(done.to_advance)
        return done.as_detail()

    try:
        _alone(f"detect/{cluster.pk}", now, run)
    except KubernetesError as error:
        log.warning("the cluster can't be read", error=str(error))
        save_sources(cluster, (), {"kubernetes/api": str(error)}, (), now)
        beat("detect", now, ok=False, error=str(error), every=settings.WORKER_SLEEP_INTERVAL_SECONDS)
    return ids


def _alone(name: str, now: datetime, run: Callable[[], dict[str, Any]]) -> None:
    with lease(name, now, TICK_LEASE_SECONDS) as held:
        if not held:
            log.info("the former tick still runs", tick=name)
            return
        beat(name.partition("/")[0], now, **run())
