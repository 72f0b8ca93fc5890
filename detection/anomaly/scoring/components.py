"""What can be unusual about an entity: four scores of it, each in units of its own usual maximum.

1. `fleet`: the fleet autoencoder's error of the newest sample of each metric, ÷ that metric's q99;
   root mean square over the metrics that exist.
2. `shape`: residual of a PCA on five statistics of a window, fitted per entity.
3. `course`: residual of a PCA on the lagged values, fitted per entity, each ÷ its own q99; the mean
   of the tenth that is highest.
4. `level`: root mean square of the distances from the usual at that time of the day.

Per-entity models are scored on samples that they were not fitted on, also for their calibration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detection.anomaly.model.autoencoder import INPUT_CLIP, Network
from detection.anomaly.scoring.windows import filled, five_statistics, sliding
from detection.domain.arrays import Bools, Floats

QUANTILE = 0.99
LEAST_ERROR = 0.05
KEPT_VARIANCE = 0.95
SHAPE_SAMPLES = 10
COURSE_SAMPLES = 8
LEAST_PCA_SAMPLES = 60
FULL_PCA_SAMPLES = 200
MOST_FEATURES = 400
TOP_SHARE, LEAST_TOP = 0.1, 3


@dataclass(frozen=True)
class Component:
    """`score` [samples] is 1 where it is as high as in 1 % of the training samples."""

    name: str
    score: Floats
    weight: float


def usual_maximum(score: Floats, train: Bools) -> float:
    """The score's q99 over training samples."""
    return float(np.quantile(score[train], QUANTILE))


def fleet_errors(network: Network, scaled: Floats) -> Floats:
    """[samples, metrics]: the autoencoder's error of each sample; 0 where it was not measured."""
    windows = sliding(filled(scaled).astype(np.float32), network.window)
    errors = np.zeros(scaled.shape)
    for at in range(scaled.shape[1]):
        if np.ptp(windows[:, at, -1]) > 0:
            errors[:, at] = network.last_errors(np.ascontiguousarray(windows[:, at]))
    return np.where(np.isfinite(scaled), errors, 0.0)


def calibrated(errors: Floats, train: Bools) -> Floats:
    """Errors in units of each metric's own q99; a floor keeps flat metrics from alarming."""
    usual = np.quantile(errors[train], QUANTILE, axis=0)
    return np.asarray(errors / (usual + LEAST_ERROR))


def root_mean_square(values: Floats, measured: Bools) -> Floats:
    """[samples]: over the metrics that exist in each sample; 0 where none does."""
    count = np.maximum(measured.sum(axis=1), 1)
    return np.asarray(np.sqrt((np.where(measured, values, 0.0) ** 2).sum(axis=1) / count))


def pca_residual(features: Floats, train: Bools) -> Floats:
    """[samples]: root mean square distance from the plane that holds 95 % of the variance."""
    return np.asarray(np.sqrt((pca_errors(features, train) ** 2).mean(axis=1)))


def pca_errors(features: Floats, train: Bools) -> Floats:
    """[samples, features]: how far each feature is from the plane.

    Training samples are measured against a plane fitted on the other half of them.
    """
    numbers = np.flatnonzero(train)
    first, second = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
    errors = _off_plane(features, features[numbers])
    errors[second] = _off_plane(features[second], features[first])
    errors[first] = _off_plane(features[first], features[second])
    return errors


def _off_plane(features: Floats, fitted_on: Floats) -> Floats:
    mean = fitted_on.mean(axis=0)
    centred = fitted_on - mean
    variances, axes = np.linalg.eigh(centred.T @ centred / max(len(centred) - 1, 1))
    variances, axes = np.maximum(variances[::-1], 0), axes[:, ::-1]
    total = variances.sum()
    share = np.cumsum(variances) / total if total > 0 else np.ones(len(variances))
    plane = axes[:, : int(np.searchsorted(share, KEPT_VARIANCE)) + 1]
    offsets = features - mean
    return np.asarray(np.abs(offsets - (offsets @ plane) @ plane.T))


def highest(errors: Floats) -> Floats:
    """[samples]: the mean of the highest tenth of the errors, of three at least."""
    most = min(max(int(errors.shape[1] * TOP_SHARE), LEAST_TOP), errors.shape[1])
    return np.asarray(np.partition(errors, -most, axis=1)[:, -most:].mean(axis=1))


def pca_weight(samples: int) -> float:
    """0 below 60 training samples, 1 from 200 on: a per-entity model needs history."""
    reach = (samples - LEAST_PCA_SAMPLES) / (FULL_PCA_SAMPLES - LEAST_PCA_SAMPLES)
    return float(np.clip(reach, 0.0, 1.0))


def shape(moving: Floats, train: Bools) -> Floats:
    return pca_residual(five_statistics(moving, SHAPE_SAMPLES), train)


def course(moving: Floats, train: Bools) -> Floats:
    lagged = np.asarray(sliding(moving, COURSE_SAMPLES).reshape(len(moving), -1))
    return highest(calibrated(pca_errors(lagged, train), train))


PER_ENTITY: dict[str, Callable[[Floats, Bools], Floats]] = {"shape": shape, "course": course}


def pca_inputs(scaled: Floats, moving: Bools) -> Floats:
    """The metrics that move, without gaps, within what a plane can bear; at most 80 of them."""
    columns = np.flatnonzero(moving)[: MOST_FEATURES // 5]
    return np.clip(filled(scaled[:, columns]), -INPUT_CLIP, INPUT_CLIP)
