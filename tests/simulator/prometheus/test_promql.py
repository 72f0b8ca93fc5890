"""PromQL on small histories; test_contract compares far more with the real Prometheus."""

import math
import re
from typing import Any

import pytest

from simulator.prometheus.http.http import handle
from simulator.prometheus.storage.store import MetricStore

BEGIN = 1_700_000_000.0


@pytest.fixture
def store() -> MetricStore:
    """Ten minutes of a counter that starts anew in the middle, and a few constants."""
    store = MetricStore()
    for n in range(41):
        at = BEGIN + 15 * n
        store.append("requests_total", {"pod": "a"}, at, float(n if n < 20 else n - 20))
        store.append("requests_total", {"pod": "b"}, at, 2.0 * n)
        store.append("limit", {"pod": "a"}, at, 10.0)
        store.append("limit", {"pod": "b"}, at, 100.0)
        store.append("info", {"pod": "a", "node": "n1"}, at, 1.0)
    return store


def result(store: MetricStore, query: str, at: float = BEGIN + 600) -> Any:
    status, body = handle("/api/v1/query", {"query": [query]}, store, at)
    assert status == 200, body
    return body["data"]["result"]  # type: ignore[index]


def by_pod(store: MetricStore, query: str, at: float = BEGIN + 600) -> dict[str, float]:
    rows = result(store, query, at)
    return {row["metric"].get("pod", ""): float(row["value"][1]) for row in rows}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rate(requests_total[5m])", {"a": 1 / 15, "b": 2 / 15}),
        ("increase(requests_total[10m])", {"a": 39.0, "b": 80.0}),
        ("resets(requests_total[10m])", {"a": 1.0, "b": 0.0}),
        ("irate(requests_total[1m])", {"a": 1 / 15, "b": 2 / 15}),
        ("requests_total / on(pod) limit", {"a": 2.0, "b": 0.8}),
        ("requests_total / on(pod) limit > 1", {"a": 2.0}),
        ("requests_total > bool 30", {"a": 0.0, "b": 1.0}),
        ("limit * on(pod) group_left(node) info", {"a": 10.0}),
        ("limit unless on(pod) info", {"b": 100.0}),
        ("topk(1, limit)", {"b": 100.0}),
        ("sum(limit)", {"": 110.0}),
        ("time() - timestamp(limit)", {"a": 0.0, "b": 0.0}),
        ("predict_linear(requests_total{pod='b'}[5m], 150)", {"b": 100.0}),
        ("max_over_time(rate(requests_total[1m])[5m:15s])", {"a": 1 / 15, "b": 2 / 15}),
        ("absent(limit)", {}),
        ("absent(limit{pod='c'})", {"c": 1.0}),
        ("limit offset 15m", {}),
    ],
)
def test_a_query_has_its_value(store: MetricStore, query: str, expected: dict[str, float]) -> None:
    assert by_pod(store, query) == pytest.approx(expected, rel=1e-12)


def test_a_sample_counts_for_five_minutes_and_not_longer(store: MetricStore) -> None:
    assert by_pod(store, "limit", BEGIN + 900) == {"a": 10.0, "b": 100.0}
    assert by_pod(store, "limit", BEGIN + 900.001) == {}


def test_a_series_that_ended_is_gone_at_once_and_its_marker_is_no_sample(
    store: MetricStore,
) -> None:
    store.end("limit", {"pod": "a"}, BEGIN + 615)
    assert by_pod(store, "limit", BEGIN + 616) == {"b": 100.0}
    assert by_pod(store, "last_over_time(limit[5m])", BEGIN + 616) == {"a": 10.0, "b": 100.0}
    assert by_pod(store, "count_over_time(limit[30s])", BEGIN + 616) == {"a": 1.0, "b": 1.0}


def test_an_ordinary_nan_is_a_value_and_not_an_absence(store: MetricStore) -> None:
    store.append("limit", {"pod": "a"}, BEGIN + 615, math.nan)
    rows = result(store, "limit{pod='a'}", BEGIN + 615)
    assert [row["value"] for row in rows] == [[BEGIN + 615, "NaN"]]


def test_a_range_query_holds_each_point_that_exists(store: MetricStore) -> None:
    window = {"start": [str(BEGIN + 585)], "end": [str(BEGIN + 945)], "step": ["5m"]}
    params = {"query": ["limit{pod='a'}"], **window}
    _, body = handle("/api/v1/query_range", params, store, BEGIN)
    (row,) = body["data"]["result"]  # type: ignore[index]
    assert row["values"] == [[BEGIN + 585, "10"], [BEGIN + 885, "10"]]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit * on() info", "many-to-one matching must be explicit"),
        ("info * on() limit", r"found duplicate series for the match group \{\} on the right"),
        ("mad_over_time(limit[5m])", 'does not support the function "mad_over_time"'),
        ('label_replace(limit, "pod", "", "pod", ".*")', "the same labelset"),
    ],
)
def test_what_cannot_be_evaluated_is_an_execution_error(
    store: MetricStore, query: str, message: str
) -> None:
    status, body = handle("/api/v1/query", {"query": [query]}, store, BEGIN + 600)
    assert (status, body["errorType"]) == (422, "execution")
    assert re.search(message, str(body["error"]))


def test_a_match_is_unique_at_each_time_and_not_over_all() -> None:
    store = MetricStore()
    store.load(
        [
            {
                "name": "info",
                "labels": {"pod": "a", "node": "old"},
                "samples": [[0, 1], [1, "stale"]],
            },
            {"name": "info", "labels": {"pod": "a", "node": "new"}, "samples": [[10, 1]]},
            {"name": "up", "labels": {"pod": "a"}, "samples": [[0, 1], [10, 1]]},
        ]
    )
    params = {"query": ["up * on(pod) group_left(node) info"], "start": ["0"], "end": ["10"]}
    status, body = handle("/api/v1/query_range", {**params, "step": ["5"]}, store, 10)
    assert status == 200
    nodes = [row["metric"]["node"] for row in body["data"]["result"]]  # type: ignore[index]
    assert nodes == ["new", "old"]
