"""Previews of forms: what a query gives, and what a window covers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from detection import clients
from detection.admin import query_preview
from detection.clients import current_cluster
from detection.domain.findings import ObjectRef
from detection.metrics import history
from detection.metrics.prometheus import InvalidQuery
from detection.metrics.responses import QueryResult, ResultSeries
from tests.kubewise_site import records

QUERY = "/admin/detection/metricquery/preview/"
WINDOW = "/admin/remediation/maintenancewindow/preview/"
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


class Peer:
    """A Prometheus with two pods, one of them beyond 0.9."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def query(self, promql: str, now: datetime) -> QueryResult:
        if self.error:
            raise self.error
        return _answer((0.5,), (0.95,))

    def query_range(self, promql: str, start: datetime, end: datetime, step: float) -> QueryResult:
        return _answer((0.4, 0.5), (0.9, float("nan")))


def _answer(*values: tuple[float, ...]) -> QueryResult:
    series = [
        ResultSeries({"namespace": "shop", "pod": f"pod-{at}"}, tuple(range(len(one))), one)
        for at, one in enumerate(values)
    ]
    return QueryResult(tuple(series), (), (), False, NOW)


FORM = {"query": "up", "entity_kind": "pod", "unit": "ratio", "direction": "above",
        "threshold": "0.9"}  # fmt: skip


def test_a_query_shows_its_worst_series_and_its_last_hour(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "prometheus", lambda: Peer())
    told = browser.post(QUERY, FORM).json()
    assert told["message"] == "2 series now, 2 of them with a pod, 1 beyond the threshold."
    assert [row["beyond"] for row in told["rows"]] == [True, False]
    assert told["rows"][0]["value"] == "95 %"
    [chart] = told["charts"]
    assert chart["threshold"] == 0.9
    assert [one["values"] for one in chart["series"]] == [[0.9, None], [0.4, 0.5]]


@pytest.mark.parametrize(
    ("kind", "labels", "about"),
    [
        ("pod", {"namespace": "shop", "pod": "cart-1"}, "Pod shop/cart-1"),
        ("pod", {"exported_namespace": "a", "exported_pod": "b", "pod": "x"}, "Pod a/b"),
        ("workload", {"namespace": "shop", "deployment": "cart"}, "Deployment shop/cart"),
        ("node", {"node": "n1"}, "Node n1"),
        ("node", {"instance": "10.0.0.1:9100"}, f"Node 10.0.0.1{query_preview.UNSURE}"),
        ("pod", {"pod": "cart-1"}, "KubeWise cannot tell: its labels name no whole pod"),
        ("pod", {"queue": "mails"}, "a thing that names no Kubernetes object: judged by its "
         "samples alone"),
    ],
)  # fmt: skip
def test_a_series_says_what_it_is_about(
    kind: str, labels: dict[str, str], about: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = QueryResult((ResultSeries(labels, (0,), (1.0,)),), (), (), False, NOW)
    peer = Peer()
    monkeypatch.setattr(peer, "query", lambda *_: answer)
    told = query_preview.preview(FORM | {"entity_kind": kind}, peer, NOW)  # type: ignore[arg-type]
    assert told["rows"][0]["about"] == about


def test_what_prometheus_refuses_is_told_in_its_words(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "prometheus", lambda: Peer(InvalidQuery("1:3: parse error")))
    assert browser.post(QUERY, FORM).json()["message"] == "InvalidQuery: 1:3: parse error"


@pytest.mark.parametrize(("form", "message"), [({}, "Enter a query first."), (FORM, "No Prom")])
def test_without_a_query_or_a_prometheus_it_says_so(form: dict[str, str], message: str) -> None:
    assert query_preview.preview(form, None, NOW)["message"].startswith(message)


def test_a_window_shows_the_incidents_and_owners_that_it_covers(browser: Client) -> None:
    records.incident("cart")
    records.incident("web", owner_namespace="other")
    pods = {"shop/search-1": ObjectRef("Deployment", "shop", "search"),
            "other/x-1": ObjectRef("Deployment", "other", "x")}  # fmt: skip
    history.save_owner_map(current_cluster().pk, pods)
    body = {"namespace_pattern": "sh*", "name_pattern": "*", "starts_at_0": "2026-01-01",
            "starts_at_1": "00:00", "ends_at_0": "2020-01-01", "ends_at_1": "00:00"}  # fmt: skip
    told = browser.post(WINDOW, body).json()
    names = [row["series"] for row in told["rows"]]
    assert names == ["Deployment shop/cart", "Deployment shop/search"]
    assert told["message"].startswith("It covers 1 open incident and 1 other owner; but it ends")


@pytest.mark.parametrize("path", [QUERY, WINDOW])
def test_a_preview_is_for_who_may_write_and_a_post(browser: Client, path: str) -> None:
    viewer = Client()
    viewer.force_login(records.user("v", "detection.view_metricquery"))
    assert viewer.post(path, FORM).status_code == 403
    assert browser.get(path).status_code == 405


@pytest.mark.parametrize(
    "name", ["detection_metricquery", "remediation_maintenancewindow", "remediation_silence"]
)
def test_the_forms_hold_their_preview(browser: Client, name: str) -> None:
    app, _, model = name.partition("_")
    page = browser.get(f"/admin/{app}/{model}/add/").content.decode()
    assert f'data-preview="/admin/{app}/{model}/preview/"' in page
