"""A level that changed and stays is a change, told once: no anomaly for hours.

A metric whose median of the last half hour and more is steady and clearly off its usual level has
changed. From then on the history before is moved to the new level, so that the next look compares
with what is usual now. A fall to next to nothing is never learned: that is what an outage is like.
A metric that went back to its old level is compared with its history as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from detection.anomaly.scoring.series import Series
from detection.domain.arrays import Bools, Floats

LEAST_SAMPLES = 30
ABNORMAL_SHARE = 0.8
LEAST_SHARE_OFF = 0.15
LEAST_SPREADS = 3.0
STEADY_SHARE = 0.25
NOTHING_SHARE = 0.1
COMPARED_SAMPLES = 1440
BACK_SAMPLES = 15
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class LevelChange:
    """From `at` on the metric stands at `after`, where `before` was usual."""

    metric: str
    at: datetime
    before: float
    after: float


def changes(series: Series, times: Floats, above: Bools) -> tuple[LevelChange, ...]:
    """Metrics that changed their level with the unusual stretch that goes on; () where none did.

    `above` [samples]: whether the score was above its limit.
    """
    start = _begun(above)
    if start is None or start < LEAST_SAMPLES:
        return ()
    at = datetime.fromtimestamp(float(times[start]), UTC)
    found = [
        _change(name, series.values[:, column], start, at)
        for column, name in enumerate(series.metrics)
    ]
    return tuple(one for one in found if one)


def _begun(above: Bools) -> int | None:
    """Where the longest stretch up to now begins of which four fifths are above the limit."""
    backwards = np.cumsum(above[::-1]) / np.arange(1, len(above) + 1)
    long = np.flatnonzero((backwards >= ABNORMAL_SHARE) & above[::-1])
    if not len(long) or long[-1] + 1 < LEAST_SAMPLES:
        return None
    return len(above) - 1 - int(long[-1])


def _change(name: str, values: Floats, start: int, at: datetime) -> LevelChange | None:
    before, after = _known(values[max(0, start - COMPARED_SAMPLES) : start]), _known(values[start:])
    if min(len(before), len(after)) < LEAST_SAMPLES:
        return None
    usual, new = float(np.median(before)), float(np.median(after))
    spread = MAD_TO_SIGMA * float(np.median(np.abs(before - usual)))
    step = abs(new - usual)
    if step < max(LEAST_SHARE_OFF * abs(usual), LEAST_SPREADS * spread) or step == 0:
        return None
    if is_nothing(usual, new) or not _steady(after, step):
        return None
    return LevelChange(name, at, usual, new)


def is_nothing(before: float, after: float) -> bool:
    """Whether hardly anything is left of the level before."""
    return abs(after) < NOTHING_SHARE * abs(before)


def _steady(after: Floats, step: float) -> bool:
    """A level that still moves is a trend, and one that swings is none."""
    half = len(after) // 2
    moved = abs(float(np.median(after[half:])) - float(np.median(after[:half])))
    swing = float(np.quantile(after, 0.75) - np.quantile(after, 0.25))
    return moved <= STEADY_SHARE * step and swing <= step


def went_back(series: Series, one: LevelChange) -> bool:
    """Whether the newest samples are nearer to the level before the change than to the new one."""
    if one.metric not in series.metrics:
        return False
    newest = _known(series.values[-BACK_SAMPLES:, series.metrics.index(one.metric)])
    if not len(newest):
        return False
    now = float(np.median(newest))
    return abs(now - one.before) < abs(now - one.after)


def at_new_level(series: Series, times: Floats, known: Iterable[LevelChange]) -> Series:
    """The same series, what came before each change moved to the level after it."""
    values = series.values.copy()
    for one in known:
        if one.metric in series.metrics:
            earlier = times < one.at.timestamp()
            values[earlier, series.metrics.index(one.metric)] += one.after - one.before
    return replace(series, values=values)


def told(found: Sequence[LevelChange]) -> str:
    """ "cpu 0.2 → 0.6, memory 1e+08 → 2e+08"."""
    return ", ".join(f"{one.metric} {one.before:.3g} → {one.after:.3g}" for one in found)


def _known(values: Floats) -> Floats:
    return np.asarray(values[np.isfinite(values)])
