"""The highest value of each hour of the last day, of the metrics that have a limit.

A window of one hour can't tell the tooth of a saw from a leak; yesterday's peaks can. Kept in the
shared cache: lost with it, a forecast is merely less patient for a day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import numpy as np

from detection.metrics.history import Window
from kubewise_site.core import cache

HOURS = 24
HOUR_SECONDS = 3600
Hours = dict[str, dict[int, float]]


def earlier_peaks(cluster_id: int, window: Window) -> Mapping[str, float]:
    """Series key → its highest value in the 24 hours before `window`."""
    if not len(window.times):
        return {}
    first = int(window.times[0] // HOUR_SECONDS)
    found = {
        key: [value for hour, value in hours.items() if first - HOURS <= hour < first]
        for key, hours in _known(cluster_id).items()
    }
    return {key: max(values) for key, values in found.items() if values}


def remember(cluster_id: int, window: Window, metrics: Collection[str], now: datetime) -> None:
    """Add the newest values of these metrics to their hour; forget what is older than a day."""
    hour = int(now.timestamp() // HOUR_SECONDS)
    known = _known(cluster_id)
    for metric in set(metrics) & set(window.rows):
        for row in window.rows[metric]:
            value = window.values[row, -1]
            if np.isfinite(value):
                _raise(known.setdefault(window.keys[row], {}), hour, float(value))
    kept = {
        key: left
        for key, hours in known.items()
        if (left := {at: value for at, value in hours.items() if at >= hour - HOURS - 1})
    }
    cache.set_many({_key(cluster_id): kept}, (HOURS + 2) * HOUR_SECONDS)


def _raise(hours: dict[int, float], hour: int, value: float) -> None:
    hours[hour] = max(hours.get(hour, value), value)


def _known(cluster_id: int) -> Hours:
    return cache.get(_key(cluster_id), Hours) or {}


def _key(cluster_id: int) -> str:
    return f"peaks:{cluster_id}"
