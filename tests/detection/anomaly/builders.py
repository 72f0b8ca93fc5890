"""A small trained-like network and series, made without TensorFlow."""

from __future__ import annotations

import numpy as np

from detection.anomaly.model.autoencoder import Network
from detection.anomaly.scoring.series import Series

WINDOW = 32


def network(seed: int = 0) -> Network:
    """Rebuilds a window as its mean: what is constant is usual, what jumps is not."""
    first = np.full((WINDOW, 2), 1 / WINDOW, np.float32)
    first[:, 1] *= -1
    last = np.zeros((2, WINDOW), np.float32)
    last[0], last[1] = 1 / 1.2, -1 / 1.2
    zeros = (np.zeros(2, np.float32), np.zeros(WINDOW, np.float32))
    layers = [(first, zeros[0]), (last, zeros[1])]
    return Network([layers], np.zeros(WINDOW, np.float32), np.ones(WINDOW, np.float32))


def series(
    samples: int = 400, metrics: int = 4, train: int = 300, seed: int = 0, jump: int | None = None
) -> Series:
    """Noise; from `jump` on the first metric stands ten deviations higher."""
    values = np.random.default_rng(seed).normal(100, 2, (samples, metrics))
    labels = np.zeros(samples, dtype=np.int64)
    if jump is not None:
        values[jump : jump + 10, 0] += 20
        labels[jump : jump + 10] = 1
    rows = np.arange(samples)
    names = tuple(f"m{at}" for at in range(metrics))
    return Series(f"e{seed}", "", names, values, rows < train, labels, rows, 60.0)
