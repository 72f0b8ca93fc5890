"""Binary operators: arithmetic and comparison; sets are in `sets`, matching in `matching`."""

from collections.abc import Callable

import numpy as np

from simulator.prometheus.operators.matching import matched
from simulator.prometheus.operators.sets import SETS
from simulator.prometheus.promql.context import EvaluationContext
from simulator.prometheus.promql.syntax import Binary
from simulator.prometheus.storage.frames import coalesced, with_values
from simulator.prometheus.storage.labels import nameless
from simulator.prometheus.storage.narrowing import narrowed
from simulator.prometheus.storage.samples import Floats, Frame, Masks, Value

ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISON: dict[str, Callable[[Floats, Floats], Masks]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}


def operate(context: EvaluationContext, node: Binary) -> Value:
    """The value of a binary operation."""
    left, right = context.value(node.left), context.value(node.right)
    if isinstance(left, Frame) and isinstance(right, Frame):
        return _vectors(node, left, right)
    if isinstance(left, Frame) and isinstance(right, np.ndarray):
        return _with_scalar(node, left, left.values, np.broadcast_to(right, left.values.shape))
    if isinstance(right, Frame) and isinstance(left, np.ndarray):
        return _with_scalar(node, right, np.broadcast_to(left, right.values.shape), right.values)
    return _scalars(node, narrowed(left, np.ndarray), narrowed(right, np.ndarray))


def _scalars(node: Binary, left: Floats, right: Floats) -> Floats:
    if node.op in COMPARISON:
        return COMPARISON[node.op](left, right).astype(np.float64)
    return ARITHMETIC[node.op](left, right)


def _with_scalar(node: Binary, frame: Frame, left: Floats, right: Floats) -> Frame:
    if node.op in ARITHMETIC:
        return with_values(frame, ARITHMETIC[node.op](left, right))
    holds = COMPARISON[node.op](left, right)
    if node.return_bool:
        return with_values(frame, holds.astype(np.float64))
    return Frame(frame.labels, frame.values, frame.present & holds).seen()


def _vectors(node: Binary, left: Frame, right: Frame) -> Frame:
    if node.op in SETS:
        return SETS[node.op](left, right, node.matching)
    drops_name = node.op in ARITHMETIC
    result = matched(left, right, node.matching, _elementwise(node), drops_name=drops_name)
    if node.return_bool:
        labels = [nameless(one) for one in result.labels]
        result = Frame(labels, result.values, result.present)
    return coalesced(result)


def _elementwise(node: Binary) -> Callable[[Floats, Floats], tuple[Floats, Masks | None]]:
    """The values, and where a filter keeps them."""
    if node.op in ARITHMETIC:
        return lambda left, right: (ARITHMETIC[node.op](left, right), None)
    compare = COMPARISON[node.op]
    if node.return_bool:
        return lambda left, right: (compare(left, right).astype(np.float64), None)
    return lambda left, right: (left, compare(left, right))
