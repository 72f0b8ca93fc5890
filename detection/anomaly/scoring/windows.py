"""Sliding windows over scaled values, and what is computed of each. Causal: none looks ahead."""

from __future__ import annotations

import numpy as np

from detection.domain.arrays import Bools, Floats


def filled(scaled: Floats) -> Floats:
    """Gaps take the last known value, and 0 (the usual) before the first: after scaling only."""
    known = np.isfinite(scaled)
    rows = np.where(known, np.arange(len(scaled))[:, None], -1)
    last = np.maximum.accumulate(rows, axis=0)
    found = np.take_along_axis(scaled, np.maximum(last, 0), axis=0)
    return np.where(last >= 0, np.nan_to_num(found), 0.0)


def sliding(values: Floats, width: int) -> Floats:
    """[samples, metrics] → [samples, metrics, width], the first sample repeated before."""
    padded = np.concatenate([np.repeat(values[:1], width - 1, axis=0), values])
    return np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)


def five_statistics(values: Floats, width: int) -> Floats:
    """[samples, 5 · metrics]: mean, max, min, standard deviation and slope of each window."""
    windows = sliding(values, width)
    ramp = np.arange(width) - (width - 1) / 2
    slope = windows @ ramp / (ramp @ ramp) * width / 3
    parts = [windows.mean(-1), windows.max(-1), windows.min(-1), windows.std(-1), slope]
    return np.concatenate(parts, axis=1)


def smoothed(values: Floats, width: int) -> Floats:
    """Mean of each sample and the `width` - 1 before it."""
    sums = np.cumsum(np.concatenate(([0.0], values)))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def sustained(flags: Bools, needed: int, of: int) -> Bools:
    """True where the sample is flagged and `needed` of the last `of` samples are."""
    if not len(flags):
        return flags
    seen = np.convolve(flags.astype(np.int64), np.ones(of, dtype=np.int64))[: len(flags)]
    return np.asarray((seen >= needed) & flags, dtype=np.bool_)
