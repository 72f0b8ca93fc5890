"""The cluster's own metric history as series to train on, asked of Prometheus hour by hour.

Hours in which an incident of the entity was open are left out; where a person said "false
positive", they are not: that is what feedback teaches.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from detection.anomaly.scoring.series import Series
from detection.domain.arrays import Bools
from detection.domain.causes import Cause
from detection.metrics import history, queries
from detection.metrics.backfill import frames_between
from detection.metrics.history import MetricFrame, Window
from detection.metrics.pod_owners import known_or_asked
from detection.metrics.prometheus import Prometheus
from detection.metrics.responses import PrometheusError
from detection.metrics.samples import Entity, parse_key
from detection.models import Cluster, Incident
from detection.models.anomaly import AnomalyFeedback
from detection.training.jobs.train import STEP_SECONDS, Tell
from detection.training.model.errors import NoHistory

HOUR = timedelta(hours=1)
LEAST_HOURS, MOST_HOURS = 24, 168
MOST_CELLS = 20_000_000  # 160 MB, and about as much for what is made of it
FIELDS = ("owner_kind", "owner_namespace", "owner_name")
LEAST_SAMPLES = 60
Owner = tuple[str, str, str]


def training_window(
    cluster: Cluster,
    client: Prometheus,
    now: datetime,
    tell: Tell = lambda text: None,
    most_hours: int = MOST_HOURS,
) -> Window:
    """The last day to week at one sample a minute; what Prometheus doesn't answer is a gap.

    As many hours as `MOST_CELLS` values hold; of a cluster of which not even a day fits in, a part
    of the owners. Raises NoHistory where Prometheus does not answer.
    """
    check_prometheus(client, now)
    active = queries.active_queries()
    owners = known_or_asked(history.owner_map(cluster.pk), client, now)
    tell("reading the last hour of history")
    newest = frames_between(active, client, owners, now - HOUR, now)
    cells_an_hour = max(len({key for frame in newest for key in frame.values}) * 60, 1)
    hours = int(np.clip(MOST_CELLS // cells_an_hour, LEAST_HOURS, most_hours))
    every = max(-(-cells_an_hour * hours // MOST_CELLS), 1)
    frames = _part(newest, every)
    for back in range(2, hours + 1):
        tell(f"reading the history, hour {back} of {hours}")
        start = now - back * HOUR
        frames += _part(frames_between(active, client, owners, start, start + HOUR), every)
    return history.window_of(sorted(frames, key=lambda frame: frame.at))


def check_prometheus(client: Prometheus, now: datetime) -> None:
    """Raises NoHistory where Prometheus does not answer at all."""
    try:
        client.query("vector(1)", now)
    except PrometheusError as error:
        raise NoHistory(f"Prometheus does not answer: {error}") from error


def _part(frames: list[MetricFrame], every: int) -> list[MetricFrame]:
    """The same owners from each frame: one in `every`."""
    if every == 1:
        return frames
    return [
        MetricFrame(f.at, {key: v for key, v in f.values.items() if not _spread(key) % every})
        for f in frames
    ]


def _spread(key: str) -> int:
    return zlib.crc32("|".join(key.split("|")[1:4]).encode())


def normal_samples(cluster: Cluster, client: Prometheus, since: datetime, now: datetime) -> int:
    """How many samples of one minute of single metrics were normal since then.

    Asked at 60 points in time, so that counting a week costs one range query a metric. Raises
    NoHistory.
    """
    check_prometheus(client, now)
    owners = known_or_asked(history.owner_map(cluster.pk), client, now)
    frames = frames_between(queries.active_queries(), client, owners, since, now)
    step = (now - since).total_seconds() / max(len(frames), 1)
    trouble = _trouble(cluster)
    counted = sum(
        not _within(frame.at, trouble.get(parse_key(key)[1][:3], ()))
        for frame in frames
        for key in frame.values
    )
    return round(counted * step / STEP_SECONDS)


def _within(at: float, spans: Sequence[tuple[float, float]]) -> bool:
    return any(start <= at <= end for start, end in spans)


def window_hash(past: Window) -> str:
    """One sha256 over what was read: the names of the series, the times and the values."""
    found = hashlib.sha256("\n".join(past.keys).encode())
    found.update(np.ascontiguousarray(past.times).tobytes())
    found.update(np.ascontiguousarray(past.values).tobytes())
    return found.hexdigest()


def series_of(cluster: Cluster, past: Window) -> list[Series]:
    """One Series for each entity with at least an hour of samples; all rows may be trained on."""
    rows: dict[Entity, list[int]] = {}
    for row, key in enumerate(past.keys):
        rows.setdefault(parse_key(key)[1], []).append(row)
    trouble = _trouble(cluster)
    return [
        _one(entity, found, past, trouble.get(entity[:3], ()))
        for entity, found in rows.items()
        if np.isfinite(past.values[found]).any(axis=0).sum() >= LEAST_SAMPLES
    ]


def _one(
    entity: Entity, rows: Sequence[int], past: Window, trouble: Sequence[tuple[float, float]]
) -> Series:
    usable: Bools = np.ones(len(past.times), dtype=np.bool_)
    for start, end in trouble:
        usable &= (past.times < start) | (past.times > end)
    return Series(
        entity="/".join(part for part in entity[:4] if part),
        group="",
        metrics=tuple(past.keys[row].partition("|")[0] for row in rows),
        values=past.values[rows].T,
        train=usable,
        labels=np.zeros(len(past.times), dtype=np.int64),
        rows=np.arange(len(past.times)),
        step_seconds=STEP_SECONDS,
    )


def _trouble(cluster: Cluster) -> Mapping[Owner, list[tuple[float, float]]]:
    """Owner → when an incident was open that nobody called a false positive (epoch seconds)."""
    spared = _false_positives(cluster)
    found: dict[Owner, list[tuple[float, float]]] = {}
    for row in Incident.objects.filter(cluster=cluster).only(*FIELDS, "onset", "closed_at"):
        if row.pk not in spared:
            end = row.closed_at.timestamp() if row.closed_at else float("inf")
            found.setdefault(_owner(row), []).append((row.onset.timestamp(), end))
    return found


def _false_positives(cluster: Cluster) -> set[int]:
    """The anomalies that people called none: of an owner, the last one before they said so.

    Its other incidents are not touched: a crash stays a crash.
    """
    anomalies = Incident.objects.filter(cluster=cluster, cause=Cause.METRIC_ANOMALY.value)
    rows = list(anomalies.only(*FIELDS, "first_seen").order_by("first_seen"))
    spared: set[int] = set()
    for told in AnomalyFeedback.objects.filter(cluster=cluster):
        before = [r for r in rows if _owner(r) == _owner(told) and r.first_seen <= told.at]
        spared |= {row.pk for row in before[-1:]}
    return spared


def _owner(row: Incident | AnomalyFeedback) -> Owner:
    return row.owner_kind, row.owner_namespace, row.owner_name
