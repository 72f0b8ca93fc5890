"""Metric queries are checked by Prometheus before they are saved, outside any transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client

from detection import admin, clients
from detection.metrics.prometheus import InvalidQuery, Unreachable
from detection.models import MetricQuery
from tests.kubewise_site import records

ADD = "/admin/detection/metricquery/add/"
FORM = {
    "name": "memory", "query": "up", "entity_kind": "pod", "labels": "{}", "direction": "above",
    "threshold": "0.9", "dwell_seconds": "300", "severity": "warning", "source": "prometheus",
    "active": "on",
}  # fmt: skip


class Asked:
    """A Prometheus that answers as it is told, and remembers whether a transaction was open."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.queries, self.in_atomic = error, list[str](), list[bool]()

    def query(self, text: str, now: datetime) -> Any:
        self.queries.append(text)
        self.in_atomic.append(connection.in_atomic_block)
        if self.error:
            raise self.error
        return Answer()


class Answer:
    series: tuple[Any, ...] = ()
    warnings: tuple[str, ...] = ()


def prometheus(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> Asked:
    asked = Asked(error)
    monkeypatch.setattr(clients, "prometheus", lambda: asked)
    return asked


def test_an_invalid_query_is_refused_with_the_words_of_prometheus(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    prometheus(monkeypatch, InvalidQuery('1:4: parse error: unexpected "}"'))
    answer = browser.post(ADD, FORM)
    assert "1:4: parse error: unexpected &quot;}&quot;" in answer.content.decode()
    assert not MetricQuery.objects.exists()


def test_a_valid_query_is_saved_with_what_was_found(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = prometheus(monkeypatch)
    assert browser.post(ADD, FORM).status_code == 302
    row = MetricQuery.objects.get()
    assert (row.active, row.check_state) == (True, "no series")
    assert row.checked_at
    assert asked.queries == ["up"]


def test_with_prometheus_away_it_is_saved_asleep_and_says_so(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    prometheus(monkeypatch, Unreachable("connection refused"))
    answer = browser.post(ADD, FORM)
    row = MetricQuery.objects.get()
    assert (row.active, row.check_state) == (False, "not checked")
    told = " ".join(str(message) for message in get_messages(answer.wsgi_request))
    assert "Saved inactive, not checked" in told


def test_an_edit_is_checked_too(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = MetricQuery.objects.create(name="memory", query="up", entity_kind="pod")
    prometheus(monkeypatch, InvalidQuery("no"))
    browser.post(f"/admin/detection/metricquery/{row.pk}/change/", FORM | {"query": "up{"})
    row.refresh_from_db()
    assert row.query == "up"


@pytest.mark.django_db(transaction=True)
def test_prometheus_is_never_asked_inside_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    asked = prometheus(monkeypatch)
    client.post(ADD, FORM)
    assert MetricQuery.objects.exists()
    assert asked.in_atomic == [False]


def test_prometheus_is_not_asked_for_a_form_that_is_wrong_anyway(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = prometheus(monkeypatch)
    browser.post(ADD, FORM | {"name": "not a slug"})
    assert asked.queries == []


def test_prometheus_is_not_asked_for_who_may_not_write(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = prometheus(monkeypatch)
    client = Client()
    client.force_login(records.user("viewer", "detection.view_metricquery"))
    assert client.post(ADD, FORM).status_code == 403
    assert asked.queries == []


def test_the_state_of_a_check_has_a_colour_for_each_bad_ending() -> None:
    bad = {MetricQuery.Check.INVALID, MetricQuery.Check.ERROR, MetricQuery.Check.TIMEOUT}
    assert {admin.CHECK_COLOURS[state] for state in bad} == {"danger"}
