"""rate, increase, delta, irate, idelta: differences over a window.

Source: extrapolatedRate and instantValue in prometheus/promql/functions.go, v2.42.
"""

import numpy as np

from simulator.prometheus.storage.samples import Floats, Masks
from simulator.prometheus.storage.windows import Segments

EXTRAPOLATION_THRESHOLD = 1.1


def extrapolated(
    segments: Segments, range_ms: int, *, counter: bool, per_second: bool
) -> tuple[Floats, Masks]:
    """The change over the window, stretched to the window's ends as Prometheus does."""
    known = segments.counts >= 2
    change = segments.last - segments.first
    if counter:
        change = change + _lost_to_resets(segments)
    seconds = _sampled_seconds(segments)
    factor = _stretched_seconds(segments, change, seconds, counter=counter) / seconds
    if per_second:
        factor = factor / (range_ms / 1000)
    return change * factor, known


def instant_change(segments: Segments, *, counter: bool, per_second: bool) -> tuple[Floats, Masks]:
    """The change between a window's last two samples."""
    last, before = segments.ends, np.maximum(segments.ends - 1, 0)
    change = segments.values[last] - segments.values[before]
    if counter:
        reset = segments.values[last] < segments.values[before]
        change = np.where(reset, segments.values[last], change)
    seconds = (segments.times_ms[last] - segments.times_ms[before]) / 1000
    known = (segments.counts >= 2) & (seconds != 0)
    return (change / seconds if per_second else change), known


def _lost_to_resets(segments: Segments) -> Floats:
    previous = segments.previous()
    return segments.sums(np.where(segments.values < previous, previous, 0.0))


def _sampled_seconds(segments: Segments) -> Floats:
    return (segments.times_ms[segments.ends] - segments.times_ms[segments.starts]) / 1000


def _stretched_seconds(
    segments: Segments, change: Floats, seconds: Floats, *, counter: bool
) -> Floats:
    to_start = (segments.times_ms[segments.starts] - segments.window_start_ms) / 1000
    to_end = (segments.window_end_ms - segments.times_ms[segments.ends]) / 1000
    between = seconds / (segments.counts - 1)
    if counter:
        to_zero = seconds * (segments.first / change)
        rising = (change > 0) & (segments.first >= 0) & (to_zero < to_start)
        to_start = np.where(rising, to_zero, to_start)
    return seconds + _edge(to_start, between) + _edge(to_end, between)


def _edge(gap: Floats, between: Floats) -> Floats:
    return np.where(gap < between * EXTRAPOLATION_THRESHOLD, gap, between / 2)
