"""The order of causes: one row a cause."""

from __future__ import annotations

from collections import Counter

from detection.domain.causes import CAUSES, ROWS, Cause, Through, explained_by, explaining, order_of


def test_every_cause_has_exactly_one_place_and_no_two_the_same() -> None:
    assert Counter(row.cause for row in ROWS) == Counter(Cause)
    assert len({order_of(cause) for cause in Cause}) == len(Cause)


def test_the_order_is_that_of_precedence_and_then_of_the_rows() -> None:
    ordered = sorted(Cause, key=order_of)
    precedences = [CAUSES[cause].precedence for cause in ordered]
    assert precedences == sorted(precedences)
    for precedence in set(precedences):
        rows = [row.cause for row in ROWS if row.precedence == precedence]
        assert [cause for cause in ordered if CAUSES[cause].precedence == precedence] == rows


def test_every_cause_that_explains_others_does_so_in_one_way() -> None:
    ways = [cause for through in Through for cause in explaining(through)]
    assert Counter(ways) == Counter(row.cause for row in ROWS if row.explains)


def test_nothing_explains_itself() -> None:
    assert not [cause for cause in Cause if cause in explained_by(cause)]
