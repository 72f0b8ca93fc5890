"""The benchmarks' own requests on few rows: their number of queries, and how each is answered.

What a million rows show as seconds, SQLite's plan shows at once: a sort or a scan of the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.load import admin_pages, events, rows
from benchmarks.load.timing import TimedRequest
from detection.runtime import database_statistics
from tests.kubewise_site.api_client import Api

YEAR = rows.Year(4_000, 20_000, 40, datetime.now(UTC))
OF_INCIDENTS = 'FROM "detection_incident"'
SCAN = re.compile(r"SCAN (detection_incident|U0)$")
SORT = "USE TEMP B-TREE FOR ORDER BY"
# What is open, and what was acted on of late: few, however long the table.
FEW = ('"closed_at" IS NULL', "LIMIT 2000)")


@pytest.fixture
def year(admin: User) -> rows.Year:
    rows.write_all(YEAR)
    database_statistics.refresh()
    return YEAR


def test_each_page_of_the_admin_takes_its_pinned_queries(year: rows.Year, browser: Client) -> None:
    asked = admin_pages.pages(year.incidents)
    wrong = [told for one in asked for told in _wrong(browser, one)]
    assert not wrong, "\n".join(wrong)


def test_each_list_of_events_takes_its_pinned_queries(year: rows.Year, api: Api) -> None:
    asked = events.requests(year.incidents, year.transitions)
    wrong = [told for one in asked for told in _wrong(api.client, one)]
    assert not wrong, "\n".join(wrong)


def test_a_page_that_sorts_all_incidents_would_be_told(year: rows.Year) -> None:
    with connection.cursor() as cursor:
        sql = "SELECT * FROM detection_incident ORDER BY summary LIMIT 50"
        assert list(_bad_steps(cursor, sql)) == ["SCAN detection_incident", SORT]


def _wrong(client: Any, asked: TimedRequest) -> Iterator[str]:
    """What the request does otherwise than pinned."""
    address = asked.address(Random(1))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200, asked.name
    queries = [query["sql"] for query in captured.captured_queries]
    if len(queries) != asked.queries:
        yield f"{asked.name}: {len(queries)} queries"
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for sql in queries:
                yield from (f"{asked.name}: {step}: {sql}" for step in _bad_steps(cursor, sql))


def _bad_steps(cursor: Any, sql: str) -> Iterator[str]:
    """Steps that take longer the more incidents there are."""
    if OF_INCIDENTS not in sql.replace("FROM detection_incident", OF_INCIDENTS):
        return
    cursor.execute("EXPLAIN QUERY PLAN " + sql.replace("%", "%%"))
    for *_, step in cursor.fetchall():
        if SCAN.search(step) or (step == SORT and not any(bound in sql for bound in FEW)):
            yield step
