"""sum, avg, min, max, count, group, stddev, stdvar and quantile, by or without labels."""

from collections.abc import Callable

import numpy as np

from simulator.prometheus.errors import ExecutionError
from simulator.prometheus.promql.context import EvaluationContext
from simulator.prometheus.promql.quantiles import in_groups
from simulator.prometheus.promql.ranking import count_values, ranked
from simulator.prometheus.promql.syntax import Aggregate, Expr, Number
from simulator.prometheus.storage.frames import grouped
from simulator.prometheus.storage.labels import Labels, identity, only_labels, without_labels
from simulator.prometheus.storage.samples import Floats, Frame, Ints, Masks, empty_frame

Grouping = Callable[[Labels], Labels]


def aggregate(context: EvaluationContext, node: Aggregate) -> Frame:
    """The value of an aggregation."""
    frame = context.vector(node.expr)
    if node.op in _RANKED:
        limits = context.scalar(_parameter(node))
        return ranked(frame, limits, _grouping(node), largest=node.op == "topk")
    if node.op == "count_values":
        return count_values(frame, context.text(_parameter(node)), _grouping(node))
    if node.op == "quantile":
        wanted = context.scalar(_parameter(node))
        return _reduced(frame, node, lambda rows, starts: _quantile(wanted, rows, starts))
    return _reduced(frame, node, _reduction(node.op))


def _grouping(node: Aggregate) -> Grouping:
    if node.without:
        return lambda labels: without_labels(labels, node.labels)
    return lambda labels: only_labels(labels, node.labels)


def _parameter(node: Aggregate) -> Expr:
    return Number(float("nan")) if node.param is None else node.param


_Reduction = Callable[[Frame, Ints], Floats]


def _reduction(name: str) -> _Reduction:
    if name not in _REDUCTIONS:
        raise ExecutionError(f'the simulator does not support the aggregation "{name}"')
    return _REDUCTIONS[name]


def _reduced(frame: Frame, node: Aggregate, reduction: _Reduction) -> Frame:
    if not frame.labels:
        return empty_frame(frame.values.shape[1])
    change = _grouping(node)
    labels = [change(one) for one in frame.labels]
    firsts, groups = grouped([identity(one) for one in labels])
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(len(firsts))).astype(np.int64)
    rows = frame.rows(order)
    present = np.logical_or.reduceat(rows.present, starts, axis=0)
    return Frame([labels[row] for row in firsts], reduction(rows, starts), present)


def _sum(rows: Frame, starts: Ints) -> Floats:
    return np.add.reduceat(np.where(rows.present, rows.values, 0.0), starts, axis=0)


def _count(rows: Frame, starts: Ints) -> Floats:
    return np.add.reduceat(rows.present.astype(np.float64), starts, axis=0)


def _mean(rows: Frame, starts: Ints) -> Floats:
    return _sum(rows, starts) / _count(rows, starts)


def _group(rows: Frame, starts: Ints) -> Floats:
    return np.ones((len(starts), rows.values.shape[1]))


def _smallest(rows: Frame, starts: Ints) -> Floats:
    return np.asarray(np.fmin.reduceat(np.where(rows.present, rows.values, np.nan), starts, axis=0))


def _largest(rows: Frame, starts: Ints) -> Floats:
    return np.asarray(np.fmax.reduceat(np.where(rows.present, rows.values, np.nan), starts, axis=0))


def _variance(rows: Frame, starts: Ints) -> Floats:
    sizes = np.diff(np.append(starts, len(rows.labels)))
    away = np.where(rows.present, rows.values - np.repeat(_mean(rows, starts), sizes, axis=0), 0.0)
    return np.add.reduceat(away * away, starts, axis=0) / _count(rows, starts)


def _deviation(rows: Frame, starts: Ints) -> Floats:
    return np.sqrt(_variance(rows, starts))


def _quantile(wanted: Floats, rows: Frame, starts: Ints) -> Floats:
    sizes = np.diff(np.append(starts, len(rows.labels)))
    owners = np.repeat(np.arange(len(starts)), sizes)
    columns = [
        _column_quantile(
            wanted[step], rows.values[:, step], rows.present[:, step], owners, len(starts)
        )
        for step in range(rows.values.shape[1])
    ]
    return np.stack(columns, axis=1)


def _column_quantile(
    wanted: float, values: Floats, present: Masks, owners: Ints, groups: int
) -> Floats:
    found = np.full(groups, np.nan)
    seen, starts, counts = np.unique(owners[present], return_index=True, return_counts=True)
    if seen.size:
        dense = np.repeat(np.arange(seen.size), counts)
        each = np.full(seen.size, wanted)
        found[seen] = in_groups(each, values[present], dense, starts, counts)
    return found


_RANKED = ("topk", "bottomk")
_REDUCTIONS: dict[str, _Reduction] = {
    "sum": _sum,
    "avg": _mean,
    "min": _smallest,
    "max": _largest,
    "count": _count,
    "group": _group,
    "stddev": _deviation,
    "stdvar": _variance,
}
