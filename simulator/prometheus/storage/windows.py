"""Range vectors: for each series and time the samples of a window, worked on as flat arrays."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from simulator.prometheus.storage.labels import Labels
from simulator.prometheus.storage.samples import Floats, Frame, Ints, Masks, Selection

CHUNK_SAMPLES = 4_000_000


@dataclass(frozen=True)
class Segments:
    """Some non-empty windows one after the other: window i begins at `starts[i]`.

    `steps[i]` is the position of window i in the evaluation's times.
    """

    values: Floats
    times_ms: Ints
    starts: Ints
    counts: Ints
    steps: Ints
    window_start_ms: Ints
    window_end_ms: Ints
    now_ms: Ints

    @property
    def first(self) -> Floats:
        """The first value of each window."""
        return self.values[self.starts]

    @property
    def last(self) -> Floats:
        """The last value of each window."""
        return self.values[self.ends]

    @property
    def ends(self) -> Ints:
        """The position of each window's last sample."""
        return self.starts + self.counts - 1

    @property
    def owners(self) -> Ints:
        """The number of its window for each sample."""
        return np.repeat(np.arange(len(self.starts)), self.counts)

    def sums(self, of_samples: Floats) -> Floats:
        """The sum within each window of a quantity that each sample has."""
        return np.asarray(np.add.reduceat(of_samples, self.starts), dtype=of_samples.dtype)

    def previous(self) -> Floats:
        """Each sample's predecessor in its window; NaN for the first."""
        shifted = np.empty_like(self.values)
        shifted[1:] = self.values[:-1]
        shifted[self.starts] = np.nan
        return shifted


Reduction = Callable[[Segments], tuple[Floats, Masks]]


@dataclass(frozen=True)
class Windows:
    """A range vector at each of m times, over samples without staleness markers."""

    selection: Selection
    low: Ints
    high: Ints
    window_start_ms: Ints
    window_end_ms: Ints
    now_ms: Ints
    range_ms: int

    def reduce(self, reduction: Reduction, labels: list[Labels]) -> Frame:
        """One value for each non-empty window, or none where the reduction says so."""
        values = np.zeros(self.low.shape)
        present = np.zeros(self.low.shape, dtype=np.bool_)
        for chosen, segments in self._chunks():
            results, known = reduction(segments)
            values.flat[chosen], present.flat[chosen] = results, known
        return Frame(labels, values, present).seen()

    def _chunks(self) -> Iterator[tuple[Ints, Segments]]:
        low, counts = self.low.ravel(), (self.high - self.low).ravel()
        filled = np.flatnonzero(counts > 0)
        chunk = np.cumsum(counts[filled]) // CHUNK_SAMPLES
        for chosen in np.split(filled, np.flatnonzero(np.diff(chunk)) + 1):
            if chosen.size:
                yield chosen, self._segments(chosen, low[chosen], counts[chosen])

    def _segments(self, chosen: Ints, low: Ints, counts: Ints) -> Segments:
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        samples = np.arange(int(counts.sum())) + np.repeat(low - starts, counts)
        steps = chosen % self.low.shape[1]
        values, times = self.selection.values[samples], self.selection.times_ms[samples]
        begin, end = self.window_start_ms[steps], self.window_end_ms[steps]
        return Segments(values, times, starts, counts, steps, begin, end, self.now_ms[steps])


def windows(selection: Selection, ends_ms: Ints, now_ms: Ints, range_ms: int) -> Windows:
    """The windows `[end - range, end]`, both ends included as in Prometheus 2."""
    live = selection.without_stale()
    starts_ms = ends_ms - range_ms
    low = live.rank(starts_ms, inclusive=False)
    high = live.rank(ends_ms, inclusive=True)
    return Windows(live, low, high, starts_ms, ends_ms, now_ms, range_ms)
