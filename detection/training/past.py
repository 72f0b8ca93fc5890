"""The cluster's own metric history as series to train on, asked of Prometheus hour by hour.

Hours in which an incident of the entity was open are left out; where a person said "false
positive", they are not: that is what feedback teaches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from detection import history, queries
from detection.anomaly.measures import Bools
from detection.anomaly.series import Series
from detection.backfill import frames_between
from detection.history import Window
from detection.models import Cluster, Incident
from detection.models_anomaly import AnomalyFeedback
from detection.prometheus import Prometheus
from detection.samples import Entity, parse_key
from detection.training.train import STEP_SECONDS

HOURS = 24
LEAST_SAMPLES = 60
Owner = tuple[str, str, str]


def window(cluster: Cluster, client: Prometheus, now: datetime, hours: int = HOURS) -> Window:
    """The last `hours` at one sample a minute; what Prometheus doesn't answer is a gap."""
    active, owners = queries.active_queries(), history.owner_map(cluster.pk)
    frames = []
    for back in range(hours, 0, -1):
        start = now - timedelta(hours=back)
        frames += frames_between(active, client, owners, start, start + timedelta(hours=1))
    return history.window_of(frames)


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
    fields = ("owner_kind", "owner_namespace", "owner_name")
    wrong = set(AnomalyFeedback.objects.filter(cluster=cluster).values_list(*fields))
    found: dict[Owner, list[tuple[float, float]]] = {}
    for row in Incident.objects.filter(cluster=cluster).only(*fields, "onset", "closed_at"):
        owner = (row.owner_kind, row.owner_namespace, row.owner_name)
        if owner not in wrong:
            end = row.closed_at.timestamp() if row.closed_at else float("inf")
            found.setdefault(owner, []).append((row.onset.timestamp(), end))
    return found
