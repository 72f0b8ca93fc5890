"""One calibrated score and one alarm rule for every entity, whatever its metrics.

The rule was fixed on public entities left out of training (`evaluate_model` prints the figures):
the parts count alike, the score is smoothed, and two of three samples above the entity's limit
are an alarm. The limit is `ALARM_AT`, and higher where the entity drifts (`limits`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detection.anomaly.model.autoencoder import Network
from detection.anomaly.scoring import adaptive_threshold, components, normalisation, seasonality
from detection.anomaly.scoring.components import Component, root_mean_square, usual_maximum
from detection.anomaly.scoring.series import Series
from detection.anomaly.scoring.windows import smoothed, sustained
from detection.domain.arrays import Bools, Floats

SMOOTH_SAMPLES = 3
DEBOUNCE = (2, 3)
ALARM_AT = 1.0
FAR, BEYOND_FAR = 6.0, 0.1
LEAST_TRAIN_SAMPLES = 30
SMALL = 1e-9


@dataclass(frozen=True)
class Scored:
    """`score` [samples] is 1 at the usual maximum of the entity; `shares` [samples, metrics].

    `limit` [samples]: what the score is compared with; `errors` [samples, metrics]: the
    autoencoder's, in units of each metric's usual maximum; `day_samples`: the length of the day
    whose pattern was used, 0 where none was.
    """

    score: Floats
    limit: Floats
    alarm: Bools
    errors: Floats
    shares: Floats
    warming_up: bool
    day_samples: int = 0


def score_all(
    network: Network, all_series: Sequence[Series], alarm_at: float = ALARM_AT
) -> list[Scored]:
    """Score each series after fitting its own parts on its training samples, without labels."""
    own = [normalisation.fit(series.values[series.train]) for series in all_series]
    fleet = normalisation.fleet_scales(
        [(series.metrics, scale) for series, scale in zip(all_series, own, strict=True)]
    )
    return [score_one(network, series, fleet, alarm_at) for series in all_series]


def score_one(
    network: Network,
    series: Series,
    fleet: Mapping[str, float] | None = None,
    alarm_at: float = ALARM_AT,
) -> Scored:
    """Causal: a sample's score depends on the training samples and on what came before it.

    Fewer than 30 training samples: warming up, scores without alarms.
    """
    train = series.train
    if int(train.sum()) < LEAST_TRAIN_SAMPLES:
        return _cold(series, alarm_at)
    known = np.array([(fleet or {}).get(name, np.nan) for name in series.metrics])
    scale = normalisation.fit(series.values[train], known)
    scaled = scale.apply(series.values)
    errors = components.calibrated(components.fleet_errors(network, scaled), train)
    pattern = seasonality.find(scaled, series.ticks, train, series.days)
    parts = _components(
        scaled, pattern.distances_from_daily(scaled, train), errors, scale.moving, train
    )
    score = smoothed(fused(parts), SMOOTH_SAMPLES)
    memory = adaptive_threshold.memory_samples(pattern.day_samples, series.days)
    limit = adaptive_threshold.rolling(score, train, memory, alarm_at)
    seen = np.isfinite(series.values).any(axis=1)
    alarm = sustained(score > limit, *DEBOUNCE) & seen
    return Scored(score, limit, alarm, errors, shares(errors), False, pattern.day_samples)


def _cold(series: Series, alarm_at: float) -> Scored:
    nothing = np.zeros(len(series.train))
    shape = np.zeros(series.values.shape)
    return Scored(nothing, nothing + alarm_at, nothing > 0, shape, shape, warming_up=True)


def _components(
    scaled: Floats, from_daily: Floats, errors: Floats, moving: Bools, train: Bools
) -> list[Component]:
    """`around`: distances from the usual at that time of the day; `scaled`: from the usual."""
    measured = np.isfinite(scaled)
    found = [
        _component("fleet", root_mean_square(errors, measured), train),
        _component("level", root_mean_square(from_daily, measured), train),
    ]
    weight = components.pca_weight(int(train.sum()))
    inputs = components.pca_inputs(scaled, moving)
    if weight > 0 and inputs.shape[1]:
        for name, residual in components.PER_ENTITY.items():
            found.append(_component(name, residual(inputs, train), train, weight))
    return found


def _component(name: str, score: Floats, train: Bools, weight: float = 1.0) -> Component:
    usual = usual_maximum(score, train)
    return Component(name, score / (usual + SMALL), weight)


def fused(parts: Sequence[Component]) -> Floats:
    """Weighted mean of log(1 + score), scaled so that 1 means "all at their usual maximum"."""
    total = sum(part.weight for part in parts)
    logs = sum(part.weight * _compressed(part.score) for part in parts)
    return np.asarray(logs / total / np.log(2.0))


def _compressed(score: Floats) -> Floats:
    """log(1 + score), and hardly more beyond six times the usual maximum.

    One part that has gone astray alone can't keep the entity above its limit.
    """
    beyond = np.log(np.maximum(score, FAR) / FAR)
    return np.asarray(np.log1p(np.minimum(score, FAR)) + BEYOND_FAR * beyond)


def shares(errors: Floats) -> Floats:
    """[samples, metrics]: how much of the squared error is due to each metric; rows add up to 1."""
    squares = errors**2
    return np.asarray(squares / np.maximum(squares.sum(axis=1, keepdims=True), SMALL))


def explained(metrics: Sequence[str], share: Floats, most: int = 3) -> str:
    """ "memory explains 71 %, cpu 20 %" for one sample's shares."""
    order = np.argsort(-share)[:most]
    parts = [f"{metrics[at]} explains {share[at]:.0%}" for at in order if share[at] >= 0.05]
    return ", ".join(parts)
