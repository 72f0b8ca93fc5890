"""Detectors on metrics. To add one: write it beside thresholds.py and register it here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from detection.anomaly.context_from_records import anomaly_view
from detection.anomaly.long_history import Reader
from detection.detectors.anomaly import Autoencoder
from detection.detectors.daily_budget import within_budget
from detection.detectors.forecast import LIMITS, Forecast
from detection.detectors.protocol import Detector, View, detectors, register
from detection.detectors.thresholds import Thresholds
from detection.domain.findings import Finding
from detection.metrics import daily_peaks, history, queries
from detection.metrics.prometheus import Prometheus
from detection.models import Cluster

__all__ = ["Detector", "View", "detectors", "find_in_metrics", "register"]

log = structlog.get_logger(__name__)
register(Thresholds())
register(Forecast())
register(Autoencoder())


def find_in_metrics(
    cluster: Cluster, now: datetime, client: Prometheus | None = None
) -> list[Finding]:
    """What all detectors find in the cluster's metric history.

    `client`: who is asked for the longer history of what stands out; None: nobody.
    """
    window = history.window(cluster.pk, now)
    owners = history.owner_map(cluster.pk)
    active = queries.active_queries()
    about = anomaly_view(cluster, window, now)
    if client and about.model:
        step = about.model.step_seconds
        longer = Reader(cluster.pk, client, active, owners, window, now, step)
        about = replace(about, longer=longer)
    earlier = daily_peaks.earlier_peaks(cluster.pk, window)
    found = find_in(View(window, active, now, owners, about, earlier))
    daily_peaks.remember(cluster.pk, window, LIMITS, now)
    return within_budget(cluster, found, now)


def find_in(view: View) -> list[Finding]:
    """One detector's bug is logged with its traceback and does not silence the others."""
    found: list[Finding] = []
    for detector in detectors():
        try:
            found += detector.find(view)
        except Exception:
            log.exception("a detector failed", detector=detector.name)
    return found
