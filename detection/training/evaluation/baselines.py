"""What a detector has to beat, each fitted per entity on its training samples. More is stranger."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detection.anomaly.scoring import components, normalisation
from detection.anomaly.scoring.series import Series
from detection.anomaly.scoring.windows import filled, smoothed, sustained
from detection.domain.arrays import Bools, Floats

Score = Callable[[Series], Floats]
MEDIAN_SAMPLES = 30
TREES = 50
MOST_FITTED = 5000


def largest_z(series: Series) -> Floats:
    """The largest distance from the mean in standard deviations."""
    train = series.values[series.train]
    deviation = np.nanstd(filled(train), axis=0)
    usual = np.where(deviation > 0, deviation, 1.0)
    scores = np.abs(series.values - np.mean(filled(train), axis=0)) / usual
    return np.asarray(np.nan_to_num(scores).max(axis=1))


def moving_mad(series: Series) -> Floats:
    """The largest distance from the moving median, in MADs of the training samples."""
    values = _scaled(series)
    windows = np.lib.stride_tricks.sliding_window_view(
        np.concatenate([np.repeat(values[:1], MEDIAN_SAMPLES - 1, axis=0), values]),
        MEDIAN_SAMPLES,
        axis=0,
    )
    blocks = [np.median(windows[at : at + 2000], axis=-1) for at in range(0, len(values), 2000)]
    return np.asarray(np.abs(values - np.concatenate(blocks)).max(axis=1))


def isolation_forest(series: Series) -> Floats:
    """scikit-learn's, on scaled values."""
    from sklearn.ensemble import IsolationForest

    values = _scaled(series)
    train = values[series.train]
    fitted = train[:: max(len(train) // MOST_FITTED, 1)]
    forest = IsolationForest(n_estimators=TREES, random_state=0, n_jobs=1).fit(fitted)
    return np.asarray(-forest.score_samples(values))


def pca(series: Series) -> Floats:
    """Residual of a PCA of single samples that keeps 95 % of the variance."""
    return components.pca_residual(_scaled(series), series.train)


def norm_of_z(series: Series) -> Floats:
    """Root mean square of the scaled values, smoothed."""
    return smoothed(np.sqrt((_scaled(series) ** 2).mean(axis=1)), 5)


BASELINES: dict[str, Score] = {
    "largest z-score": largest_z,
    "moving median + MAD": moving_mad,
    "IsolationForest": isolation_forest,
    "PCA": pca,
    "L2 norm of z, smoothed": norm_of_z,
}


def alarms(score: Floats, train: Bools) -> Bools:
    """The same rule for every baseline: two of three samples above the entity's own q99."""
    return sustained(score > components.usual_maximum(score, train), 2, 3)


def _scaled(series: Series) -> Floats:
    return filled(normalisation.fit(series.values[series.train]).apply(series.values))
