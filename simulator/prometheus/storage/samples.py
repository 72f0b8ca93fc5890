"""The arrays that queries work on."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from simulator.prometheus.storage.labels import Labels

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Masks = npt.NDArray[np.bool_]

STALE_BITS = 0x7FF0000000000002
STALE_NAN = float(np.array([STALE_BITS], dtype=np.uint64).view(np.float64)[0])
"""The NaN that Prometheus writes when a series ends (prometheus/model/value/value.go)."""


@dataclass(frozen=True)
class Selection:
    """Raw samples of some series: those of series i are `[bounds[i]:bounds[i + 1]]`.

    All timestamps lie within `[start_ms, end_ms]` and rise within a series.
    """

    labels: list[Labels]
    bounds: Ints
    times_ms: Ints
    values: Floats
    start_ms: int
    end_ms: int

    def without_stale(self) -> "Selection":
        """The same series without the markers of their ends."""
        live = ~is_stale(self.values)
        if live.all():
            return self
        kept = np.concatenate([[0], np.cumsum(live)]).astype(np.int64)
        times, values = self.times_ms[live], self.values[live]
        return Selection(self.labels, kept[self.bounds], times, values, self.start_ms, self.end_ms)

    def rank(self, times_ms: Ints, *, inclusive: bool) -> Ints:
        """Index of each series' first sample after (or at, unless inclusive) each time: [n, m]."""
        span = self.end_ms - self.start_ms + 3
        rows = np.arange(len(self.labels), dtype=np.int64)
        owners = np.repeat(rows, np.diff(self.bounds))
        keys = owners * span + (self.times_ms - self.start_ms)
        wanted = np.clip(times_ms - self.start_ms, -1, span - 2)
        side: Literal["left", "right"] = "right" if inclusive else "left"
        found = np.searchsorted(keys, rows[:, None] * span + wanted[None, :], side)
        return np.asarray(found, dtype=np.int64)


@dataclass(frozen=True)
class Frame:
    """An instant vector at each of m times: `values` and `present` are [n, m].

    NaN is a value; absence is `present` being False.
    """

    labels: list[Labels]
    values: Floats
    present: Masks

    def seen(self) -> "Frame":
        """Without the series that are absent at all times."""
        rows = self.present.any(axis=1)
        return self if bool(rows.all()) else self.rows(np.flatnonzero(rows))

    def rows(self, rows: Ints) -> "Frame":
        """The series at these positions, in this order."""
        labels = [self.labels[row] for row in rows]
        return Frame(labels, self.values[rows], self.present[rows])


Value = Frame | Floats | str
"""A vector, a scalar at each time, or a string."""


def is_stale(values: Floats) -> Masks:
    """Which values are staleness markers; an ordinary NaN is none."""
    return np.asarray(values.view(np.uint64) == np.uint64(STALE_BITS))


def empty_frame(steps: int) -> Frame:
    """A vector without elements."""
    return Frame([], np.empty((0, steps)), np.empty((0, steps), dtype=np.bool_))
