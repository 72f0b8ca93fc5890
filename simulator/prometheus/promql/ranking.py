"""topk, bottomk, sort and count_values: which elements, and in which order."""

import re
from collections.abc import Callable

import numpy as np

from simulator.prometheus.errors import ExecutionError
from simulator.prometheus.http.formats import decimal
from simulator.prometheus.storage.frames import coalesced, grouped
from simulator.prometheus.storage.labels import LabelKey, Labels, identity
from simulator.prometheus.storage.samples import Floats, Frame, Ints, Masks

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
MOST = 2.0**63


def ranked(
    frame: Frame, limits: Floats, group: Callable[[Labels], Labels], *, largest: bool
) -> Frame:
    """The first `limits[step]` elements of each group at each step; NaN ranks last."""
    for limit in limits:
        if not -MOST <= limit < MOST:
            raise ExecutionError(f"Scalar value {decimal(limit)} overflows int64")
    _, groups = grouped([identity(group(one)) for one in frame.labels])
    chosen = np.zeros_like(frame.present)
    order = np.arange(len(frame.labels))
    for step, limit in enumerate(limits):
        order = _order(frame.values[:, step], frame.present[:, step], groups, largest)
        chosen[order[_place(groups[order]) < int(limit)], step] = True
    return Frame(frame.labels, frame.values, chosen & frame.present).rows(order).seen()


def ordered(frame: Frame, *, descending: bool) -> Frame:
    """sort and sort_desc: NaN comes last in both, and ranges are left as they are."""
    if frame.values.shape[1] != 1:
        return frame
    groups = np.zeros(len(frame.labels), dtype=np.int64)
    return frame.rows(_order(frame.values[:, 0], frame.present[:, 0], groups, descending))


def count_values(frame: Frame, label: str, group: Callable[[Labels], Labels]) -> Frame:
    """How many elements of each group have each value; the value becomes a label."""
    if not LABEL_NAME.fullmatch(label):
        raise ExecutionError(f'invalid label name "{label}"')
    counts: dict[LabelKey, Floats] = {}
    steps = frame.values.shape[1]
    for row, step in np.argwhere(frame.present):
        value = decimal(float(frame.values[row, step]))
        key = identity({**group(frame.labels[row]), label: value})
        counts.setdefault(key, np.zeros(steps))[step] += 1
    values = np.array(list(counts.values())).reshape(-1, steps)
    return coalesced(Frame([dict(key) for key in counts], values, values > 0))


def _order(values: Floats, present: Masks, groups: Ints, descending: bool) -> Ints:
    unknown = np.isnan(values)
    key = np.where(unknown, 0.0, -values if descending else values)
    return np.lexsort((key, unknown, ~present, groups))


def _place(groups: Ints) -> Ints:
    starts = np.searchsorted(groups, groups)
    return np.arange(len(groups)) - starts
