"""Which tests touch database, cache or broker, and so run on both pairs: their fixtures say so."""

from __future__ import annotations

import pytest
from django.test import SimpleTestCase

# pytest-django refuses the database to a test without one of them, tests/pairs/guard.py the
# cache and the broker.
FIXTURES = frozenset(
    {
        "db",
        "transactional_db",
        "django_db_reset_sequences",
        "django_db_serialized_rollback",
        "live_server",
        "shared_servers",
    }
)
# Servers of their own for processes that a test starts: tests/pairs/own.py.
OF_PROCESSES = "pair"
# Test → why it says nothing on PostgreSQL.
ON_SQLITE_ALONE = {
    "tests/detection/runtime/test_database_statistics.py"
    "::test_the_daily_pruning_tells_the_planner_what_the_tables_hold": (
        "PostgreSQL keeps its statistics by itself"
    ),
    "tests/benchmarks/test_pages_at_scale.py"
    "::test_a_page_that_sorts_all_incidents_would_be_told": "the plans are read from SQLite",
}


def is_of_both_pairs(item: pytest.Item) -> bool:
    name = item.nodeid.partition("[")[0]
    asks = touches(item) or OF_PROCESSES in getattr(item, "fixturenames", ())
    return asks and name not in ON_SQLITE_ALONE


def touches(item: pytest.Item) -> bool:
    """Database, cache or broker of the tests."""
    asked = FIXTURES.intersection(getattr(item, "fixturenames", ()))
    marked = item.get_closest_marker("django_db") is not None
    return bool(asked) or marked or _is_a_class_of_django(item)


def _is_a_class_of_django(item: pytest.Item) -> bool:
    made_of = getattr(item, "cls", None)
    return isinstance(made_of, type) and issubclass(made_of, SimpleTestCase)
