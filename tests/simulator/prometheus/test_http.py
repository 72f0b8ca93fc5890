"""The API over HTTP: shapes, errors and faults."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulator.prometheus.faults import Faults
from simulator.prometheus.http.server import PrometheusServer
from simulator.prometheus.storage.store import MetricStore

NOW = 1_700_000_000.5
QUERY = "/api/v1/query"


@pytest.fixture
def server() -> Iterator[PrometheusServer]:
    store = MetricStore()
    for number in range(20):
        store.append("up", {"job": "kubelet", "instance": f"node-{number}"}, NOW, 1.0)
    store.describe("up", "gauge", "Whether the target answers.")
    with PrometheusServer(store, clock=lambda: NOW) as server:
        yield server


def get(server: PrometheusServer, path: str, **params: str) -> requests.Response:
    return requests.get(server.url + path, params=params, timeout=5)


def data(server: PrometheusServer, path: str, **params: str) -> Any:
    response = get(server, path, **params)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def test_a_value_is_a_string_and_its_time_a_number(server: PrometheusServer) -> None:
    found = data(server, QUERY, query='up{instance="node-1"}')
    metric = {"__name__": "up", "instance": "node-1", "job": "kubelet"}
    row = {"metric": metric, "value": [NOW, "1"]}
    assert found == {"resultType": "vector", "result": [row]}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("1/0", "+Inf"),
        ("-1/0", "-Inf"),
        ("0/0", "NaN"),
        ("1e20 + 0", "100000000000000000000"),
        ("1e21 + 0", "1e+21"),
        ("0.00001 + 0", "0.00001"),
        ("1e-7 + 0", "1e-07"),
    ],
)
def test_a_number_is_written_as_go_writes_it(
    server: PrometheusServer, query: str, text: str
) -> None:
    assert data(server, QUERY, query=query)["result"] == [NOW, text]


def test_a_form_is_read_like_a_query_string(server: PrometheusServer) -> None:
    posted = requests.post(server.url + QUERY, data={"query": "count(up)"}, timeout=5)
    assert posted.json() == get(server, QUERY, query="count(up)").json()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sum(", "1:5: parse error: unclosed left parenthesis"),
        ("foo bar", '1:5: parse error: unexpected identifier "bar"'),
        (
            "rate(up)",
            '1:6: parse error: expected type range vector in call to function "rate",'
            " got instant vector",
        ),
        ("nope(up)", '1:1: parse error: unknown function with name "nope"'),
    ],
)
def test_a_parse_error_has_prometheus_words(
    server: PrometheusServer, query: str, message: str
) -> None:
    response = get(server, QUERY, query=query)
    error = f'invalid parameter "query": {message}'
    assert response.status_code == 400
    assert response.json() == {"status": "error", "errorType": "bad_data", "error": error}


def test_the_lists_tell_what_there_is(server: PrometheusServer) -> None:
    assert data(server, "/api/v1/labels") == ["__name__", "instance", "job"]
    assert data(server, "/api/v1/label/job/values") == ["kubelet"]
    assert len(data(server, "/api/v1/series", **{"match[]": "up"})) == 20
    assert data(server, "/api/v1/metadata")["up"][0]["type"] == "gauge"
    assert len(data(server, "/api/v1/targets")["activeTargets"]) == 20
    assert data(server, "/api/v1/status/buildinfo")["version"]
    assert data(server, "/api/v1/status/runtimeinfo")["reloadConfigSuccess"]


def test_health_is_text_and_an_unknown_path_is_not_found(server: PrometheusServer) -> None:
    assert get(server, "/-/healthy").text == "Prometheus Server is Healthy.\n"
    assert get(server, "/-/ready").text == "Prometheus Server is Ready.\n"
    assert get(server, "/api/v1/nope").status_code == 404


def test_a_prometheus_that_is_away_answers_nothing(server: PrometheusServer) -> None:
    server.faults = Faults(away=True)
    with pytest.raises(requests.ConnectionError):
        get(server, QUERY, query="up")


def test_a_prometheus_that_starts_is_unavailable(server: PrometheusServer) -> None:
    server.faults = Faults(unavailable=True)
    assert get(server, "/-/ready").status_code == 503


def test_a_slow_prometheus_outlasts_the_client(server: PrometheusServer) -> None:
    server.faults = Faults(slow_seconds=60)
    with pytest.raises(requests.ReadTimeout):
        requests.get(server.url + QUERY, params={"query": "up"}, timeout=0.2)


def test_a_slow_query_ends_at_the_timeout_it_asked_for(server: PrometheusServer) -> None:
    server.faults = Faults(slow_seconds=60)
    response = get(server, QUERY, query="up", timeout="50ms")
    assert response.status_code == 503
    assert response.json()["errorType"] == "timeout"


def test_a_proxy_answers_a_page(server: PrometheusServer) -> None:
    server.faults = Faults(html=True)
    response = get(server, QUERY, query="up")
    assert response.headers["Content-Type"].startswith("text/html")
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_without_the_token_nobody_reads(server: PrometheusServer) -> None:
    server.faults = Faults(token="secret")
    assert get(server, QUERY, query="up").status_code == 401
    allowed = {"Authorization": "Bearer secret"}
    assert requests.get(server.url + QUERY, {"query": "up"}, headers=allowed, timeout=5).ok


def test_a_partial_answer_warns_and_always_misses_the_same(server: PrometheusServer) -> None:
    server.faults = Faults(warnings=("no store of the past",), missing_ratio=0.5)
    first, second = (get(server, QUERY, query="up").json() for _ in range(2))
    assert first == second
    assert first["warnings"] == ["no store of the past"]
    assert 0 < len(first["data"]["result"]) < 20
    listed = data(server, "/api/v1/series", **{"match[]": "up"})
    assert listed == [row["metric"] for row in sorted(first["data"]["result"], key=_instance)]


def _instance(row: dict[str, Any]) -> str:
    return str(row["metric"]["instance"])


def test_a_replicated_prometheus_doubles_every_series(server: PrometheusServer) -> None:
    server.faults = Faults(replicas=("a", "b"))
    assert data(server, QUERY, query="count(up)")["result"][0]["value"][1] == "40"
    one = 'count(up{prometheus_replica="a"})'
    assert data(server, QUERY, query=one)["result"][0]["value"][1] == "20"


def test_some_values_are_no_numbers(server: PrometheusServer) -> None:
    server.faults = Faults(nan_ratio=0.5)
    values = {row["value"][1] for row in data(server, QUERY, query="up")["result"]}
    assert values == {"1", "NaN"}


def test_a_truncated_answer_is_no_json(server: PrometheusServer) -> None:
    server.faults = Faults(truncated=True)
    with pytest.raises(json.JSONDecodeError):
        json.loads(get(server, QUERY, query="up").content)


def test_a_result_that_is_too_large_is_refused(server: PrometheusServer) -> None:
    server.faults = Faults(max_samples=19)
    response = get(server, QUERY, query="up")
    assert response.status_code == 422
    assert "too many samples" in response.json()["error"]
    assert get(server, QUERY, query='up{instance="node-1"}').ok
