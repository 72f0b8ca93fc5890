"""The metrics of one incident's owner around its onset, as charts: plain values for a page.

Charts come from the shared history; where the onset is older than that, Prometheus is asked once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings

from detection.domain.facts import AnomalyFacts, MetricFacts
from detection.metrics import history, queries
from detection.metrics.backfill import frames_between
from detection.metrics.history import Window, window_of
from detection.metrics.prometheus import Prometheus
from detection.metrics.samples import Query, parse_key
from detection.models import Incident

BEFORE = timedelta(minutes=20)
AFTER = timedelta(minutes=10)
MOST_CHARTS = 6
NOT_KEPT = "The history of these metrics is not kept any more, and Prometheus gave none."
NO_PROMETHEUS = "No Prometheus is watched: there are no metrics to draw."
NONE_FOUND = "No metric of this owner is recorded."
Chart = dict[str, Any]


@dataclass(frozen=True)
class Charts:
    """`notice` says why there is none, or '' where there is no need to."""

    charts: list[Chart]
    notice: str = ""


def charts_of(incident: Incident, client: Prometheus | None, now: datetime) -> Charts:
    """Newest first by how much each matters: what breached, then the rest, six at most."""
    made = [*_of_the_score(incident), *_of_metrics(incident, client, now)]
    if made:
        return Charts(made[:MOST_CHARTS])
    if not settings.PROMETHEUS_URL:
        return Charts([], NO_PROMETHEUS)
    return Charts([], NOT_KEPT if incident.metric_snapshot else NONE_FOUND)


def _of_metrics(incident: Incident, client: Prometheus | None, now: datetime) -> list[Chart]:
    active = {query.name: query for query in queries.active_queries()}
    start, end = _span(incident, now)
    found = _rows_of_owner(_window(incident, active, client, now), incident, start, end)
    told = incident.facts_as(MetricFacts).metric
    order = sorted(found, key=lambda name: (name != told, name))
    made = [_chart(incident, active[name], found[name]) for name in order if name in active]
    return sorted(made, key=lambda chart: not chart["breached"])


def _span(incident: Incident, now: datetime) -> tuple[float, float]:
    end = min(now, incident.closed_at + AFTER) if incident.closed_at else now
    return (incident.onset - BEFORE).timestamp(), end.timestamp()


def _window(
    incident: Incident, active: Mapping[str, Query], client: Prometheus | None, now: datetime
) -> Window:
    kept = timedelta(seconds=settings.ANOMALY_METRIC_WINDOW_SECONDS)
    if incident.closed_at is None or now - incident.onset < kept:
        return history.window(incident.cluster_id, now)
    wanted = [active[name] for name in _metrics(incident) if name in active]
    if client is None or not wanted:
        return Window()
    owners = history.owner_map(incident.cluster_id)
    end = incident.closed_at + AFTER
    frames = frames_between(wanted[:MOST_CHARTS], client, owners, incident.onset - BEFORE, end)
    return window_of(frames)


def _metrics(incident: Incident) -> list[str]:
    """Of the snapshot, whose keys may end in "/container"; the breached one first."""
    names = [incident.facts_as(MetricFacts).metric, *incident.metric_snapshot]
    return list(dict.fromkeys(name.partition("/")[0] for name in names if name))


Rows = dict[str, tuple[list[float], dict[str, list[float | None]]]]


def _rows_of_owner(window: Window, incident: Incident, start: float, end: float) -> Rows:
    """Metric → its times, and container (or '') → values; gaps are None."""
    owner = (incident.owner_kind, incident.owner_namespace, incident.owner_name)
    inside = np.flatnonzero((window.times >= start) & (window.times <= end))
    found: Rows = {}
    if not len(inside):
        return found
    times = [float(window.times[at]) for at in inside]
    for row, key in enumerate(window.keys):
        metric, entity = parse_key(key)
        if entity[:3] == owner:
            values = [_number(window.values[row, at]) for at in inside]
            if any(value is not None for value in values):
                found.setdefault(metric, (times, {}))[1][entity.container] = values
    return found


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _chart(
    incident: Incident, query: Query, row: tuple[list[float], dict[str, list[float | None]]]
) -> Chart:
    times, by_container = row
    series = [
        {"name": container or query.name, "values": values}
        for container, values in by_container.items()
    ]
    values = [value for one in by_container.values() for value in one if value is not None]
    chart = {
        "title": query.description or query.name,
        "unit": "" if query.unit == "count" else query.unit,
        "times": times,
        "series": series,
        "threshold": query.threshold,
        "breached": any(query.breaches(value) for value in values),
        "marks": _marks(incident),
    }
    return _with_forecast(chart, incident.prediction, query.name)


def _marks(incident: Incident) -> list[dict[str, Any]]:
    marks = [{"at": incident.onset.timestamp(), "label": "onset"}]
    if incident.closed_at:
        marks.append({"at": incident.closed_at.timestamp(), "label": "over"})
    return marks


def _with_forecast(chart: Chart, prediction: Mapping[str, Any] | None, metric: str) -> Chart:
    """Three points to come: now, the forecast moment at the limit, and its latest."""
    if not prediction or prediction.get("metric") != metric:
        return chart
    reached = datetime.fromisoformat(str(prediction["predicted_at"])).timestamp()
    latest = datetime.fromisoformat(str(prediction["latest"])).timestamp()
    times: list[float] = chart["times"]
    ahead = [at for at in (reached, latest) if at > times[-1]]
    limit, empty = float(prediction["limit"]), [None] * len(ahead)
    line = [None] * (len(times) - 1) + [float(prediction["value"])] + [limit] * len(ahead)
    series = [one | {"values": [*one["values"], *empty]} for one in chart["series"]]
    forecast = {"name": "forecast", "values": line, "dashed": True}
    return chart | {
        "times": [*times, *ahead],
        "threshold": limit,
        "breached": True,
        "series": [*series, forecast],
    }


def _of_the_score(incident: Incident) -> list[Chart]:
    """The model's score of the newest samples, where a model found it."""
    known = incident.facts_as(AnomalyFacts)
    if not known.chart:
        return []
    score = {"name": "score", "values": [value for _, value in known.chart]}
    return [
        {
            "title": "How unusual its metrics are",
            "unit": "",
            "times": [at for at, _ in known.chart],
            "series": [score],
            "threshold": known.threshold,
            "breached": True,
            "marks": _marks(incident),
        }
    ]
