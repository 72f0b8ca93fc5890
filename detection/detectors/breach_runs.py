"""Since when values have been beyond a limit: many series at once, honest about gaps.

A gap is neither good nor bad news. It ends no run that held for its dwell; it lets none open, for
a run that has a hole counts its dwell anew. A value within the limit, or a series that is
certainly gone, ends a run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detection.metrics.history import Bools, Floats

HOLE_PART_OF_DWELL = 1 / 3
HOLE_TICKS = 2.5
JITTER_SECONDS = 2.0


@dataclass(frozen=True)
class Runs:
    """One entry a series: whether it is open, since when, and when it was last seen (epoch)."""

    open: Bools
    since: Floats
    last: Floats


def runs(values: Floats, absent: Bools, times: Floats, beyond: Bools, dwell_seconds: float) -> Runs:
    """`values`, `absent` and `beyond` are [series, ticks], `times` epoch seconds of the ticks."""
    series = values.shape[0]
    since, last = np.full(series, np.nan), np.full(series, np.nan)
    is_open = np.zeros(series, dtype=np.bool_)
    hole = _longest_hole(dwell_seconds, times)
    for at, time in enumerate(times):
        bad = beyond[:, at]
        ended = absent[:, at] | (~bad & ~np.isnan(values[:, at]))
        is_open &= ~ended
        since[ended] = last[ended] = np.nan
        begins = bad & (np.isnan(since) | (~is_open & (time - last > hole)))
        since[begins] = time
        last[bad] = time
        is_open |= bad & (time - since >= dwell_seconds - JITTER_SECONDS)
    return Runs(is_open, since, last)


def _longest_hole(dwell_seconds: float, times: Floats) -> float:
    spacing = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    return max(dwell_seconds * HOLE_PART_OF_DWELL, HOLE_TICKS * spacing)
