"""The ticks that beat publishes: one at a time per cluster, each with a sign of life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from detection import clients
from detection.anomaly.model.artifacts import ModelRefused
from detection.domain.causes import Cause
from detection.kubernetes.client import KubernetesError
from detection.metrics.scrape import scrape
from detection.models import Cluster, Incident, SourceState
from detection.pipeline.detect import detect
from detection.runtime.heartbeats import beat
from detection.runtime.leases import lease
from detection.runtime.source_visibility import ACCOUNT, forget_metric_sources, save_sources
from detection.training.model.errors import NoHistory, TooLittleData

log = structlog.get_logger(__name__)
TICK_LEASE_SECONDS = 240
LONGEST_GAP_SECONDS = 300
SPARED_SECONDS = 60
SEEN = SourceState.State.SEEN
TRAIN_LEASE_SECONDS = 3600


def scrape_tick(now: datetime) -> None:
    """Read all active metric queries once, unless the former tick still runs."""
    cluster, client = clients.current_cluster(), clients.prometheus()
    if client is None:
        forget_metric_sources(cluster)
        beat("scrape", now, ok=True, skipped="PROMETHEUS_URL is empty: scan only")
        return
    _alone(f"scrape/{cluster.pk}", now, lambda: scrape(cluster, client, now).as_detail())


def detect_tick(now: datetime) -> list[int]:
    """Scan, detect and record once; the ids of incidents that there is news of."""
    cluster = clients.current_cluster()
    ids: list[int] = []
    if reason := reason_to_skip(cluster, now):
        beat("detect", now, ok=True, skipped=reason)
        return ids

    def run() -> dict[str, Any]:
        _note_watch(cluster, now)
        connection = clients.reader()
        done = detect(cluster, connection, now)
        ids.extend(done.to_advance)
        return done.as_detail() | {"latency_ms": connection.take_latency_ms()}

    try:
        _alone(f"detect/{cluster.pk}", now, run)
    except KubernetesError as error:
        log.warning("the cluster can't be read", error=str(error))
        save_sources(cluster, (), {ACCOUNT: str(error)}, (), now)
        beat("detect", now, ok=False, error=str(error))
    return ids


def reason_to_skip(cluster: Cluster, now: datetime) -> str:
    """Why this pass is left out; '' where it is not. An API server that sheds load gets less."""
    overloaded = Incident.objects.filter(
        cluster=cluster, cause=Cause.APISERVER_OVERLOAD, open_key__isnull=False
    )
    lately = SourceState.objects.filter(
        cluster=cluster, name=ACCOUNT, checked_at__gt=now - timedelta(seconds=SPARED_SECONDS)
    )
    if overloaded.exists() and lately.exists():
        return f"the API server is overloaded: one pass in {SPARED_SECONDS} s"
    return ""


def train_tick(now: datetime) -> None:
    """Train anew from history where enough of it is new; on the queue `train` alone."""
    from detection.training.jobs import (  # TensorFlow's world: no other worker enters
        new_data,
        retraining,
    )

    def run() -> dict[str, Any]:
        try:
            there = new_data.current_stock(now)
            if there.reason:
                return {"ok": True, "skipped": there.reason, **there.as_detail()}
            done = retraining.from_history(now, lambda text: log.info("training", step=text))
        except (ModelRefused, NoHistory, TooLittleData) as error:
            return {"ok": True, "skipped": str(error)}
        return {"ok": True, "version": done.version, "message": done.message}

    _alone("train", now, run, TRAIN_LEASE_SECONDS)


def _note_watch(cluster: Cluster, now: datetime) -> None:
    """Since when passes over this cluster follow one another: AUTO asks about what began before."""
    last = SourceState.objects.filter(cluster=cluster, name=ACCOUNT, state=SEEN).first()
    without_gap = last and now - last.checked_at <= timedelta(seconds=LONGEST_GAP_SECONDS)
    if cluster.watching_since is None or not without_gap:
        Cluster.objects.filter(pk=cluster.pk).update(watching_since=now)


def _alone(
    name: str, now: datetime, run: Callable[[], dict[str, Any]], seconds: int = TICK_LEASE_SECONDS
) -> None:
    with lease(name, now, seconds) as held:
        if not held:
            log.info("the former tick still runs", tick=name)
            return
        beat(name.partition("/")[0], now, **run())
