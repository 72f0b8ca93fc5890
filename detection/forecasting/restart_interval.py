"""When the next restart is due: from the times between the last ones, or None without a rhythm.

Times between events spread by factors, so everything is in logarithms: the next interval is the
median of the last ones, or on their line where they certainly grow shorter, and its spread is that
of the last ones with Student's t for so few of them. What is left of the interval is conditional on
the time that has passed already.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from detection.domain.arrays import Floats
from detection.forecasting.trend import Eta, robust_trend

FEWEST_RESTARTS = 4
LEAST_SPAN_SECONDS = 1800.0
MOST_INTERVALS = 12
MOST_SPREAD = 0.4
OVERDUE = 0.95
EARLY, LATE = 0.05, 0.95
MAD_TO_SIGMA = 1.4826
DAY_SECONDS = 86_400.0
STUDENT_95 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796)
NORMAL_95 = 1.645
NORMAL = NormalDist()


@dataclass(frozen=True)
class Rhythm:
    """`restarts` that were seen, about one in `every_seconds`, and the next one."""

    restarts: int
    every_seconds: float
    next: Eta
    quickens: bool

    @property
    def a_day(self) -> float:
        return DAY_SECONDS / self.every_seconds


def restart_times(times: Sequence[float] | Floats, counts: Sequence[float] | Floats) -> Floats:
    """When a counter of restarts rose, in the times of its samples; a reset is a new pod's start.

    Several within one step are one: they are one burst.
    """
    at, found = np.asarray(times, np.float64), np.asarray(counts, np.float64)
    known = np.isfinite(found)
    at, change = at[known], np.diff(found[known])
    since = np.flatnonzero(change < 0)
    first = int(since[-1]) + 1 if len(since) else 0
    return at[1:][first:][change[first:] > 0]


def rhythm_of(restarts: Floats, now: float, step_seconds: float) -> Rhythm | None:
    """`restarts` in seconds, oldest first, known to a step. None: too few, irregular, or overdue.

    Never from fewer than four restarts: three intervals that are alike are no accident. Nor from
    those of one bad half hour: that is a crash loop, which the rules see.
    """
    if len(restarts) < FEWEST_RESTARTS or restarts[-1] - restarts[0] < LEAST_SPAN_SECONDS:
        return None
    logs = np.log(np.maximum(np.diff(restarts), step_seconds))[-MOST_INTERVALS:]
    middle, spread, quickens = _next(logs)
    if spread > MOST_SPREAD:
        return None
    middle, known_to = math.exp(middle), step_seconds / math.exp(middle)
    wide = math.hypot(spread, known_to / 2) * _few(len(logs), quickens)
    eta = _left(math.log(middle), wide, max(now - float(restarts[-1]), 0.0))
    return Rhythm(len(restarts), middle, eta, quickens) if eta else None


def _next(logs: Floats) -> tuple[float, float, bool]:
    """The logarithm of the next interval, the spread around it, and whether they grow shorter."""
    line = robust_trend(np.arange(len(logs), dtype=np.float64), -logs)
    if line is not None:
        return -(line.level + line.per_second), line.noise, True
    middle = float(np.median(logs))
    robust = float(np.median(np.abs(logs - middle))) * MAD_TO_SIGMA
    return middle, max(robust, float(np.std(logs, ddof=1))), False


def _few(count: int, on_a_line: bool) -> float:
    """How much wider than a normal interval one of the next value is, after so few of them.

    On a line the slope is estimated too, and the next value lies one step beyond it.
    """
    known = count - 2 if on_a_line else count - 1
    student = STUDENT_95[min(known, len(STUDENT_95)) - 1]
    beyond = 3 * (count + 1) / (count * (count - 1)) if on_a_line else 0.0
    return student / NORMAL_95 * math.sqrt(1 + 1 / count + beyond)


def _left(middle: float, spread: float, passed: float) -> Eta | None:
    """What is left of a log-normal interval of which `passed` seconds are over; None: overdue."""
    over = NORMAL.cdf((math.log(passed) - middle) / spread) if passed > 0 else 0.0
    if over >= OVERDUE:
        return None

    def left(share: float) -> float:
        quantile = NORMAL.inv_cdf(min(over + share * (1 - over), 1 - 1e-9))
        return max(math.exp(middle + spread * quantile) - passed, 0.0)

    return Eta(left(0.5), left(EARLY), left(LATE))
