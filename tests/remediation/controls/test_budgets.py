"""Budgets slide: no hour, wherever it begins, holds more than it may."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from detection.clients import current_cluster
from detection.models import Cluster
from remediation.controls import budgets
from remediation.controls.budgets import Cost
from remediation.models import Budget
from tests.remediation.cases import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
COST = Cost("hour", 3, 3600, "3 within an hour")
OPEN = Cost("open", 2, None, "2 are under way")
SAYS = COST.says
minutes = some.lists(some.integers(0, 180), max_size=40).map(sorted)


def spend(at: datetime, *costs: Cost) -> str:
    return budgets.spend_budgets(current_cluster(), costs or (COST,), at)


def test_twice_the_budget_can_t_be_spent_around_the_full_hour() -> None:
    early = [spend(NOW), *(spend(NOW + timedelta(minutes=59)) for _ in range(2))]
    assert early == ["", "", ""]
    late = [spend(NOW + timedelta(minutes=61)) for _ in range(3)]
    assert late == ["", SAYS, SAYS], "one hour after the first, one unit is free again"
    assert spend(NOW + timedelta(minutes=119)) == ""


@given(times=minutes)
@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_no_hour_that_begins_anywhere_holds_more_than_the_limit(times: list[int], db: None) -> None:
    Budget.objects.all().delete()
    moments = [NOW + timedelta(minutes=minute) for minute in times]
    spent = [at for at in moments if not spend(at)]
    for first in spent:
        assert sum(first <= at < first + HOUR for at in spent) <= COST.limit
    for at in set(moments) - set(spent):
        assert sum(at - HOUR < other <= at for other in spent) >= COST.limit, "refused for nothing"


def test_what_is_foretold_is_what_happens() -> None:
    cluster = current_cluster()
    for minute in range(0, 200, 7):
        at = NOW + timedelta(minutes=minute)
        assert budgets.exhausted(cluster, (COST,), at) == spend(at)


def test_a_refund_gives_back_the_unit_of_that_attempt_and_no_younger_one() -> None:
    cluster = current_cluster()
    for minute in (0, 30, 40):
        spend(NOW + timedelta(minutes=minute))
    later = NOW + timedelta(minutes=65)
    assert spend(later) == "", "the first has left the window"
    budgets.refund(cluster, (COST,), NOW)
    assert spend(later) == SAYS, "what left the window can't be given back once more"
    budgets.refund(cluster, (COST,), NOW + timedelta(minutes=30))
    assert spend(later) == ""


def test_what_is_open_is_counted_until_it_is_settled_however_long_that_takes() -> None:
    cluster = current_cluster()
    assert [spend(NOW, OPEN) for _ in range(3)] == ["", "", OPEN.says]
    assert spend(NOW + 9 * HOUR, OPEN) == OPEN.says
    budgets.release_budgets(cluster, (OPEN,))
    assert spend(NOW + 9 * HOUR, OPEN) == ""


def test_a_clock_that_goes_back_frees_nothing() -> None:
    for _ in range(3):
        spend(NOW + HOUR)
    assert spend(NOW) == SAYS


def test_another_cluster_has_a_budget_of_its_own() -> None:
    for _ in range(3):
        spend(NOW)
    other = Cluster.objects.create(name="other")
    assert budgets.spend_budgets(other, (COST,), NOW) == ""
