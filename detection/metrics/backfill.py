"""Filling a gap in the metric history from Prometheus: once, by one worker, at the scrape step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings

from detection.metrics import history
from detection.metrics.history import MetricFrame
from detection.metrics.prometheus import Prometheus
from detection.metrics.responses import PrometheusError, ResultSeries, TimedOut
from detection.metrics.samples import Owners, Query, entity_of, series_key, wrong_labels

log = structlog.get_logger(__name__)
TICKS_MISSED_BEFORE_FILLING = 3
MOST_TICKS = 60
TIME_OUTS_BEFORE_GIVING_UP = 3


def backfill(
    cluster_id: int, queries: Sequence[Query], client: Prometheus, owners: Owners, now: datetime
) -> int:
    """Fill what is missing up to `now`; the number of ticks written, 0 where nothing was due.

    A query that fails leaves its gap; the ticks are coarser than live ones in a long window.
    """
    start = _gap_start(cluster_id, now)
    if start is None or not history.may_fill(cluster_id):
        return 0
    frames = frames_between(queries, client, owners, start, now)
    written = history.append_many(cluster_id, frames)
    log.info("metric history filled", ticks=len(frames), since=start.isoformat(), kept=written)
    return len(frames) if written else 0


def frames_between(
    queries: Sequence[Query], client: Prometheus, owners: Owners, start: datetime, end: datetime
) -> list[MetricFrame]:
    """Ticks from `start` to just before `end`, by one range query each. Never raises.

    What is missing in a range answer may be a gap as well as the series' end: no tick is whole.
    """
    step = step_seconds((end - start).total_seconds())
    count = max(1, math.floor((end - start).total_seconds() / step))
    frames = [MetricFrame(start.timestamp() + step * number, {}) for number in range(count)]
    last = datetime.fromtimestamp(frames[-1].at, UTC)
    time_outs = 0
    for query in queries:
        if time_outs >= TIME_OUTS_BEFORE_GIVING_UP or wrong_labels(query.entity_kind, query.labels):
            continue
        try:
            answer = client.query_range(query.query, start, last, step)
        except PrometheusError as error:
            time_outs += isinstance(error, TimedOut)
            log.info("no history of a query", query=query.name, error=str(error))
            continue
        _deal(query, answer.series, owners, frames, step)
    return frames


def step_seconds(span_seconds: float) -> float:
    """The scrape interval, or coarser where that would be too many points."""
    return float(max(settings.PROMETHEUS_SCRAPE_INTERVAL_SECONDS, span_seconds / MOST_TICKS))


def _gap_start(cluster_id: int, now: datetime) -> datetime | None:
    """Where to fill from; None where nothing is missing, or the cache is away."""
    ticks = history.tick_times(cluster_id)
    if ticks is None:
        return None
    earliest = now - timedelta(seconds=float(settings.ANOMALY_METRIC_WINDOW_SECONDS))
    interval = timedelta(seconds=float(settings.PROMETHEUS_SCRAPE_INTERVAL_SECONDS))
    newest = datetime.fromtimestamp(ticks[-1] / 1000, UTC) if ticks else earliest
    if now - newest <= TICKS_MISSED_BEFORE_FILLING * interval:
        return None
    start: datetime = max(newest + interval, earliest)
    return start


def _deal(
    query: Query,
    series: Sequence[ResultSeries],
    owners: Owners,
    frames: list[MetricFrame],
    step: float,
) -> None:
    for one in series:
        entity = entity_of(query, one.labels, owners)
        if entity is None:
            continue
        key = series_key(query.name, entity)
        for at, value in zip(one.times, one.values, strict=True):
            number = round((at - frames[0].at) / step)
            if 0 <= number < len(frames) and math.isfinite(value):
                _put(query, frames[number].values, key, value)


def _put(query: Query, values: dict[str, float], key: str, value: float) -> None:
    if key not in values or query.worse(value, values[key]):
        values[key] = value
