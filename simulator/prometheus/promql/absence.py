"""absent and absent_over_time: an element that says that there is none."""

import numpy as np

from simulator.prometheus.promql.context import EvaluationContext
from simulator.prometheus.promql.range_functions import windows_present
from simulator.prometheus.promql.syntax import Expr, FunctionCall, Range, VectorSelector
from simulator.prometheus.storage.labels import NAME, Labels
from simulator.prometheus.storage.samples import Frame, Masks


def absent(context: EvaluationContext, call: FunctionCall) -> Frame:
    """1 at the times at which the vector has no element."""
    return _missing(call.args[0], np.asarray(context.vector(call.args[0]).present.any(axis=0)))


def absent_over_time(context: EvaluationContext, call: FunctionCall) -> Frame:
    """1 at the times at which the window holds no sample."""
    return _missing(call.args[0], windows_present(context, call.args[0]))


def _missing(expr: Expr, present: Masks) -> Frame:
    missing = ~present[None, :]
    return Frame([_labels(expr)], np.ones(missing.shape), missing).seen()


def _labels(expr: Expr) -> Labels:
    """What the selector itself says of the labels: those with exactly one `=`."""
    selector = expr.selector if isinstance(expr, Range) else expr
    if not isinstance(selector, VectorSelector):
        return {}
    labels: Labels = {}
    matchers = [one for one in selector.matchers if one.name != NAME]
    for index, one in enumerate(matchers):
        names = [other.name for other in matchers[:index]]
        if one.operator == "=" and one.value and one.name not in names:
            labels[one.name] = one.value
        else:
            labels.pop(one.name, None)
    return labels
