"""The table of functions, and those of scalars and instant vectors."""

from collections.abc import Callable
from functools import partial

import numpy as np

from simulator.prometheus.errors import ExecutionError
from simulator.prometheus.promql import histograms, label_functions
from simulator.prometheus.promql.absence import absent, absent_over_time
from simulator.prometheus.promql.context import EvaluationContext
from simulator.prometheus.promql.range_functions import RANGE_FUNCTIONS
from simulator.prometheus.promql.ranking import ordered
from simulator.prometheus.promql.syntax import FunctionCall
from simulator.prometheus.storage.frames import with_values
from simulator.prometheus.storage.samples import Floats, Frame, Value, empty_frame

Implementation = Callable[[EvaluationContext, FunctionCall], Value]


def call(context: EvaluationContext, node: FunctionCall) -> Value:
    """The value of a function's call; an execution error if we do not have the function."""
    if node.name not in _FUNCTIONS:
        raise ExecutionError(f'the simulator does not support the function "{node.name}"')
    return _FUNCTIONS[node.name](context, node)


def _time(context: EvaluationContext, node: FunctionCall) -> Floats:
    return context.times_ms / 1000


def _timestamp(context: EvaluationContext, node: FunctionCall) -> Frame:
    frame = context.sample_times(node.args[0])
    return with_values(frame, frame.values)


def _scalar(context: EvaluationContext, node: FunctionCall) -> Floats:
    frame = context.vector(node.args[0])
    values = np.where(frame.present, frame.values, 0.0).sum(axis=0)
    return np.where(frame.present.sum(axis=0) == 1, values, np.nan)


def _vector(context: EvaluationContext, node: FunctionCall) -> Frame:
    values = context.scalar(node.args[0])[None, :]
    return Frame([{}], values, np.ones(values.shape, dtype=np.bool_))


def _math(
    compute: Callable[[Floats], Floats], context: EvaluationContext, node: FunctionCall
) -> Frame:
    frame = context.vector(node.args[0])
    return with_values(frame, compute(frame.values))


def _round(context: EvaluationContext, node: FunctionCall) -> Frame:
    frame = context.vector(node.args[0])
    inverse = 1 / context.scalar(node.args[1]) if len(node.args) > 1 else np.float64(1)
    return with_values(frame, np.floor(frame.values * inverse + 0.5) / inverse)


def _clamp(context: EvaluationContext, node: FunctionCall) -> Frame:
    frame = context.vector(node.args[0])
    low, high = (context.scalar(one) for one in node.args[1:])
    if not frame.labels or bool((high < low).all()):
        return empty_frame(frame.values.shape[1])
    frame = Frame(frame.labels, frame.values, frame.present & ~(high < low))
    return with_values(frame, np.maximum(low, np.minimum(high, frame.values))).seen()


def _bounded(
    bound: Callable[[Floats, Floats], Floats], context: EvaluationContext, node: FunctionCall
) -> Frame:
    frame = context.vector(node.args[0])
    return with_values(frame, bound(frame.values, context.scalar(node.args[1])))


def _sort(descending: bool, context: EvaluationContext, node: FunctionCall) -> Frame:
    return ordered(context.vector(node.args[0]), descending=descending)


_FUNCTIONS: dict[str, Implementation] = {
    **RANGE_FUNCTIONS,
    "time": _time,
    "timestamp": _timestamp,
    "scalar": _scalar,
    "vector": _vector,
    "abs": partial(_math, np.abs),
    "ceil": partial(_math, np.ceil),
    "floor": partial(_math, np.floor),
    "exp": partial(_math, np.exp),
    "ln": partial(_math, np.log),
    "log2": partial(_math, np.log2),
    "log10": partial(_math, np.log10),
    "sqrt": partial(_math, np.sqrt),
    "sgn": partial(_math, np.sign),
    "round": _round,
    "clamp": _clamp,
    "clamp_min": partial(_bounded, np.maximum),
    "clamp_max": partial(_bounded, np.minimum),
    "sort": partial(_sort, False),
    "sort_desc": partial(_sort, True),
    "absent": absent,
    "absent_over_time": absent_over_time,
    "label_replace": label_functions.replace,
    "label_join": label_functions.join,
    "histogram_quantile": histograms.quantile,
}
