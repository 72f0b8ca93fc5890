"""What the planner knows, and searching by what a person types."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from detection.incidents import search
from detection.models import Incident
from detection.runtime import database_statistics
from remediation.housekeeping.prune import prune
from tests.kubewise_site import records

pytestmark = pytest.mark.django_db


def test_the_daily_pruning_tells_the_planner_what_the_tables_hold() -> None:
    for number in range(5):
        records.incident(f"app-{number}")
    prune(records.NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT idx FROM sqlite_stat1 WHERE tbl = 'detection_incident'")
        known = {name for (name,) in cursor.fetchall()}
    assert known >= {index.name for index in Incident._meta.indexes}


def test_statistics_can_be_refreshed_again_and_while_empty() -> None:
    database_statistics.refresh()
    database_statistics.refresh()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cart", ["cart", "cart", "cart-db"]),
        (" CART-", ["cart-db"]),
        ("shop/cart", ["cart", "cart-db"]),
        ("pay/", ["cart"]),
        ("/cart", ["cart", "cart", "cart-db"]),
        ("art", []),
        ("shop", []),
        ("%", []),
        ("\U0010ffff", []),
    ],
)
def test_a_search_is_by_the_beginning_of_a_name(text: str, names: list[str]) -> None:
    records.incident("cart-db")
    records.incident("cart")
    records.incident("cart", open_key="other", owner_namespace="pay")
    found = search.found(Incident.objects.all(), text)
    assert [row.owner_name for row in found] == names


def test_of_one_name_the_newest_is_found_first() -> None:
    old = records.incident("cart", open_key="a", first_seen=records.NOW - timedelta(days=1))
    new = records.incident("cart", open_key="b", first_seen=records.NOW)
    assert list(search.found(Incident.objects.all(), "ca")) == [new, old]
