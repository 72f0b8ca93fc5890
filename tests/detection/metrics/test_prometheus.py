"""The Prometheus client against servers that answer well, badly, slowly and not at all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from detection.metrics import prometheus as p
from detection.metrics.prometheus import Prometheus, RequestLimits
from simulator.prometheus.faults import Faults
from tests.detection.metrics.backends import simulated
from tests.detection.metrics.dataset import NOW, cluster
from tests.scripted_http import Reply, serving

QUICK = RequestLimits(connect_seconds=1, read_seconds=0.4, answer_seconds=0.6, answer_bytes=10_000)
AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def vector(*results: dict[str, Any], **envelope: Any) -> Reply:
    data = {"resultType": "vector", "result": list(results)}
    return Reply.of({"status": "success", "data": data} | envelope)


def error(status: int, kind: str, message: str) -> Reply:
    return Reply.of({"status": "error", "errorType": kind, "error": message}, status)


def asked(reply: Reply, call: Callable[[Prometheus], Any] | None = None, **how: Any) -> Any:
    with serving(reply) as server:
        client = Prometheus(server.url, limits=QUICK, **how)
        try:
            return call(client) if call else client.query("up", AT)
        finally:
            client.close()


def test_a_query_is_posted_with_its_time_and_the_answer_names_its_series() -> None:
    with serving(vector({"metric": {"job": "a"}, "value": [1, "2.5"]})) as server:
        client = Prometheus(server.url + "/prefix/", token="secret", headers={"X-Scope-OrgID": "t"})
        answer = client.query('up{job="a"}', AT)
        client.close()
    (request,) = server.requests
    form = parse_qs(request.body.decode())
    assert (request.method, request.path) == ("POST", "/prefix/api/v1/query")
    assert form["query"] == ['up{job="a"}']
    assert float(form["time"][0]) == AT.timestamp()
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["X-Scope-OrgID"] == "t"
    assert answer.series == (p.ResultSeries({"job": "a"}, (1,), (2.5,)),)
    assert answer.evaluated_at == AT


def test_nan_and_infinity_arrive_as_such() -> None:
    reply = vector(*({"metric": {"v": v}, "value": [1, v]} for v in ("NaN", "+Inf", "-Inf")))
    values = [one.values[0] for one in asked(reply).series]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


def test_labels_are_safe_and_samples_of_another_age_are_left_out() -> None:
    odd = {"metric": {"pod": "a\x00\u202eb"}, "value": [1, "1"]}
    far = {"metric": {"pod": "far"}, "value": [1e300, "1"]}
    (one,) = asked(vector(odd, far)).series
    assert one.labels == {"pod": "a\\u0000\\u202eb"}


def test_a_native_histogram_is_counted_and_gives_no_value() -> None:
    answer = asked(vector({"metric": {}, "histogram": [1, {"count": "3"}]}))
    assert (answer.series, answer.histograms) == ((), 1)


@pytest.mark.parametrize(
    ("envelope", "warnings", "infos", "partial"),
    [
        ({"warnings": ["receive from store: timeout"]}, 1, 0, True),
        ({"warnings": ["PromQL warning: mixed"]}, 1, 0, False),
        ({"warnings": ["PromQL info: might not be a counter"]}, 0, 1, False),
        ({"infos": ["PromQL info: might not be a counter"]}, 0, 1, False),
        ({"isPartial": True}, 0, 0, True),
    ],
)
def test_warnings_infos_and_partial_answers_are_told_apart(
    envelope: dict[str, Any], warnings: int, infos: int, partial: bool
) -> None:
    answer = asked(vector(**envelope))
    assert (len(answer.warnings), len(answer.infos), answer.partial) == (warnings, infos, partial)


LOGIN = Reply(b"<html><title>Sign in</title></html>", kind="text/html")
REDIRECT = Reply(status=302, headers={"Location": "/login"})
CUT = Reply(b'{"status":"success","data":{"resultTy')
HALF = Reply(b'{"status":"success"', announced=500)
DRIP = Reply(b'{"status":"success","data":{}}' * 20, drip_seconds=0.1)
HUGE = Reply(b'{"status":"success","data":"' + b"x" * 20_000 + b'"}')
SCALAR = Reply.of({"status": "success", "data": {"resultType": "scalar", "result": [1, "2"]}})
MATRIX = Reply.of({"status": "success", "data": {"resultType": "matrix", "result": []}})
STRING = Reply.of({"status": "success", "data": {"resultType": "string", "result": [1, "x"]}})


@pytest.mark.parametrize(
    ("reply", "expected", "message"),
    [
        (error(400, "bad_data", "1:1: parse error: no"), p.InvalidQuery, "1:1: parse error: no"),
        (error(422, "execution", "many-to-many"), p.InvalidQuery, "many-to-many"),
        (error(503, "timeout", "query timed out"), p.TimedOut, "query timed out"),
        (error(503, "canceled", "query was canceled"), p.TimedOut, "canceled"),
        (error(500, "internal", "disk"), p.Failed, "disk"),
        (Reply(b"Service Unavailable", 503), p.Overloaded, "503"),
        (Reply(b"slow down", 429), p.Overloaded, "429"),
        (Reply(b"Unauthorized", 401), p.Unauthorized, "401"),
        (Reply(b"Forbidden", 403), p.Unauthorized, "403"),
        (Reply(b"Bad Gateway", 502, "text/html"), p.Unreachable, "502"),
        (Reply(b"404 page not found", 404, "text/plain"), p.NotPrometheus, "404"),
        (LOGIN, p.NotPrometheus, "Sign in"),
        (REDIRECT, p.NotPrometheus, "redirects"),
        (Reply.of({"hello": "world"}), p.NotPrometheus, "another JSON"),
        (Reply(b"nonsense"), p.NotPrometheus, "no JSON"),
        (vector({"metric": {}, "value": [1, "many"]}), p.NotPrometheus, "no number"),
        (SCALAR, p.WrongShape, "scalar"),
        (MATRIX, p.WrongShape, "matrix"),
        (STRING, p.WrongShape, "string"),
        (CUT, p.Truncated, "middle"),
        (HALF, p.Truncated, "broke off"),
        (HUGE, p.TooLarge, "10000 B"),
        (DRIP, p.TimedOut, "still coming"),
        (Reply(b"{}", delay_seconds=5), p.TimedOut, "does not answer in time"),
        (Reply(drop=True), p.Unreachable, "can't be reached"),
    ],
)
def test_every_failure_has_its_own_name(
    reply: Reply, expected: type[p.PrometheusError], message: str
) -> None:
    with pytest.raises(p.PrometheusError, match=message) as caught:
        asked(reply)
    assert type(caught.value) is expected


def test_a_drip_ends_soon_after_its_deadline() -> None:
    began = time.monotonic()
    with pytest.raises(p.TimedOut):
        asked(DRIP)
    assert time.monotonic() - began < QUICK.answer_seconds + QUICK.read_seconds + 1


def test_a_refused_connection_is_unreachable_and_hides_the_password_of_the_url() -> None:
    with pytest.raises(p.Unreachable) as caught:
        Prometheus("http://user:hunter2@127.0.0.1:1", limits=QUICK).query("up", AT)
    assert "hunter2" not in str(caught.value)


def test_a_password_in_the_url_is_sent_as_basic_authentication() -> None:
    with serving(vector()) as server:
        client = Prometheus(server.url.replace("//", "//user:pass@"))
        client.query("up", AT)
        client.close()
    assert server.requests[0].headers["Authorization"].startswith("Basic ")


def test_a_redirect_is_not_followed_with_the_token() -> None:
    with (
        serving(vector()) as other,
        serving(Reply(status=307, headers={"Location": other.url})) as server,
    ):
        client = Prometheus(server.url, token="secret")
        with pytest.raises(p.NotPrometheus):
            client.query("up", AT)
        client.close()
    assert other.requests == []


def test_a_failed_answer_does_not_leak_into_the_next_one() -> None:
    with serving(HUGE, vector({"metric": {}, "value": [1, "1"]})) as server:
        client = Prometheus(server.url, limits=QUICK)
        with pytest.raises(p.TooLarge):
            client.query("up", AT)
        assert client.query("up", AT).series[0].values == (1.0,)
        client.close()


def test_cookies_are_not_kept() -> None:
    with serving(Reply(vector().body, headers={"Set-Cookie": "s=1"}), vector()) as server:
        client = Prometheus(server.url)
        client.query("up", AT)
        client.query("up", AT)
        client.close()
    assert "Cookie" not in server.requests[1].headers


def test_a_range_has_one_value_for_each_step() -> None:
    with simulated(cluster()) as client:
        start = datetime.fromtimestamp(NOW.timestamp() - 600, UTC)
        answer = client.query_range("kube_node_info", start, NOW, 60)
    (one,) = answer.series
    assert len(one.times) == 11
    assert set(one.values) == {1.0}


def test_metric_names_are_those_that_prometheus_has() -> None:
    with simulated(cluster()) as client:
        names = client.metric_names()
    assert "kube_node_info" in names
    assert "nothing" not in names


def test_a_check_tells_a_prometheus_from_something_else() -> None:
    with simulated(cluster()) as client:
        client.check(NOW)
    with simulated(cluster(), Faults(html=True)) as client, pytest.raises(p.NotPrometheus):
        client.check(NOW)
    with pytest.raises(p.NotPrometheus, match="vector"):
        asked(vector(), lambda client: client.check(AT))


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (Faults(away=True), p.Unreachable),
        (Faults(unavailable=True), p.Overloaded),
        (Faults(token="other"), p.Unauthorized),
        (Faults(html=True), p.NotPrometheus),
        (Faults(truncated=True), p.Truncated),
        (Faults(max_samples=1), p.InvalidQuery),
    ],
)
def test_the_simulators_faults_have_the_same_names(
    faults: Faults, expected: type[p.PrometheusError]
) -> None:
    with simulated(cluster(), faults) as client, pytest.raises(p.PrometheusError) as caught:
        client.query("container_memory_working_set_bytes", NOW)
    assert type(caught.value) is expected
