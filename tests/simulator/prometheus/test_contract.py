"""The simulator's query API and the real Prometheus give the same answers."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.prometheus.http.server import PrometheusServer
from simulator.prometheus.storage.store import MetricStore
from tests.simulator.prometheus import history
from tests.simulator.prometheus.contract_queries import ENDING, ERRORS, QUERIES, REQUESTS
from tests.simulator.prometheus.peers import answer, real_prometheus
from tests.simulator.prometheus.remote_write import write

pytestmark = pytest.mark.live

TOLERANCE = 1e-9
INSTANTS = (history.BEGIN + 3600, history.BEGIN + 5555.5, history.BEGIN + 8000)
ORDERED = ("sort", "topk(", "bottomk(")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of the real one and of the simulator, with the same history."""
    series = history.series()
    store = MetricStore()
    store.load([*series, *history.ending()])
    directory = tmp_path_factory.mktemp("prometheus")
    with real_prometheus(series, directory) as real, PrometheusServer(store) as simulator:
        write(real, history.ending())
        yield real, simulator.url


@pytest.mark.parametrize("at", INSTANTS)
@pytest.mark.parametrize("query", QUERIES)
def test_an_instant_query_has_the_real_answer(both: tuple[str, str], query: str, at: float) -> None:
    params = {"query": query, "time": f"{at:.3f}"}
    real, ours = (answer(url, "/api/v1/query", params) for url in both)
    assert real[0] == ours[0] == 200, (real, ours)
    assert_same(real[1]["data"], ours[1]["data"], in_order=query.startswith(ORDERED))


@pytest.mark.parametrize("step", ["60", "7"])
@pytest.mark.parametrize("query", QUERIES)
def test_a_range_query_has_the_real_answer(both: tuple[str, str], query: str, step: str) -> None:
    window = {"start": f"{history.BEGIN + 2000:.3f}", "end": f"{history.BEGIN + 5000:.3f}"}
    params = {"query": query, "step": step, **window}
    real, ours = (answer(url, "/api/v1/query_range", params) for url in both)
    assert real[0] == ours[0], (real, ours)
    if real[0] == 200:
        assert_same(real[1]["data"], ours[1]["data"], in_order=True)
    else:
        assert real[1] == ours[1]


@pytest.mark.parametrize("seconds", [100, 119.999, 120, 121, 200, 245, 285, 300, 600])
@pytest.mark.parametrize("query", ENDING)
def test_the_marker_of_an_end_works_as_in_the_real_one(
    both: tuple[str, str], query: str, seconds: float
) -> None:
    params = {"query": query, "time": f"{history.LATER + seconds:.3f}"}
    real, ours = (answer(url, "/api/v1/query", params) for url in both)
    assert real[0] == ours[0] == 200, (real, ours)
    assert_same(real[1]["data"], ours[1]["data"], in_order=False)


@pytest.mark.parametrize("query", ENDING[:-1])
def test_the_marker_of_an_end_works_over_a_range(both: tuple[str, str], query: str) -> None:
    window = {"start": f"{history.LATER:.3f}", "end": f"{history.LATER + 700:.3f}", "step": "5"}
    real, ours = (answer(url, "/api/v1/query_range", {"query": query, **window}) for url in both)
    assert real[0] == ours[0] == 200, (real, ours)
    assert real[1]["data"]["result"]
    assert_same(real[1]["data"], ours[1]["data"], in_order=True)


@pytest.mark.parametrize("query", ERRORS)
def test_a_wrong_query_fails_in_the_same_way(both: tuple[str, str], query: str) -> None:
    params = {"query": query, "time": str(history.BEGIN + 3600)}
    real, ours = (answer(url, "/api/v1/query", params) for url in both)
    assert real[0] == ours[0] != 200, (real, ours)
    assert real[1]["errorType"] == ours[1]["errorType"]


@pytest.mark.parametrize(("path", "params"), REQUESTS)
def test_a_request_has_the_same_answer(
    both: tuple[str, str], path: str, params: dict[str, str]
) -> None:
    real, ours = (answer(url, path, params) for url in both)
    if path == "/api/v1/targets":
        real[1]["data"] = ours[1]["data"] = set(real[1]["data"]) & set(ours[1]["data"])
    assert real == ours


def test_the_real_history_is_not_empty(both: tuple[str, str]) -> None:
    params = {"query": "count({__name__=~'.+'})", "time": str(INSTANTS[0])}
    status, body = answer(both[0], "/api/v1/query", params)
    assert status == 200
    assert float(body["data"]["result"][0]["value"][1]) > 100


def assert_same(real: Any, ours: Any, *, in_order: bool) -> None:
    """The same type, series and times, and values within the tolerance."""
    assert real["resultType"] == ours["resultType"]
    if real["resultType"] in ("scalar", "string"):
        assert real["result"][0] == ours["result"][0]
        assert close(real["result"][1], ours["result"][1]), (real, ours)
        return
    rows = [_rows(one["result"], in_order) for one in (real, ours)]
    assert [row[0] for row in rows[0]] == [row[0] for row in rows[1]]
    for theirs, mine in zip(*rows, strict=True):
        assert [point[0] for point in theirs[1]] == [point[0] for point in mine[1]], theirs[0]
        pairs = zip(theirs[1], mine[1], strict=True)
        assert not [pair for pair in pairs if not close(pair[0][1], pair[1][1])], theirs[0]


def _rows(result: list[Any], in_order: bool) -> list[tuple[Any, Any]]:
    rows = [
        (sorted(one["metric"].items()), one["values"] if "values" in one else [one["value"]])
        for one in result
    ]
    return rows if in_order else sorted(rows, key=lambda row: row[0])


def close(real: str, ours: str) -> bool:
    """Whether two sample values, or two strings, are the same."""
    try:
        first, second = float(real), float(ours)
    except ValueError:
        return real == ours
    if math.isnan(first) or math.isnan(second):
        return real == ours
    return math.isclose(first, second, rel_tol=TOLERANCE, abs_tol=0.0)
