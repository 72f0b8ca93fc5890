"""Detectors on metrics.

To add one: a class with `@detector(Cause.X)` in a file beside thresholds.py; every module of this
folder is loaded here, so nothing else is to be edited.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

import structlog

from detection.anomaly.context_from_records import anomaly_view
from detection.anomaly.long_history import Reader
from detection.detectors import outlook_records
from detection.detectors.daily_budget import within_budget
from detection.detectors.forecast import LIMITS
from detection.detectors.presence import of_what_is_there
from detection.detectors.protocol import Detector, View, detector, detectors
from detection.domain.findings import Finding
from detection.metrics import daily_peaks, history, queries
from detection.metrics.other_clusters import held, look
from detection.metrics.prometheus import Prometheus
from detection.models import Cluster

__all__ = ["Detector", "View", "detector", "detectors", "find_in_metrics"]

log = structlog.get_logger(__name__)

for module in sorted(found.name for found in iter_modules(__path__)):
    import_module(f"{__name__}.{module}")


def find_in_metrics(
    cluster: Cluster, now: datetime, client: Prometheus | None = None
) -> list[Finding]:
    """What all detectors find in the cluster's metric history.

    `client`: who is asked for the longer history of what stands out; None: nobody.
    """
    if look(cluster.pk, client, now) if client else held(cluster.pk, now):
        return []
    window = history.window(cluster.pk, now)
    owners = history.owner_map(cluster.pk)
    active = queries.active_queries()
    about = anomaly_view(cluster, window, now)
    about = replace(about, changed=outlook_records.known_changes(cluster))
    if client and about.model:
        step = about.model.step_seconds
        longer = Reader(cluster.pk, client, active, owners, window, now, step)
        about = replace(about, longer=longer)
    earlier = daily_peaks.earlier_peaks(cluster.pk, window)
    found = find_in(View(window, active, now, owners, about, earlier))
    daily_peaks.remember(cluster.pk, window, LIMITS, now)
    outlook_records.save(cluster, about.noted, now)
    there = of_what_is_there(found, owners, now.timestamp())
    return within_budget(cluster, there, now)


def find_in(view: View) -> list[Finding]:
    """One detector's bug is logged with its traceback and does not silence the others."""
    found: list[Finding] = []
    for one in detectors():
        try:
            found += one.find(view)
        except Exception:
            log.exception("a detector failed", detector=one.name)
    return found
