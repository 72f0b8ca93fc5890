"""From raw samples to vectors: the lookback, staleness and the samples of a subquery."""

import numpy as np

from simulator.prometheus.storage.samples import Frame, Ints, Selection, empty_frame, is_stale


def latest(selection: Selection, times_ms: Ints, lookback_ms: int) -> tuple[Frame, Ints]:
    """Each series' newest sample at each time, unless it is too old or stale; and its position."""
    if not selection.labels:
        return empty_frame(len(times_ms)), np.empty((0, len(times_ms)), dtype=np.int64)
    found = selection.rank(times_ms, inclusive=True) - 1
    before = found < selection.bounds[:-1, None]
    found = np.maximum(found, 0)
    values = selection.values[found]
    old = selection.times_ms[found] < times_ms - lookback_ms
    return Frame(selection.labels, values, ~(before | old | is_stale(values))), found


def sampled(frame: Frame, times_ms: Ints) -> Selection:
    """The raw samples that a vector over time amounts to."""
    bounds = np.concatenate([[0], np.cumsum(frame.present.sum(axis=1))]).astype(np.int64)
    times = np.broadcast_to(times_ms, frame.values.shape)[frame.present]
    first, last = (int(times_ms[0]), int(times_ms[-1])) if len(times_ms) else (0, 0)
    return Selection(frame.labels, bounds, times, frame.values[frame.present], first, last)
