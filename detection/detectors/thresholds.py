"""Values beyond their query's threshold for the whole of its dwell → THRESHOLD_BREACH.

The thresholds themselves are those of the queries: metrics/seed_queries.toml, then the admin.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from detection.detectors.breach_runs import Runs, runs
from detection.detectors.protocol import View, detector
from detection.domain.causes import Cause, Severity
from detection.domain.facts import Facts, MetricFacts
from detection.domain.findings import Evidence, Finding, FoundBy, ObjectRef
from detection.domain.units import duration, with_unit
from detection.metrics.history import Bools, Floats, Window
from detection.metrics.samples import BELOW, Entity, Owners, Query, parse_key

HIGHEST_SCORE = 10.0
FRESH_SECONDS = 60


@detector(Cause.THRESHOLD_BREACH)
class Thresholds:
    """The detector that needs no training: a line, a direction and a dwell for each query."""

    name = "thresholds"

    def find(self, view: View) -> list[Finding]:
        snapshots = _Snapshots(view.window)
        return [
            _finding(view, query, row, found, snapshots)
            for query in view.queries
            if query.threshold is not None
            for row, found in _open_rows(view.window, query)
        ]


def _open_rows(window: Window, query: Query) -> Iterator[tuple[int, Runs]]:
    """Row of the window, and its run as arrays of one entry."""
    rows = window.rows.get(query.name)
    if rows is None:
        return
    values = window.values[rows]
    beyond = _beyond(values, query)
    found = runs(values, window.absent[rows], window.times, beyond, query.dwell_seconds)
    for at in np.flatnonzero(found.open):
        one = slice(at, at + 1)
        yield int(rows[at]), Runs(found.open[one], found.since[one], found.last[one])


def _beyond(values: Floats, query: Query) -> Bools:
    """NaN compares as False both ways."""
    threshold = math.nan if query.threshold is None else query.threshold
    below = query.direction == BELOW
    return np.asarray(values < threshold if below else values > threshold, dtype=np.bool_)


def _finding(view: View, query: Query, row: int, run: Runs, snapshots: _Snapshots) -> Finding:
    key = view.window.keys[row]
    _, entity = parse_key(key)
    pod = view.window.pods.get(key, "")
    since, last = float(run.since[0]), float(run.last[0])
    value = _value_at(view.window, row, last)
    onset = datetime.fromtimestamp(since, UTC)
    text = _text(query, entity, pod, value, view.now.timestamp() - since)
    unseen = _unseen(view.now.timestamp() - last)
    return Finding(
        cause=Cause.THRESHOLD_BREACH,
        owner=_owner(entity, view.owners),
        severity=Severity(query.severity),
        summary=text + unseen,
        onset=onset,
        opens_at=onset + timedelta(seconds=query.dwell_seconds),
        source=FoundBy.THRESHOLD,
        evidence=(Evidence(f"prometheus/{query.name}", text + unseen, decisive=True),),
        related=(ObjectRef("Pod", entity.namespace, pod),) if pod else (),
        score=_score(value, query.threshold or 0.0),
        facts=_facts(query, entity, pod, value, snapshots.of(entity))
        | (Facts(unseen=True) if unseen else Facts()),
    )


def _value_at(window: Window, row: int, time: float) -> float:
    return float(window.values[row, int(np.searchsorted(window.times, time))])


def _text(query: Query, entity: Entity, pod: str, value: float, seconds: float) -> str:
    where = ", ".join(part for part in (entity.container, pod) if part)
    limit = with_unit(query.threshold or 0.0, query.unit)
    return (
        f"{query.description or query.name}{f' ({where})' if where else ''}: "
        f"{with_unit(value, query.unit)} for {duration(seconds)}, threshold {limit}"
    )


def _unseen(seconds: float) -> str:
    return f"; no data for the last {duration(seconds)}" if seconds > FRESH_SECONDS else ""


def _owner(entity: Entity, owners: Owners) -> ObjectRef:
    uid = owners.uid(entity.kind, entity.namespace, entity.name)
    return ObjectRef(entity.kind, entity.namespace, entity.name, uid)


def _score(value: float, threshold: float) -> float:
    """1 at the threshold, more beyond it, bounded."""
    excess = abs(value - threshold) / (abs(threshold) or 1.0)
    return round(min(1.0 + excess, HIGHEST_SCORE), 3)


def _facts(
    query: Query, entity: Entity, pod: str, value: float, metrics: dict[str, float]
) -> MetricFacts:
    return MetricFacts(
        metric=query.name,
        value=value,
        threshold=query.threshold,
        unit=query.unit,
        container=entity.container,
        pod=pod,
        metrics=metrics,
    )


class _Snapshots:
    """The newest value of every metric of an entity."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def of(self, entity: Entity) -> dict[str, float]:
        """Metric, with "/container" where there is one → the newest known value."""
        wanted = (entity.kind, entity.namespace, entity.name)
        return {name: self._newest(row) for name, row in self._rows.get(wanted, ())}

    @cached_property
    def _rows(self) -> dict[tuple[str, str, str], list[tuple[str, int]]]:
        found: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
        for row, key in enumerate(self._window.keys):
            metric, entity = parse_key(key)
            name = f"{metric}/{entity.container}" if entity.container else metric
            if np.isfinite(self._window.values[row]).any():
                found.setdefault(entity[:3], []).append((name, row))
        return found

    def _newest(self, row: int) -> float:
        values = self._window.values[row]
        return float(values[np.flatnonzero(np.isfinite(values))[-1]])
