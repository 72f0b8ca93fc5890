"""A value that will reach its limit within the horizon → FORECAST_BREACH (PredictedFailure).

It needs a trend now and at an earlier look, so that one wild minute opens nothing; once the trend
breaks there is no finding any more, and the incident closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from django.conf import settings

from detection.anomaly.screening import to_step
from detection.detectors.protocol import View, detector
from detection.domain.arrays import Floats
from detection.domain.causes import Cause, Severity
from detection.domain.facts import MetricFacts
from detection.domain.findings import Evidence, Finding, FoundBy, ObjectRef
from detection.domain.units import duration, with_unit
from detection.forecasting.prediction import prediction
from detection.forecasting.trend import LEAST_SAMPLES, NEWEST, Eta, confirmed
from detection.metrics.history import Ints
from detection.metrics.samples import BELOW, Query, parse_key

STEP_SECONDS = 60.0
SCREEN_FACTOR = 3.0
LIMITS: dict[str, float] = {
    "container_memory_ratio": 1.0,
    "node_memory_ratio": 1.0,
    "node_filesystem_ratio": 1.0,
    "volume_used_ratio": 1.0,
    "volume_inodes_ratio": 1.0,
    "hpa_replicas_ratio": 1.0,
    "quota_used_ratio": 1.0,
    "certificate_seconds_left": 0.0,
}
# What counts down by itself needs no trend: it ends when it says, unless it is renewed.
COUNTDOWNS = {"certificate_seconds_left": 7 * 86_400.0}


@detector(Cause.FORECAST_BREACH)
class Forecast:
    """Looks `PREDICTION_HORIZON_MINUTES` ahead at the metrics that have a limit."""

    name = "forecast"

    def find(self, view: View) -> list[Finding]:
        horizon = float(settings.PREDICTION_HORIZON_MINUTES) * 60
        return [
            _finding(view, query, row, eta, values)
            for query in view.queries
            if query.name in LIMITS
            for row, eta, values in _rising(view, query, horizon)
        ]


def _rising(view: View, query: Query, horizon: float) -> Iterator[tuple[int, Eta, Floats]]:
    """Row, forecast and its samples (mirrored where low is bad), for each that has one."""
    rows = view.window.rows.get(query.name)
    if rows is None:
        return
    if query.name in COUNTDOWNS:
        yield from _counting_down(view, query, rows)
        return
    sign = -1.0 if query.direction == BELOW else 1.0
    times, stepped = to_step(view.window.times, view.window.values[rows], STEP_SECONDS)
    values, limit = sign * np.asarray(stepped, dtype=np.float64), sign * LIMITS[query.name]
    for at in _candidates(times, values, limit, horizon):
        eta = confirmed(times, values[at], limit, horizon, _peak(view, int(rows[at]), sign))
        if eta is not None:
            yield int(rows[at]), eta, values[at]


def _counting_down(view: View, query: Query, rows: Ints) -> Iterator[tuple[int, Eta, Floats]]:
    """Each whose newest value is within its notice; one that is over is no forecast any more."""
    for row in rows:
        values = view.window.values[row]
        known = values[np.isfinite(values)]
        left = float(known[-1]) if len(known) else 0.0
        if 0.0 < left <= COUNTDOWNS[query.name]:
            yield int(row), Eta(left, left, left), values


def _peak(view: View, row: int, sign: float) -> float:
    """The day's highest; where low is bad there is none on record."""
    return view.peaks.get(view.window.keys[row], -np.inf) if sign > 0 else -np.inf


def _candidates(times: Floats, values: Floats, limit: float, horizon: float) -> Floats:
    """Series that a straight line could bring to the limit: cheap, for all at once."""
    if len(times) < LEAST_SAMPLES:
        return np.empty(0, dtype=np.int64)
    half = len(times) // 2
    known = np.isfinite(values)
    early = _means(values[:, :half], known[:, :half])
    late = _means(values[:, half:], known[:, half:])
    newest = _means(values[:, -NEWEST:], known[:, -NEWEST:])
    speed = np.maximum(late - early, newest - late) / max(float(times[-1] - times[0]) / 2, 1.0)
    reaches = newest + SCREEN_FACTOR * speed * horizon >= limit
    return np.asarray(np.flatnonzero((speed > 0) & reaches & (newest < limit)))


def _means(values: Floats, known: Floats) -> Floats:
    """NaN where nothing is known."""
    count = known.sum(axis=1)
    sums = np.where(known, values, 0.0).sum(axis=1)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)


def _finding(view: View, query: Query, row: int, eta: Eta, values: Floats) -> Finding:
    key = view.window.keys[row]
    _, entity = parse_key(key)
    limit = LIMITS[query.name]
    value = float(abs(values[np.isfinite(values)][-1]))
    what = (
        f"{query.description or query.name}{f' ({entity.container})' if entity.container else ''}"
    )
    reaches = _forecast_text(query, limit, eta)
    text = f"{what}: {with_unit(value, query.unit)}, {reaches}"
    newest = datetime.fromtimestamp(float(view.window.times[-1]), UTC)
    uid = view.owners.uid(entity.kind, entity.namespace, entity.name)
    return Finding(
        cause=Cause.FORECAST_BREACH,
        owner=ObjectRef(entity.kind, entity.namespace, entity.name, uid),
        severity=Severity.WARNING,
        summary=text,
        onset=newest,
        opens_at=newest,
        source=FoundBy.FORECAST,
        evidence=(Evidence(f"forecast/{query.name}", text),),
        facts=MetricFacts(
            metric=query.name,
            container=entity.container,
            value=value,
            threshold=limit,
            unit=query.unit,
            prediction=prediction(query.name, value, limit, query.unit, newest, eta, reaches),
        ),
    )


def _forecast_text(query: Query, limit: float, eta: Eta) -> str:
    if query.name in COUNTDOWNS:
        return f"ends in {duration(eta.seconds)} unless it is renewed"
    return f"reaches {with_unit(limit, query.unit)} in {eta.text()}"
