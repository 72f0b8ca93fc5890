"""A lease is one worker's until it is given back or has run out."""

from datetime import UTC, datetime, timedelta

import pytest

from detection.runtime.leases import lease, take

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
