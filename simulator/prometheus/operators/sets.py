"""The set operators: and, or, unless."""

from collections.abc import Callable

import numpy as np

from simulator.prometheus.operators.matching import signature
from simulator.prometheus.promql.syntax import Matching
from simulator.prometheus.storage.frames import coalesced
from simulator.prometheus.storage.labels import LabelKey
from simulator.prometheus.storage.samples import Frame, Masks


def intersection(left: Frame, right: Frame, matching: Matching) -> Frame:
    """`and`: the left elements that have a partner on the right."""
    kept = left.present & _partnered(left, right, matching)
    return Frame(left.labels, left.values, kept).seen()


def complement(left: Frame, right: Frame, matching: Matching) -> Frame:
    """`unless`: the left elements that have none."""
    kept = left.present & ~_partnered(left, right, matching)
    return Frame(left.labels, left.values, kept).seen()


def union(left: Frame, right: Frame, matching: Matching) -> Frame:
    """`or`: all on the left, and those on the right that have no partner there."""
    rest = complement(right, left, matching)
    values = np.concatenate([left.values, rest.values])
    present = np.concatenate([left.present, rest.present])
    return coalesced(Frame(left.labels + rest.labels, values, present))


def _partnered(frame: Frame, other: Frame, matching: Matching) -> Masks:
    """Where each element of `frame` has a partner in `other`."""
    known: dict[LabelKey, Masks] = {}
    for labels, present in zip(other.labels, other.present, strict=True):
        key = signature(labels, matching)
        known[key] = known[key] | present if key in known else present
    nowhere = np.zeros(frame.present.shape[1], dtype=np.bool_)
    rows = [known.get(signature(labels, matching), nowhere) for labels in frame.labels]
    return np.array(rows, dtype=np.bool_).reshape(frame.present.shape)


SETS: dict[str, Callable[[Frame, Frame, Matching], Frame]] = {
    "and": intersection,
    "or": union,
    "unless": complement,
}
