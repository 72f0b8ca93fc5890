"""Time series in memory, as flat arrays, with Prometheus's index by label."""

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from simulator.prometheus.storage.labels import NAME, Labels
from simulator.prometheus.storage.matchers import Matcher
from simulator.prometheus.storage.postings import Postings
from simulator.prometheus.storage.samples import STALE_NAN, Selection

DAY_SECONDS = 86_400.0
SWEEPS_PER_RETENTION = 10


class MetricMetadata(NamedTuple):
    """What `/api/v1/metadata` tells of a metric."""

    type: str
    help: str
    unit: str


class SampleSource(Protocol):
    """What the engine and the API read from."""

    @property
    def metadata(self) -> dict[str, MetricMetadata]:
        """By metric name."""

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Selection:
        """The samples between two times, both included, of the series that match."""

    def series(
        self,
        matchers: Sequence[Matcher] = (),
        start_seconds: float | None = None,
        end_seconds: float | None = None,
    ) -> list[Labels]:
        """The label sets that match and have a sample between the two times."""


class _Series:
    __slots__ = ("labels", "times_ms", "values")

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.times_ms = array("q")
        self.values = array("d")

    def put(self, time_ms: int, value: float) -> None:
        """Add a sample, or replace the one of the same time; older ones are refused."""
        if not self.times_ms or time_ms > self.times_ms[-1]:
            self.times_ms.append(time_ms)
            self.values.append(value)
        elif time_ms == self.times_ms[-1]:
            self.values[-1] = value
        else:
            raise ValueError(f"out of order sample for series {self.labels}")

    def forget(self, before_ms: int) -> bool:
        """Drop older samples; whether the last one went."""
        cut = bisect_left(self.times_ms, before_ms)
        del self.times_ms[:cut], self.values[:cut]
        return cut > 0 and not self.times_ms


class MetricStore:
    """Series with a bounded past; every method may be called from any thread.

    Samples older than `retention_seconds` before the newest one are forgotten in sweeps, so that
    up to a tenth more than the retention is kept.
    """

    def __init__(self, retention_seconds: float = DAY_SECONDS) -> None:
        self.metadata: dict[str, MetricMetadata] = {}
        self._retention_ms = round(retention_seconds * 1000)
        self._lock = threading.RLock()
        self._series: dict[int, _Series] = {}
        self._references: dict[frozenset[tuple[str, str]], int] = {}
        self._postings = Postings()
        self._next_reference = self._newest_ms = self._next_sweep_ms = 0

    def append(self, name: str, labels: Labels, timestamp_seconds: float, value: float) -> None:
        """Add one sample; ValueError if the series already has a newer one."""
        with self._lock:
            self.append_to(self.reference(name, labels), timestamp_seconds, value)

    def end(self, name: str, labels: Labels, timestamp_seconds: float) -> None:
        """Mark the series as gone, as Prometheus does when a scrape no longer contains it."""
        self.append(name, labels, timestamp_seconds, STALE_NAN)

    def reference(self, name: str, labels: Labels) -> int:
        """A number for the series, made if it is new, that saves `append_to` the look-up.

        It is valid until all the samples of the series have fallen out of the retention.
        """
        items = [(key, value) for key, value in labels.items() if value]
        key = frozenset([*items, (NAME, name)])
        with self._lock:
            found = self._references.get(key)
            return self._add(key) if found is None else found

    def append_to(self, reference: int, timestamp_seconds: float, value: float) -> None:
        """Add one sample to a series from `reference`; KeyError if it has been forgotten."""
        time_ms = round(timestamp_seconds * 1000)
        with self._lock:
            self._series[reference].put(time_ms, value)
            if time_ms > self._newest_ms:
                self._advance(time_ms)

    def load(self, series: Iterable[dict[str, Any]]) -> None:
        """Add the series of a scenario: `{"name", "labels", "samples": [[seconds, value], …]}`.

        A value may be a string that `float` reads, or "stale" for the end of the series.
        """
        with self._lock:
            for one in series:
                reference = self.reference(one["name"], one.get("labels", {}))
                for seconds, value in sorted(one["samples"], key=lambda sample: float(sample[0])):
                    self.append_to(reference, float(seconds), _number(value))

    def describe(self, name: str, type_: str, help_: str, unit: str = "") -> None:
        """Set a metric's metadata."""
        self.metadata[name] = MetricMetadata(type_, help_, unit)

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Selection:
        """The samples between two times, both included, of the series that match."""
        labels: list[Labels] = []
        times: list[array[int]] = []
        values: list[array[float]] = []
        with self._lock:
            for one in self._matching(matchers):
                low = bisect_left(one.times_ms, start_ms)
                high = bisect_right(one.times_ms, end_ms, low)
                if high > low:
                    labels.append(one.labels)
                    times.append(one.times_ms[low:high])
                    values.append(one.values[low:high])
        return _selection(labels, times, values, start_ms, end_ms)

    def series(
        self,
        matchers: Sequence[Matcher] = (),
        start_seconds: float | None = None,
        end_seconds: float | None = None,
    ) -> list[Labels]:
        """The label sets that match and have a sample between the two times."""
        start_ms = -(2**62) if start_seconds is None else round(start_seconds * 1000)
        end_ms = 2**62 if end_seconds is None else round(end_seconds * 1000)
        with self._lock:
            return [one.labels for one in self._matching(matchers) if _lives(one, start_ms, end_ms)]

    def _matching(self, matchers: Sequence[Matcher]) -> list[_Series]:
        return [self._series[reference] for reference in self._postings.matching(matchers)]

    def _add(self, key: frozenset[tuple[str, str]]) -> int:
        reference = self._next_reference
        self._next_reference += 1
        self._references[key] = reference
        self._series[reference] = _Series(dict(sorted(key)))
        self._postings.add(reference, self._series[reference].labels)
        return reference

    def _advance(self, newest_ms: int) -> None:
        self._newest_ms = newest_ms
        if newest_ms >= self._next_sweep_ms:
            self._next_sweep_ms = newest_ms + self._retention_ms // SWEEPS_PER_RETENTION
            self._sweep(newest_ms - self._retention_ms)

    def _sweep(self, before_ms: int) -> None:
        for reference, one in list(self._series.items()):
            if one.forget(before_ms):
                del self._series[reference], self._references[frozenset(one.labels.items())]
                self._postings.remove(reference, one.labels)


def _lives(series: _Series, start_ms: int, end_ms: int) -> bool:
    at = bisect_left(series.times_ms, start_ms)
    return at < len(series.times_ms) and series.times_ms[at] <= end_ms


def _number(value: Any) -> float:
    return STALE_NAN if value == "stale" else float(value)


def _selection(
    labels: list[Labels],
    times: "list[array[int]]",
    values: "list[array[float]]",
    start_ms: int,
    end_ms: int,
) -> Selection:
    bounds = np.zeros(len(times) + 1, dtype=np.int64)
    np.cumsum([len(one) for one in times], out=bounds[1:])
    all_times = np.frombuffer(b"".join(times), dtype=np.int64)
    all_values = np.frombuffer(b"".join(values), dtype=np.float64)
    return Selection(labels, bounds, all_times, all_values, start_ms, end_ms)
