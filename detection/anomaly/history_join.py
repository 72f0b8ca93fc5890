"""What an entity's metrics were before the metric window, put in front of it: the longer look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detection.anomaly.model.autoencoder import Floats32
from detection.anomaly.scoring.series import Series
from detection.domain.arrays import Floats

LEAST_EARLIER_SAMPLES = 60
MOST_VALUES = 400_000  # of one pass: 12 owners of 20 metrics for a day, or 10 of 9 for three
KNOWN_SHARE, LEAST_SHARE = 0.5, 0.05
DAY_SECONDS = 86400
Owner = tuple[str, str, str]


@dataclass(frozen=True)
class Earlier:
    """`times` [samples] in epoch seconds, one each step, rising; `values`: series key → [samples],
    NaN for what was not measured."""

    times: Floats
    values: Mapping[str, Floats32]


Longer = Callable[[Sequence[Owner]], Mapping[Owner, Earlier]]


def joined(
    series: Series, keys: Sequence[str], times: Floats, earlier: Earlier
) -> tuple[Series, Floats] | None:
    """The same entity with its history in front, and the times of all samples.

    `keys` are the series keys of its metrics, `times` those of its samples; where both know a
    sample, the window does. All of the history may be trained on, where anything was measured.
    None where the history of its metrics is too short, or one is hardly in it.
    """
    before = _before(series, keys, times, earlier)
    known = np.isfinite(series.values).mean(axis=0) >= KNOWN_SHARE
    before = before[_start(before[:, known]) :]
    if len(before) < LEAST_EARLIER_SAMPLES or not known.any():
        return None
    if np.isfinite(before[:, known]).mean(axis=0).min() < LEAST_SHARE:
        return None
    step, seen = series.step_seconds, np.isfinite(before).any(axis=1)
    count = len(before) + len(times)
    whole = times[-1] - step * np.arange(count)[::-1]
    longer = replace(
        series,
        values=np.concatenate([before, series.values]),
        train=np.concatenate([seen, series.train]),
        labels=np.zeros(count, dtype=np.int64),
        rows=np.arange(count),
        ticks=np.round(whole / step).astype(np.int64),
        days=(round(DAY_SECONDS / step),),
    )
    return longer, whole


def _before(series: Series, keys: Sequence[str], times: Floats, earlier: Earlier) -> Floats:
    """[samples, metrics] of the steps just before the window."""
    steps = np.round((times[0] - earlier.times) / series.step_seconds).astype(np.int64)
    most = MOST_VALUES // max(len(keys), 1) - len(times)
    usable = (steps >= 1) & (steps <= most)
    found = np.full((int(steps[usable].max(initial=0)), len(keys)), np.nan)
    for at, key in enumerate(keys):
        if key in earlier.values:
            found[len(found) - steps[usable], at] = earlier.values[key][usable]
    return found


def _start(before: Floats) -> int:
    """From where on each of these metrics had been seen."""
    if not before.size:
        return 0
    finite = np.isfinite(before)
    first = np.where(finite.any(axis=0), finite.argmax(axis=0), len(before))
    return int(first.max(initial=0))
