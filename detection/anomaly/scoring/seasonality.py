"""What is usual at this time of the day, or of the week, where an entity's history shows it.

A daily pattern is used only for the metrics where the profile of the first half of the training
samples makes the second half less surprising; with less than two days of history there is none.
Where a file numbers its samples and names no times, the length of a day is found the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detection.anomaly.scoring import normalisation
from detection.domain.arrays import Bools, Floats, Ints

BINS_A_DAY = 96
WEEK_DAYS = 7
LEAST_PERIODS = 2
LEAST_GAIN = 0.1
SMALL = 1e-9


@dataclass(frozen=True)
class Pattern:
    """`expected` [samples, metrics]: the usual at that time, 0 without a pattern.

    `day_samples`: the length of a day that was found, 0 where there is no pattern.
    """

    expected: Floats
    used: Bools
    day_samples: int = 0

    def distances_from_daily(self, scaled: Floats, train: Bools) -> Floats:
        """The distance from the usual at that time, in units of what is left of the spread."""
        if not self.used.any():
            return scaled
        left = scaled[:, self.used] - self.expected[:, self.used]
        found = scaled.copy()
        found[:, self.used] = normalisation.fit(left[train]).apply(left)
        return found


def find(scaled: Floats, ticks: Ints | None, train: Bools, days: Sequence[int]) -> Pattern:
    """The pattern of `scaled` [samples, metrics]; `ticks` are the numbers of the samples' steps.

    `days`: the lengths, in samples, that a day may have. Fitted on training samples alone.
    """
    none = Pattern(np.zeros(scaled.shape), np.zeros(scaled.shape[1], dtype=np.bool_))
    rows = np.flatnonzero(train)
    possible = [day for day in days if len(rows) >= LEAST_PERIODS * day]
    if ticks is None or not possible:
        return none
    gains = {day: _gain(scaled, ticks, rows, day, BINS_A_DAY) for day in possible}
    day = max(possible, key=lambda one: float(gains[one].mean()))
    expected = np.where(gains[day] >= LEAST_GAIN, _profile(scaled, ticks, rows, day), 0.0)
    weekly = _weekly(scaled, ticks, rows, day, gains[day])
    if weekly.any():
        week = _profile(scaled, ticks, rows, WEEK_DAYS * day, WEEK_DAYS * BINS_A_DAY)
        expected = np.where(weekly, week, expected)
    used = (gains[day] >= LEAST_GAIN) | weekly
    return Pattern(expected, used, day) if used.any() else none


def _weekly(scaled: Floats, ticks: Ints, rows: Ints, day: int, daily: Floats) -> Bools:
    """Metrics whose week says clearly more than their day; four weeks of history are needed."""
    week = WEEK_DAYS * day
    if len(rows) < 2 * LEAST_PERIODS * week:
        return np.zeros(scaled.shape[1], dtype=np.bool_)
    gain = _gain(scaled, ticks, rows, week, WEEK_DAYS * BINS_A_DAY)
    return np.asarray(gain >= np.maximum(daily, 0.0) + LEAST_GAIN)


def _gain(scaled: Floats, ticks: Ints, rows: Ints, period: int, bins: int) -> Floats:
    """[metrics]: by how much the first half's profile shrinks the second half's distances."""
    first, second = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    flat = normalisation.medians(scaled[first])
    before = _distance(scaled[second] - flat)
    expected = _at(_bins(scaled, ticks, first, period, bins), ticks[second], period)
    return np.asarray(1 - _distance(scaled[second] - expected) / np.maximum(before, SMALL))


def _distance(values: Floats) -> Floats:
    count = np.maximum(np.isfinite(values).sum(axis=0), 1)
    return np.asarray(np.nansum(np.abs(values), axis=0) / count)


def _profile(
    scaled: Floats, ticks: Ints, rows: Ints, period: int, bins: int = BINS_A_DAY
) -> Floats:
    return _at(_bins(scaled, ticks, rows, period, bins), ticks, period)


def _bins(scaled: Floats, ticks: Ints, rows: Ints, period: int, bins: int) -> Floats:
    """[bins, metrics]: medians of each part of the period, smoothed over its neighbours."""
    part = (ticks[rows] % period) * bins // period
    whole = normalisation.medians(scaled[rows])
    found = np.array([normalisation.medians(scaled[rows[part == at]]) for at in range(bins)])
    found = np.where(np.isfinite(found), found, np.nan_to_num(whole))
    return np.asarray((np.roll(found, 1, axis=0) + 2 * found + np.roll(found, -1, axis=0)) / 4)


def _at(profile: Floats, ticks: Ints, period: int) -> Floats:
    return np.asarray(profile[(ticks % period) * len(profile) // period])
