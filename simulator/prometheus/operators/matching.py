"""Vector matching: which elements of the two sides of an operator belong together.

Source: VectorBinop and resultMetric in prometheus/promql/engine.go, v2.42.
"""

from collections.abc import Callable

import numpy as np

from simulator.prometheus.errors import ExecutionError
from simulator.prometheus.promql.syntax import GROUP_RIGHT, Matching
from simulator.prometheus.storage.frames import coalesced
from simulator.prometheus.storage.labels import (
    NAME,
    LabelKey,
    Labels,
    identity,
    nameless,
    only_labels,
    without_labels,
    written,
)
from simulator.prometheus.storage.samples import Floats, Frame, Ints, Masks, empty_frame

Elementwise = Callable[[Floats, Floats], tuple[Floats, Masks | None]]

NOT_EXPLICIT = (
    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
)
NOT_UNIQUE = "multiple matches for labels: grouping labels must ensure unique matches"


def signature(labels: Labels, matching: Matching) -> LabelKey:
    """What two elements must share to belong together."""
    if matching.on:
        return identity(only_labels(labels, matching.labels))
    return identity(without_labels(labels, matching.labels))


def matched(
    left: Frame, right: Frame, matching: Matching, operate: Elementwise, *, drops_name: bool
) -> Frame:
    """The operation on all matching pairs; an error where the matching is ambiguous."""
    swapped = matching.group == GROUP_RIGHT
    many, one = (right, left) if swapped else (left, right)
    many_rows, one_rows, groups = _pairs(many, one, matching)
    if not many_rows.size:
        return empty_frame(left.values.shape[1])
    present = many.present[many_rows] & one.present[one_rows]
    sides = many.values[many_rows], one.values[one_rows]
    values, kept = operate(*(reversed(sides) if swapped else sides))
    present = present if kept is None else present & kept
    _refuse_duplicates(present, groups, matching)
    pairs = zip(many_rows, one_rows, strict=True)
    labels = [_result(many.labels[m], one.labels[o], matching, drops_name) for m, o in pairs]
    message = NOT_UNIQUE if matching.group else NOT_EXPLICIT
    return coalesced(Frame(labels, values, present), message).seen()


def _pairs(many: Frame, one: Frame, matching: Matching) -> tuple[Ints, Ints, Ints]:
    """Rows of both sides that share a signature, and the number of that signature."""
    by_signature = _by_signature(one, matching)
    _refuse_ambiguity(many, one, matching, by_signature)
    numbers = {key: number for number, key in enumerate(by_signature)}
    found: list[tuple[int, int, int]] = []
    for row, labels in enumerate(many.labels):
        key = signature(labels, matching)
        found.extend((row, other, numbers[key]) for other in by_signature.get(key, ()))
    columns = np.array(found, dtype=np.int64).reshape(-1, 3)
    return columns[:, 0], columns[:, 1], columns[:, 2]


def _by_signature(frame: Frame, matching: Matching) -> dict[LabelKey, list[int]]:
    found: dict[LabelKey, list[int]] = {}
    for row, labels in enumerate(frame.labels):
        found.setdefault(signature(labels, matching), []).append(row)
    return found


def _refuse_ambiguity(
    many: Frame, one: Frame, matching: Matching, by_signature: dict[LabelKey, list[int]]
) -> None:
    relevant = many.present.any(axis=0)
    for key, rows in by_signature.items():
        if len(rows) > 1:
            clashes = (one.present[rows].sum(axis=0) > 1) & relevant
            if clashes.any():
                step = int(np.argmax(clashes))
                raise _ambiguous(
                    key, [row for row in rows if one.present[row, step]], one, matching
                )


def _ambiguous(key: LabelKey, rows: list[int], one: Frame, matching: Matching) -> ExecutionError:
    side = "left" if matching.group == GROUP_RIGHT else "right"
    first, second = (written(one.labels[row]) for row in rows[:2])
    return ExecutionError(
        f"found duplicate series for the match group {written(dict(key))} on the {side} hand-side"
        f" of the operation: [{second}, {first}];many-to-many matching not allowed: matching"
        " labels must be unique on one side"
    )


def _refuse_duplicates(present: Masks, groups: Ints, matching: Matching) -> None:
    if matching.group:
        return
    matches = np.zeros((int(groups.max()) + 1, present.shape[1]), dtype=np.int64)
    np.add.at(matches, groups, present)
    if (matches > 1).any():
        raise ExecutionError(NOT_EXPLICIT)


def _result(many: Labels, one: Labels, matching: Matching, drops_name: bool) -> Labels:
    labels = nameless(many) if drops_name else dict(many)
    if not matching.group:
        labels = (
            only_labels(labels, matching.labels)
            if matching.on
            else _without(labels, matching.labels)
        )
    for name in matching.include:
        labels.pop(name, None)
    return labels | only_labels(one, matching.include)


def _without(labels: Labels, names: tuple[str, ...]) -> Labels:
    named = {NAME: labels[NAME]} if NAME in labels and NAME not in names else {}
    return named | without_labels(labels, names)
