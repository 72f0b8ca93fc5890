"""The limit of the score, sample by sample: every entity keeps its own false-alarm budget.

Where an entity drifts, its score stays high without anything having broken. So the limit follows
the median of what was scored before: the training samples, and the two days seen since. A median
forgets slowly (an outage of less than a day doesn't move it far) and needs no labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detection.domain.arrays import Bools, Floats

MEMORY_DAYS = 2
DAY_SAMPLES = 1440
ROOM = 1.25
EVERY = 15


def memory_samples(found_day: int, days: Sequence[int]) -> int:
    """How many scores are remembered: of the day that was found, the one known, or of minutes."""
    return MEMORY_DAYS * (found_day or (days[0] if days else DAY_SAMPLES))


def rolling(score: Floats, train: Bools, memory: int, alarm_at: float) -> Floats:
    """[samples]: `alarm_at`, or as much more as the median of the scores before is above 1 / ROOM.

    Causal: a sample's limit depends on training samples and on what was seen before it.
    """
    return np.asarray(alarm_at * np.maximum(1.0, ROOM * usual_before(score, train, memory)))


def usual_before(score: Floats, train: Bools, memory: int) -> Floats:
    """[samples]: the median of the `memory` scores before, brought up to date every 15 samples.

    Training samples count as seen first, wherever they lie in time.
    """
    order = np.concatenate([np.flatnonzero(train), np.flatnonzero(~train)])
    known = int(train.sum())
    seen = score[order]
    usual = np.full(len(score), float(np.median(seen[:known])))
    for start in range(known, len(seen), EVERY):
        before = seen[max(0, start - memory) : start]
        usual[order[start : start + EVERY]] = np.median(before)
    return usual
