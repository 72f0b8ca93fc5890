"""Windows of scaled single metrics to train on: the same number from every set and entity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from detection.anomaly.model.autoencoder import INPUT_CLIP, Floats32
from detection.anomaly.scoring import normalisation
from detection.anomaly.scoring.series import Series
from detection.anomaly.scoring.windows import filled, sliding

WINDOW_SAMPLES = 32
WINDOWS_PER_SET = 100_000
Sets = Mapping[str, Sequence[Series]]


def windows_of(sets: Sets, seed: int, per_set: int = WINDOWS_PER_SET) -> Floats32:
    """[rows, WINDOW_SAMPLES] from the training samples alone, clipped as in serving."""
    rng = np.random.default_rng(seed)
    parts = [
        _some(series, per_set // len(found), rng)
        for found in sets.values()
        if found
        for series in found
    ]
    return np.concatenate(parts) if parts else np.empty((0, WINDOW_SAMPLES), np.float32)


def _some(series: Series, count: int, rng: np.random.Generator) -> Floats32:
    values = series.values[series.train]
    scale = normalisation.fit(values)
    moving = np.flatnonzero(scale.moving)
    if len(values) <= WINDOW_SAMPLES or not len(moving):
        return np.empty((0, WINDOW_SAMPLES), np.float32)
    windows = sliding(filled(scale.apply(values)).astype(np.float32), WINDOW_SAMPLES)
    rows = rng.integers(WINDOW_SAMPLES, len(values), count)
    columns = rng.choice(moving, count)
    return np.asarray(np.clip(windows[rows, columns], -INPUT_CLIP, INPUT_CLIP), np.float32)


def folds(sets: Sets, number: int) -> list[tuple[Sets, Sets]]:
    """`number` pairs (train, left out); all series of an entity are on the same side."""
    return [
        (
            {
                name: [s for s in found if _fold(found, s, number) != at]
                for name, found in sets.items()
            },
            {
                name: [s for s in found if _fold(found, s, number) == at]
                for name, found in sets.items()
            },
        )
        for at in range(number)
    ]


def _fold(found: Sequence[Series], one: Series, number: int) -> int:
    return sorted({series.entity for series in found}).index(one.entity) % number
