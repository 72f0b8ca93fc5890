"""Which entities are worth a closer look: every series of the cluster at once, in float32.

The fleet autoencoder looks at the newest window of every series; entities are ranked by the metric
that stands out most: its error plus its distance from the usual, since what lasts for some minutes
is expected after a while and yet unusual. The closer look is `scoring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detection.anomaly.model.autoencoder import Floats32, Network
from detection.domain.arrays import Bools, Floats

THREADS = 2
SERIES_AT_ONCE = 4096
RECENT = 5
MAD_TO_SIGMA = np.float32(1.4826)
CLIP, FAR = np.float32(10.0), np.float32(100.0)
LEAST_SAMPLES = 30
Ints32 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Screened:
    """One entry a series. `stands_out`: how unexpected the newest sample is, plus how far it is
    from the usual, in units of the usual spread; 0 where the series is not known well enough."""

    stands_out: Floats32
    warming_up: Bools
    flat: Bools
    stale: Bools

    @property
    def known(self) -> Bools:
        return ~(self.warming_up | self.flat | self.stale)


def screen(network: Network, values: Floats32) -> Screened:
    """`values` [series, samples] at the model's step, NaN for gaps, newest last.

    A flat or stale series never stands out by itself; one that is short is warming up.
    """
    count = len(values)
    stands_out = np.zeros(count, np.float32)
    flags = [np.zeros(count, dtype=np.bool_) for _ in range(3)]
    blocks = [slice(at, at + SERIES_AT_ONCE) for at in range(0, count, SERIES_AT_ONCE)]

    def run(block: slice) -> None:
        stands_out[block], *found = _block(network, values[block])
        for flag, part in zip(flags, found, strict=True):
            flag[block] = part

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, blocks))
    return Screened(stands_out, *flags)


def _block(network: Network, values: Floats32) -> tuple[Floats32, Bools, Bools, Bools]:
    history = values[:, :-RECENT]
    counted = np.isfinite(history).sum(axis=1)
    median, spread = _usual(history, counted)
    warming_up: Bools = np.asarray(counted < LEAST_SAMPLES)
    flat = np.asarray(~warming_up & (spread <= 0))
    stale = ~np.isfinite(values[:, -2:]).any(axis=1)
    scale = np.where(spread > 0, spread, np.float32(1))[:, None]
    centred = values[:, -network.window :] - median[:, None]
    recent = _filled(np.asarray(centred / scale, dtype=np.float32))
    out = network.last_errors(np.clip(recent, -CLIP, CLIP)) + np.minimum(np.abs(recent[:, -1]), FAR)
    out[warming_up | flat | stale] = 0
    return out, warming_up, flat, np.asarray(stale)


def _usual(history: Floats32, counted: Ints32) -> tuple[Floats32, Floats32]:
    """Median and spread of each series, without its gaps: NaN sorts to the end."""
    middle = np.maximum((counted - 1) // 2, 0)[:, None]
    median = np.take_along_axis(np.sort(history, axis=1), middle, axis=1)
    away = np.sort(np.abs(history - median), axis=1)
    mad = np.take_along_axis(away, middle, axis=1)[:, 0] * MAD_TO_SIGMA
    last = np.take_along_axis(away, np.maximum(counted - 1, 0)[:, None], axis=1)[:, 0]
    median = np.nan_to_num(median[:, 0])
    spread = np.maximum(np.nan_to_num(mad), np.nan_to_num(last) / 8)
    return median, np.where(spread > 0, np.maximum(spread, np.abs(median) / 100), 0)


def _filled(recent: Floats32) -> Floats32:
    """Gaps take the last known value, the usual (0) before the first."""
    missing = ~np.isfinite(recent)
    if not missing.any():
        return recent
    rows = np.flatnonzero(missing.any(axis=1))
    some = recent[rows]
    known = np.isfinite(some)
    last = np.maximum.accumulate(np.where(known, np.arange(some.shape[1]), -1), axis=1)
    found = np.take_along_axis(some, np.maximum(last, 0), axis=1)
    recent[rows] = np.where(last >= 0, np.nan_to_num(found), 0)
    return recent


def to_step(times: Floats, values: Floats, step_seconds: float) -> tuple[Floats, Floats32]:
    """Samples of any spacing → means at the model's step; ends of the steps, [series, steps].

    A step without a sample is NaN. The newest step is taken as it is, so that nothing waits.
    """
    if not len(times):
        return times, np.empty((len(values), 0), np.float32)
    steps = np.floor((times[-1] - times) / step_seconds).astype(np.int64)
    number = int(steps[0]) + 1
    if len(np.unique(steps)) == len(steps) == number:
        return times, np.asarray(values, dtype=np.float32)
    means = np.full((len(values), number), np.nan, dtype=np.float32)
    for step in np.unique(steps):
        means[:, number - 1 - step] = _mean(values[:, steps == step])
    return times[-1] - step_seconds * np.arange(number)[::-1], means


def _mean(part: Floats) -> Floats:
    known = np.isfinite(part)
    count = known.sum(axis=1)
    sums = np.where(known, part, 0.0).sum(axis=1)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)


def strongest(groups: Ints32, stands_out: Floats32, most: int, least: float) -> Sequence[int]:
    """The numbers of the groups whose worst series stands out most, at most `most` of them."""
    if not len(groups):
        return []
    worst = np.zeros(int(groups.max()) + 1, np.float32)
    np.maximum.at(worst, groups, stands_out)
    candidates = np.flatnonzero(worst >= least)
    if len(candidates) > most:
        candidates = candidates[np.argpartition(-worst[candidates], most)[:most]]
    return [int(at) for at in candidates[np.argsort(-worst[candidates])]]
