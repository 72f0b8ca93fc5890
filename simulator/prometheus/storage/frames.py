"""Operations on instant vectors that several functions need."""

from collections.abc import Callable

import numpy as np

from simulator.prometheus.errors import ExecutionError
from simulator.prometheus.storage.labels import LabelKey, Labels, identity, nameless
from simulator.prometheus.storage.samples import Floats, Frame, Ints

SAME_LABELS = "vector cannot contain metrics with the same labelset"


def relabelled(frame: Frame, change: Callable[[Labels], Labels]) -> Frame:
    """The vector with other labels; an error if two elements become the same."""
    return coalesced(Frame([change(one) for one in frame.labels], frame.values, frame.present))


def with_values(frame: Frame, values: Floats) -> Frame:
    """The vector with other values and without its metrics' names."""
    labels = [nameless(one) for one in frame.labels]
    return coalesced(Frame(labels, values, frame.present))


def coalesced(frame: Frame, message: str = SAME_LABELS) -> Frame:
    """Series of the same labels become one; an error if two are present at the same time."""
    rows, groups = grouped([identity(one) for one in frame.labels])
    if len(rows) == len(frame.labels):
        return frame
    present = np.zeros((len(rows), frame.present.shape[1]), dtype=np.int64)
    np.add.at(present, groups, frame.present)
    if (present > 1).any():
        raise ExecutionError(message)
    values = np.zeros(present.shape)
    np.add.at(values, groups, np.where(frame.present, frame.values, 0.0))
    return Frame([frame.labels[row] for row in rows], values, present > 0)


def grouped(keys: list[LabelKey]) -> tuple[list[int], Ints]:
    """The first position of each distinct key, and for each key the number of its group."""
    numbers: dict[LabelKey, int] = {}
    rows: list[int] = []
    for row, key in enumerate(keys):
        if numbers.setdefault(key, len(numbers)) == len(rows):
            rows.append(row)
    groups = [numbers[key] for key in keys]
    return rows, np.array(groups, dtype=np.int64)
