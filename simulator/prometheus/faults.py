"""What can be wrong with a Prometheus, and the series as they look through it."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.prometheus.storage.labels import Labels, identity
from simulator.prometheus.storage.matchers import Matcher
from simulator.prometheus.storage.samples import Selection
from simulator.prometheus.storage.store import MetricMetadata, SampleSource

REPLICA = "prometheus_replica"


@dataclass(frozen=True)
class Faults:
    """Everything off by default; ratios are shares of the series, always the same ones.

    `away` drops connections, `unavailable` answers 503, `slow_seconds` delays and, beyond the
    request's `timeout`, ends as a timeout error, `html` answers a proxy's page, `token` asks for
    `Authorization: Bearer`, `truncated` cuts the body in half, `replicas` doubles every series by
    the label `prometheus_replica`, `max_samples` bounds a query's samples.
    """

    away: bool = False
    unavailable: bool = False
    slow_seconds: float = 0.0
    html: bool = False
    token: str | None = None
    truncated: bool = False
    warnings: tuple[str, ...] = ()
    missing_ratio: float = 0.0
    nan_ratio: float = 0.0
    replicas: tuple[str, ...] = ()
    max_samples: int | None = None


NONE = Faults()


@dataclass(frozen=True)
class FaultySource:
    """A source of which series are missing, doubled, or NaN."""

    source: SampleSource
    faults: Faults

    @property
    def metadata(self) -> dict[str, MetricMetadata]:
        """By metric name."""
        return self.source.metadata

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Selection:
        """The samples between two times, both included, of the series that match."""
        plain = [one for one in matchers if one.name != REPLICA or not self.faults.replicas]
        selection = self._damaged(self.source.select(plain, start_ms, end_ms))
        return _copied(selection, self._replicas(matchers))

    def series(
        self,
        matchers: Sequence[Matcher] = (),
        start_seconds: float | None = None,
        end_seconds: float | None = None,
    ) -> list[Labels]:
        """The label sets that match and have a sample between the two times."""
        plain = [one for one in matchers if one.name != REPLICA or not self.faults.replicas]
        found = self.source.series(plain, start_seconds, end_seconds)
        kept = [one for one in found if _draw(one) >= self.faults.missing_ratio]
        return [one | extra for extra in self._replicas(matchers) for one in kept]

    def _replicas(self, matchers: Sequence[Matcher]) -> list[Labels]:
        if not self.faults.replicas:
            return [{}]
        tests = [one for one in matchers if one.name == REPLICA]
        names = [one for one in self.faults.replicas if all(test.accepts(one) for test in tests)]
        return [{REPLICA: name} for name in names]

    def _damaged(self, selection: Selection) -> Selection:
        if not self.faults.missing_ratio and not self.faults.nan_ratio:
            return selection
        draws = np.array([_draw(one) for one in selection.labels])
        selection = _selected_rows(
            selection, np.flatnonzero(draws >= self.faults.missing_ratio).tolist()
        )
        draws = np.array([_draw(one) for one in selection.labels])
        silent = np.repeat(draws >= 1 - self.faults.nan_ratio, np.diff(selection.bounds))
        return replace(selection, values=np.where(silent, math.nan, selection.values))


def seen_through(source: SampleSource, faults: Faults) -> SampleSource:
    """The source as these faults leave it."""
    touched = faults.missing_ratio or faults.nan_ratio or faults.replicas
    return FaultySource(source, faults) if touched else source


def _draw(labels: Labels) -> float:
    """A number in [0, 1) that stays the same for the same labels."""
    return zlib.crc32(repr(identity(labels)).encode()) / 2**32


def _selected_rows(selection: Selection, rows: list[int]) -> Selection:
    counts = np.diff(selection.bounds)
    chosen = np.zeros(len(counts), dtype=np.bool_)
    chosen[rows] = True
    samples = np.repeat(chosen, counts)
    bounds = np.concatenate([[0], np.cumsum(counts[chosen])]).astype(np.int64)
    labels = [selection.labels[row] for row in rows]
    times, values = selection.times_ms[samples], selection.values[samples]
    return replace(selection, labels=labels, bounds=bounds, times_ms=times, values=values)


def _copied(selection: Selection, extras: list[Labels]) -> Selection:
    if extras == [{}]:
        return selection
    counts = np.tile(np.diff(selection.bounds), len(extras))
    return replace(
        selection,
        labels=[one | extra for extra in extras for one in selection.labels],
        bounds=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        times_ms=np.tile(selection.times_ms, len(extras)),
        values=np.tile(selection.values, len(extras)),
    )
