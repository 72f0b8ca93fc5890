"""Evaluates PromQL with the semantics of Prometheus 2.42, at all times of a query at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.prometheus.errors import ExecutionError
from simulator.prometheus.operators.aggregations import aggregate
from simulator.prometheus.operators.binary import operate
from simulator.prometheus.promql.context import Options
from simulator.prometheus.promql.functions import call
from simulator.prometheus.promql.syntax import (
    Aggregate,
    Binary,
    Expr,
    FunctionCall,
    Moment,
    Negation,
    Number,
    Range,
    Subquery,
    Text,
    VectorSelector,
)
from simulator.prometheus.storage.frames import with_values
from simulator.prometheus.storage.matchers import Matcher
from simulator.prometheus.storage.narrowing import narrowed
from simulator.prometheus.storage.samples import Floats, Frame, Ints, Selection, Value
from simulator.prometheus.storage.selecting import latest, sampled
from simulator.prometheus.storage.store import SampleSource
from simulator.prometheus.storage.windows import Windows, windows

TOO_MANY_SAMPLES = "query processing would load too many samples into memory in query execution"
DEFAULTS = Options()


def evaluate(
    expr: Expr,
    source: SampleSource,
    times_ms: Sequence[int],
    options: Options = DEFAULTS,
    end_ms: int | None = None,
) -> Value:
    """The value of an expression at rising times; QueryError where Prometheus has an error.

    `end_ms` is what `@ end()` means, if it is not the last of the times.
    """
    times = np.array(times_ms, dtype=np.int64)
    end = int(times[-1]) if end_ms is None else end_ms
    evaluation = Evaluation(source, times, int(times[0]), end, options)
    with np.errstate(all="ignore"):
        return evaluation.value(expr)


def evaluate_range(
    expr: Range | Subquery, source: SampleSource, time_ms: int, options: Options = DEFAULTS
) -> Selection:
    """The samples of a range vector's window at one time."""
    times = np.array([time_ms], dtype=np.int64)
    with np.errstate(all="ignore"):
        evaluation = Evaluation(source, times, time_ms, time_ms, options)
        return _within(evaluation.windows(expr))


@dataclass(frozen=True)
class Evaluation:
    """An expression's evaluation at some times; `start_ms` and `end_ms` are the whole query's."""

    source: SampleSource
    times_ms: Ints
    start_ms: int
    end_ms: int
    options: Options

    def value(self, expr: Expr) -> Value:
        """Whatever the expression is, but no range vector."""
        if isinstance(expr, Number):
            return np.full(len(self.times_ms), expr.value)
        if isinstance(expr, Text):
            return expr.value
        if isinstance(expr, VectorSelector):
            return self._latest(expr)[0].seen()
        return self._composed(expr)

    def _composed(self, expr: Expr) -> Value:
        if isinstance(expr, FunctionCall):
            return call(self, expr)
        if isinstance(expr, Aggregate):
            return aggregate(self, expr)
        if isinstance(expr, Binary):
            return operate(self, expr)
        if isinstance(expr, Negation):
            return self._negated(expr)
        raise ExecutionError(f"a range vector has no single value: {type(expr).__name__}")

    def vector(self, expr: Expr) -> Frame:
        """An instant vector."""
        return narrowed(self.value(expr), Frame)

    def scalar(self, expr: Expr) -> Floats:
        """A number for each time."""
        return narrowed(self.value(expr), np.ndarray)

    def text(self, expr: Expr) -> str:
        """A string."""
        return narrowed(self.value(expr), str)

    def windows(self, expr: Expr) -> Windows:
        """A range vector."""
        if not isinstance(expr, Range | Subquery):
            raise TypeError(f"expected a range vector, got {type(expr).__name__}")
        moment = expr.moment if isinstance(expr, Subquery) else expr.selector.moment
        ends = self._moments(moment)
        start, end = int(ends.min()) - expr.range_ms, int(ends.max())
        return windows(self._raw(expr, start, end), ends, self.times_ms, expr.range_ms)

    def sample_times(self, expr: Expr) -> Frame:
        """Each element's time in seconds: its sample's for a selector, otherwise the query's."""
        if not isinstance(expr, VectorSelector):
            frame = self.vector(expr)
            return replace(frame, values=np.broadcast_to(self.times_ms / 1000, frame.values.shape))
        frame, found, selection = self._latest(expr)
        return replace(frame, values=selection.times_ms[found] / 1000).seen()

    def _latest(self, selector: VectorSelector) -> tuple[Frame, Ints, Selection]:
        times = self._moments(selector.moment)
        lookback_ms = round(self.options.lookback_seconds * 1000)
        start, end = int(times.min()) - lookback_ms, int(times.max())
        selection = self._select(selector.matchers, start, end)
        self._refuse_excess(len(selection.labels) * len(times))
        return *latest(selection, times, lookback_ms), selection

    def _raw(self, expr: Range | Subquery, start_ms: int, end_ms: int) -> Selection:
        if isinstance(expr, Range):
            return self._select(expr.selector.matchers, start_ms, end_ms)
        default = round(self.options.evaluation_interval_seconds * 1000)
        step = expr.step_ms or default
        times = np.arange(-(-start_ms // step) * step, end_ms + 1, step, dtype=np.int64)
        if not times.size:
            times = np.array([end_ms], dtype=np.int64)[:0]
            return sampled(Frame([], np.empty((0, 0)), np.empty((0, 0), dtype=np.bool_)), times)
        frame = replace(self, times_ms=times).vector(expr.expr)
        return replace(sampled(frame, times), start_ms=start_ms, end_ms=end_ms)

    def _select(self, matchers: tuple[Matcher, ...], start_ms: int, end_ms: int) -> Selection:
        selection = self.source.select(matchers, start_ms, end_ms)
        self._refuse_excess(len(selection.values))
        return selection

    def _refuse_excess(self, samples: int) -> None:
        if samples > self.options.max_samples:
            raise ExecutionError(TOO_MANY_SAMPLES)

    def _moments(self, moment: Moment) -> Ints:
        """The times at which to look, after `@` and `offset`."""
        fixed = {"start": self.start_ms, "end": self.end_ms, None: None}
        at = moment.at if isinstance(moment.at, int) else fixed[moment.at]
        times = self.times_ms if at is None else np.full_like(self.times_ms, at)
        return times - moment.offset_ms

    def _negated(self, expr: Negation) -> Value:
        value = self.value(expr.expr)
        if isinstance(value, Frame):
            return with_values(value, -value.values)
        return -narrowed(value, np.ndarray)


def _within(found: Windows) -> Selection:
    selection, inside = found.selection, found.high[:, 0] > found.low[:, 0]
    bounds = np.append(found.low[inside, 0], found.high[inside, 0][-1:])
    labels = [one for one, keep in zip(selection.labels, inside, strict=True) if keep]
    if not labels:
        bounds = np.zeros(1, dtype=np.int64)
    return replace(selection, labels=labels, bounds=bounds)
