"""Normalisation per entity and metric, shrunk towards the fleet. No labels, no filling of raw gaps.

A single scaler for all entities is the classic mistake: what is noise for one is an outage for the
other. With few samples an entity borrows the fleet's scale for that metric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detection.domain.arrays import Bools, Floats

CLIP = 20.0
SHRINK_SAMPLES = 30.0
LEAST_FLEET = 3
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class MetricScales:
    """`median` and `scale` per metric; `moving` False: the metric is flat or was never seen."""

    median: Floats
    scale: Floats
    moving: Bools
    samples: int

    def apply(self, values: Floats) -> Floats:
        """[samples, metrics] in units of the metric's usual spread, within ±CLIP; NaN stays."""
        return np.clip((values - self.median) / self.scale, -CLIP, CLIP)


def fit(train: Floats, fleet: Floats | None = None) -> MetricScales:
    """Scale of one entity from its own `train` [samples, metrics].

    `fleet` [metrics]: the relative scale (scale ÷ |median|) usual for each metric, NaN unknown.
    """
    samples, metrics = train.shape
    median, spread = np.zeros(metrics), np.zeros(metrics)
    for at in range(metrics):
        known = train[np.isfinite(train[:, at]), at]
        if len(known):
            median[at], spread[at] = _spread(known)
    moving = spread > 0
    scale = np.where(moving, spread, 1.0)
    if fleet is not None:
        scale = _shrunk(scale, np.abs(median) * fleet, samples)
    return MetricScales(median, scale, moving, samples)


def medians(values: Floats) -> Floats:
    """[metrics]: of the values that were measured; NaN where none was."""
    order = np.sort(values, axis=0)
    count = np.isfinite(values).sum(axis=0)
    columns = np.arange(values.shape[1])
    if not len(values):
        return np.full(values.shape[1], np.nan)
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    high = np.minimum(high, len(values) - 1)
    return np.asarray((order[low, columns] + order[high, columns]) / 2)


def _spread(known: Floats) -> tuple[float, float]:
    median = float(np.median(known))
    mad = MAD_TO_SIGMA * float(np.median(np.abs(known - median)))
    return median, max(mad, float(known.std()) / 4, abs(median) / 100)


def _shrunk(own: Floats, fleet: Floats, samples: int) -> Floats:
    weight = SHRINK_SAMPLES / (samples + SHRINK_SAMPLES)
    usable = np.isfinite(fleet) & (fleet > 0)
    target = np.where(usable, fleet, own)
    return np.asarray(np.exp((1 - weight) * np.log(own) + weight * np.log(target)))


def fleet_scales(scales: Sequence[tuple[Sequence[str], MetricScales]]) -> Mapping[str, float]:
    """Metric → median of scale ÷ |median| over the entities that have it, where there are three."""
    seen: dict[str, list[float]] = {}
    for metrics, scale in scales:
        for at, metric in enumerate(metrics):
            if scale.moving[at] and scale.median[at] != 0:
                seen.setdefault(metric, []).append(scale.scale[at] / abs(scale.median[at]))
    return {name: float(np.median(all_)) for name, all_ in seen.items() if len(all_) >= LEAST_FLEET}
