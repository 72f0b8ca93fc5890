"""The row "a column in the admin": an entry of `list_display` shows, and costs no query a row."""

from __future__ import annotations

import pytest
from django.contrib import admin as django_admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from detection.models import Incident
from remediation.admin.incidents import IncidentAdmin
from tests.kubewise_site import records

LIST = "/admin/detection/incident/"


def with_column(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(IncidentAdmin, "list_display", (*IncidentAdmin.list_display, name))


def shown(browser: Client) -> tuple[str, int]:
    """The page, and the number of queries that it took."""
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(LIST)
    assert answer.status_code == 200
    return answer.content.decode(), len(captured)


def queries_more(browser: Client) -> int:
    """How many more queries the list takes for twenty incidents than for one."""
    records.incident("first")
    _, few = shown(browser)
    for number in range(19):
        records.incident(f"cart-{number}")
    return shown(browser)[1] - few


def test_an_entry_alone_shows(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    records.incident("cart", owner_uid="uid-shown-nowhere-else")
    before, queries = shown(browser)
    with_column(monkeypatch, "owner_uid")
    after, queries_with_it = shown(browser)
    assert "uid-shown-nowhere-else" not in before
    assert "uid-shown-nowhere-else" in after
    assert queries_with_it == queries


def test_a_column_costs_no_query_a_row(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with_column(monkeypatch, "owner_uid")
    assert queries_more(browser) == 0


def test_a_column_that_asks_the_database_for_each_row_is_noticed(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plans(self: IncidentAdmin, incident: Incident) -> int:
        return incident.plans.count()

    monkeypatch.setattr(IncidentAdmin, "plans", plans, raising=False)
    with_column(monkeypatch, "plans")
    assert queries_more(browser) == 19


def test_an_entry_without_its_method_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with_column(monkeypatch, "not_there")
    [error] = django_admin.site._registry[Incident].check()
    assert "'not_there'" in str(error.msg)
    assert error.id == "admin.E108"
