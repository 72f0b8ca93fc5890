"""Which observations are given again, for how long, and how many are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from detection.kubernetes.client import Account
from detection.pipeline.shared_observations import MOST_KEPT, SHARED_FOR, Key, Shared
from detection.snapshot.scope import Scope
from tests.detection.builders import NOW

KEY = Key(Account("https://one", "", "file"), 1, Scope(frozenset({"shop"}), cached=False))
ALMOST = SHARED_FOR - timedelta(milliseconds=1)
MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Seen:
    at: datetime


class Looks:
    """A store with a clock of its own; `at` asks it, `taken` counts what it had to look for."""

    def __init__(self) -> None:
        self.clock, self.taken = 0.0, 0
        self.store: Shared[Seen] = Shared(lambda: self.clock)

    def at(self, now: datetime, since: datetime = NOW, key: Key = KEY) -> Seen:
        def look() -> Seen:
            self.taken += 1
            return Seen(now)

        return self.store.take(key, since, now, look)


@pytest.fixture
def looks() -> Looks:
    return Looks()


def test_one_of_a_moment_ago_is_given_again(looks: Looks) -> None:
    first = looks.at(NOW)
    assert looks.at(NOW + ALMOST) is first
    assert looks.taken == 1


def test_it_is_bounded_by_its_age(looks: Looks) -> None:
    looks.at(NOW)
    assert looks.at(NOW + SHARED_FOR).at == NOW + SHARED_FOR
    assert timedelta(0) < SHARED_FOR <= timedelta(seconds=5)


def test_its_age_is_not_made_younger_by_being_given(looks: Looks) -> None:
    for step in range(4):
        looks.at(NOW + step * SHARED_FOR / 2)
    assert looks.taken == 2


def test_a_calendar_that_stands_still_keeps_nothing_young(looks: Looks) -> None:
    looks.at(NOW)
    looks.clock += SHARED_FOR.total_seconds()
    looks.at(NOW)
    assert looks.taken == 2


def test_one_from_the_future_is_forgotten(looks: Looks) -> None:
    looks.at(NOW)
    looks.at(NOW - MOMENT, since=NOW - SHARED_FOR)
    assert looks.taken == 2


def test_one_that_began_before_what_is_asked_for_is_not_given(looks: Looks) -> None:
    looks.at(NOW)
    assert looks.at(NOW + 2 * MOMENT, since=NOW + MOMENT).at > NOW
    assert looks.taken == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, account=Account("https://two", "", "file")),
        replace(KEY, cluster_id=2),
        replace(KEY, scope=Scope(frozenset({"bank"}), cached=False)),
        replace(KEY, scope=Scope(frozenset({"shop"}))),
        replace(KEY, scope=Scope(frozenset({"shop"}), frozenset({"pods"}), cached=False)),
        replace(KEY, scope=Scope(cached=False, logs_first=frozenset({"shop"}))),
    ],
)
def test_another_account_cluster_or_scope_is_looked_at(looks: Looks, other: Key) -> None:
    looks.at(NOW)
    looks.at(NOW, key=other)
    assert looks.taken == 2


def test_only_the_newest_few_are_kept(looks: Looks) -> None:
    keys = [replace(KEY, cluster_id=number) for number in range(MOST_KEPT + 1)]
    for key in [*keys, keys[-1]]:
        looks.at(NOW, key=key)
    assert looks.taken == len(keys)
    looks.at(NOW, key=keys[0])
    assert looks.taken == len(keys) + 1
