"""The classic recipe, as a baseline: five statistics a metric, one global scaler, a dense AE.

Mean, maximum, minimum, standard deviation and slope of each metric over the window, standardised
over all entities, dense autoencoder 64-32-16, mean squared error of the whole input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from detection.anomaly.scoring.series import Series
from detection.anomaly.scoring.windows import filled, five_statistics
from detection.domain.arrays import Floats
from detection.training.model.autoencoder import keras_module

WINDOW = 10
ROWS = 40_000
EPOCHS = 8


class Classic:
    """Fitted on the training samples of all series of one set that have the same metrics."""

    def __init__(self, fitted_on: Sequence[Series], seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        each = max(ROWS // max(len(fitted_on), 1), 1)
        rows = np.concatenate([_sample(series, each, rng) for series in fitted_on])
        self._mean, self._deviation = rows.mean(axis=0), rows.std(axis=0)
        self._deviation[self._deviation == 0] = 1.0
        self._model = _fit((rows - self._mean) / self._deviation, seed)

    def score(self, series: Series) -> Floats:
        """[samples]: mean squared error of the window that ends there."""
        given = (five_statistics(filled(series.values), WINDOW) - self._mean) / self._deviation
        rebuilt = self._model.predict(given, batch_size=4096, verbose=0)
        return np.asarray(((given - rebuilt) ** 2).mean(axis=1))


def _sample(series: Series, count: int, rng: np.random.Generator) -> Floats:
    features = five_statistics(filled(series.values[series.train]), WINDOW)
    return np.asarray(features[rng.integers(0, len(features), count)])


def _fit(rows: Floats, seed: int) -> Any:
    keras = keras_module()
    keras.utils.set_random_seed(seed)
    widths = (64, 32, 16, 32, 64)
    hidden = [keras.layers.Dense(width, activation="relu") for width in widths]
    model = keras.Sequential(
        [keras.Input((rows.shape[1],)), *hidden, keras.layers.Dense(rows.shape[1])]
    )
    model.compile("adam", loss="mse")
    model.fit(rows, rows, epochs=EPOCHS, batch_size=256, verbose=0)
    return model
