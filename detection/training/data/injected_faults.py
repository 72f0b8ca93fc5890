"""Labelled series for the evaluation where history has no labels: made-up services with faults."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detection.anomaly.scoring.series import Series
from detection.training.data.labelled_faults import BENIGN, FAULTS, METRICS, inject

SAMPLES = 720
TRAIN_SAMPLES = 480
LENGTH = 12
SEEDS_PER_KIND = 2


def series(seed: int = 0) -> Sequence[Series]:
    """Every kind of fault, and what is no fault, twice; the first eight hours are healthy."""
    return [
        _one(kind, seed + number * 1000 + at)
        for at, kind in enumerate([*FAULTS, *BENIGN])
        for number in range(SEEDS_PER_KIND)
    ]


def _one(kind: str, seed: int) -> Series:
    rng = np.random.default_rng(seed)
    start = int(rng.integers(TRAIN_SAMPLES + 60, SAMPLES - 2 * LENGTH))
    done = inject(kind, SAMPLES, start, LENGTH, seed)
    rows = np.arange(SAMPLES)
    train = rows < TRAIN_SAMPLES
    name = f"{kind}, seed {seed}"
    return Series(name, "", METRICS, done.values, train, done.labels, rows, 60.0)
