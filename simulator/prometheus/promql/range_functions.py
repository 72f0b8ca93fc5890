"""Functions of a range vector."""

from collections.abc import Callable
from functools import partial

import numpy as np

from simulator.prometheus.promql import over_time
from simulator.prometheus.promql.context import EvaluationContext
from simulator.prometheus.promql.rates import extrapolated, instant_change
from simulator.prometheus.promql.syntax import Expr, FunctionCall
from simulator.prometheus.storage.frames import coalesced
from simulator.prometheus.storage.labels import nameless
from simulator.prometheus.storage.samples import Floats, Frame, Masks
from simulator.prometheus.storage.windows import Reduction, Segments, Windows

Implementation = Callable[[EvaluationContext, FunctionCall], Frame]


def _nameless(windows: Windows, reduction: Reduction) -> Frame:
    labels = [nameless(one) for one in windows.selection.labels]
    return coalesced(windows.reduce(reduction, labels))


def _change(
    counter: bool, per_second: bool, context: EvaluationContext, call: FunctionCall
) -> Frame:
    windows = context.windows(call.args[0])

    def reduction(segments: Segments) -> tuple[Floats, Masks]:
        return extrapolated(segments, windows.range_ms, counter=counter, per_second=per_second)

    return _nameless(windows, reduction)


def _instant_change(counter: bool, context: EvaluationContext, call: FunctionCall) -> Frame:
    reduction = partial(instant_change, counter=counter, per_second=counter)
    return _nameless(context.windows(call.args[0]), reduction)


def _simple(
    compute: Callable[[Segments], Floats], context: EvaluationContext, call: FunctionCall
) -> Frame:
    return _nameless(context.windows(call.args[0]), _always(compute))


def _always(compute: Callable[[Segments], Floats]) -> Reduction:
    return lambda segments: (compute(segments), np.ones(len(segments.starts), dtype=np.bool_))


def _last(context: EvaluationContext, call: FunctionCall) -> Frame:
    windows = context.windows(call.args[0])
    return windows.reduce(_always(over_time.latest), windows.selection.labels)


def _quantile(context: EvaluationContext, call: FunctionCall) -> Frame:
    wanted = context.scalar(call.args[0])

    def compute(segments: Segments) -> Floats:
        return over_time.quantile(segments, wanted[segments.steps])

    return _nameless(context.windows(call.args[1]), _always(compute))


def _deriv(context: EvaluationContext, call: FunctionCall) -> Frame:
    def reduction(segments: Segments) -> tuple[Floats, Masks]:
        slope, _, known = over_time.slope_and_intercept(segments, from_last=False)
        return slope, known

    return _nameless(context.windows(call.args[0]), reduction)


def _predict(context: EvaluationContext, call: FunctionCall) -> Frame:
    ahead = context.scalar(call.args[1])

    def reduction(segments: Segments) -> tuple[Floats, Masks]:
        slope, intercept, known = over_time.slope_and_intercept(segments, from_last=True)
        return slope * ahead[segments.steps] + intercept, known

    return _nameless(context.windows(call.args[0]), reduction)


def windows_present(context: EvaluationContext, expr: Expr) -> Masks:
    """At which times any series of a range vector has a sample."""
    windows = context.windows(expr)
    return np.asarray((windows.high > windows.low).any(axis=0))


RANGE_FUNCTIONS: dict[str, Implementation] = {
    "rate": partial(_change, True, True),
    "increase": partial(_change, True, False),
    "delta": partial(_change, False, False),
    "irate": partial(_instant_change, True),
    "idelta": partial(_instant_change, False),
    "deriv": _deriv,
    "predict_linear": _predict,
    "sum_over_time": partial(_simple, over_time.total),
    "avg_over_time": partial(_simple, over_time.mean),
    "min_over_time": partial(_simple, over_time.smallest),
    "max_over_time": partial(_simple, over_time.largest),
    "count_over_time": partial(_simple, over_time.number),
    "present_over_time": partial(_simple, over_time.one),
    "stddev_over_time": partial(_simple, over_time.deviation),
    "stdvar_over_time": partial(_simple, over_time.variance),
    "last_over_time": _last,
    "quantile_over_time": _quantile,
    "changes": partial(_simple, over_time.changes),
    "resets": partial(_simple, over_time.resets),
}
