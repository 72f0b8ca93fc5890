"""/api/v1/query and /api/v1/query_range."""

from simulator.prometheus.errors import BadParameter
from simulator.prometheus.http import params as read
from simulator.prometheus.http.answers import Json, instant, over_range, raw
from simulator.prometheus.http.params import Params
from simulator.prometheus.promql.context import Options
from simulator.prometheus.promql.engine import evaluate, evaluate_range
from simulator.prometheus.promql.syntax import Expr, Range, Subquery, Text
from simulator.prometheus.storage.store import SampleSource


def query(params: Params, source: SampleSource, now: float, options: Options) -> Json:
    """The value of `query` at `time` (now if absent)."""
    time_ms = read.time_ms(params, "time", now)
    read.timeout_seconds(params)
    expr = read.query(params, named=True)
    if isinstance(expr, Range | Subquery):
        return raw(evaluate_range(expr, source, time_ms, options))
    return instant(evaluate(expr, source, [time_ms], options), time_ms)


def query_range(params: Params, source: SampleSource, now: float, options: Options) -> Json:
    """The value of `query` at each `step` from `start` to `end`."""
    times_ms, end_ms = read.steps_ms(params)
    read.timeout_seconds(params)
    expr = read.query(params, named=False)
    _refuse_other_types(expr)
    value = evaluate(expr, source, times_ms, options, end_ms)
    if isinstance(value, str):
        raise TypeError("a string passed the check of types")
    return over_range(value, times_ms)


def _refuse_other_types(expr: Expr) -> None:
    if isinstance(expr, Text | Range | Subquery):
        kind = "string" if isinstance(expr, Text) else "range vector"
        raise BadParameter(
            f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
        )
