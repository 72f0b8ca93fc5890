"""A lease is one worker's until it is given back or has run out."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from detection.models import Incident
from detection.runtime.leases import claim_lease, lease, take
from tests.kubewise_site import records

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def test_only_one_of_two_holds_it() -> None:
    with lease("detect/1", NOW, 60) as first, lease("detect/1", NOW, 60) as second:
        assert (first, second) == (True, False)


def test_it_is_free_again_after_the_block_even_after_an_error() -> None:
    with pytest.raises(RuntimeError), lease("x", NOW, 60):
        raise RuntimeError
    with lease("x", NOW, 60) as held:
        assert held


def test_the_lease_of_a_worker_that_died_runs_out() -> None:
    assert take("x", "dead", NOW, 60)
    assert not take("x", "next", NOW + timedelta(seconds=59), 60)
    assert take("x", "next", NOW + timedelta(seconds=60), 60)


LATER = NOW + timedelta(seconds=90)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def rows() -> Any:
    return Incident.objects.filter(pk=records.incident("cart").pk)


@pytest.mark.parametrize(
    ("held_until", "free"),
    [
        (None, True),
        (NOW - timedelta(days=1), True),
        (NOW, True),
        (NOW + timedelta(microseconds=1), False),
        (LATER, False),
    ],
)
def test_a_row_is_claimed_where_its_lease_is_empty_or_past(
    rows: Any, held_until: datetime | None, free: bool
) -> None:
    rows.update(lease_until=held_until)
    assert claim_lease(rows, NOW, LATER) is free
    assert rows.get().lease_until == (LATER if free else held_until)


def test_of_two_who_ask_at_once_one_gets_it_and_the_next_after_the_end(rows: Any) -> None:
    assert [claim_lease(rows, NOW, LATER), claim_lease(rows, NOW, LATER)] == [True, False]
    assert not claim_lease(rows, LATER - timedelta(seconds=1), LATER + timedelta(seconds=60))
    assert claim_lease(rows, LATER, LATER + timedelta(seconds=60))


def test_it_is_one_statement_with_its_conditions_and_values(rows: Any) -> None:
    """Nothing is read before it is written: between the two another could take it."""
    with CaptureQueriesContext(connection) as asked:
        assert claim_lease(rows.filter(version=1), NOW, LATER, decided_again=3)
    (statement,) = asked.captured_queries
    assert statement["sql"].startswith("UPDATE")
    assert rows.get().decided_again == 3


def test_rows_that_changed_meanwhile_are_not_claimed(rows: Any) -> None:
    assert not claim_lease(rows.filter(version=2), NOW, LATER, decided_again=3)
    assert (rows.get().lease_until, rows.get().decided_again) == (None, 0)


def test_another_field_is_another_lease(rows: Any) -> None:
    assert claim_lease(rows, NOW, LATER)
    assert claim_lease(rows, NOW, LATER, field="published_at")
    assert not claim_lease(rows, NOW, LATER, field="published_at")


class Claims(TestCase):
    @given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=12))
    def test_two_never_hold_it_at_one_moment(self, asked: list[tuple[int, int]]) -> None:
        """Whoever asks when, for how long: the holders' times never overlap."""
        row = records.incident("cart")
        rows, ends = Incident.objects.filter(pk=row.pk), 0
        for second, seconds in sorted(asked):
            at = NOW + timedelta(seconds=second)
            got = claim_lease(rows, at, at + timedelta(seconds=seconds))
            assert got == (second >= ends)
            ends = second + seconds if got else ends
        row.delete()


def _by_hand(path: Path) -> bool:
    """Whether it asks by itself which leases are free."""
    words = ("lease_until__isnull", "lease_until__lte", "published_at__isnull", "published_at__lte")
    return any(
        isinstance(node, ast.keyword) and node.arg and node.arg.endswith(words)
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_nobody_else_writes_down_what_a_free_lease_is(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text("Q(verify_lease_until__isnull=True)")
    assert _by_hand(own), "the test itself can tell"
    apps = [path for app in ("detection", "remediation") for path in (ROOT / app).rglob("*.py")]
    assert [path.name for path in apps if _by_hand(path)] == []
