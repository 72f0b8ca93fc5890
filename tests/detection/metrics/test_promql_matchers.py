"""PROMETHEUS_MATCHERS stand in every selector of every query, or the query does not go out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from urllib.parse import parse_qs, urlsplit

import promql_parser
import pytest

from detection import clients
from detection.anomaly.query_restriction import restricted
from detection.metric_evidence import infrastructure, query_evidence
from detection.metrics import exporters, queries
from detection.metrics.prometheus import Prometheus
from detection.metrics.promql.matchers import Unrestricted, restricted_to
from detection.metrics.promql.tokens import tokens
from detection.metrics.responses import InvalidQuery, PrometheusError
from detection.metrics.samples import Owners
from kubewise_site.core.config.reading import WrongSetting, read_settings
from tests.detection.metrics.backends import simulated
from tests.detection.metrics.dataset import NOW, cluster
from tests.scripted_http import Reply, serving

SELECTORS = (promql_parser.VectorSelector, promql_parser.MatrixSelector)
OURS = 'cluster="prod-1"'
EMPTY = Reply.of({"status": "success", "data": {"resultType": "vector", "result": []}})


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("up", 'up{cluster="prod-1"}'),
        ("up{}", 'up{cluster="prod-1",}'),
        ('up{a="b"}', 'up{cluster="prod-1",a="b"}'),
        ('{__name__=~"u.*"}', '{cluster="prod-1",__name__=~"u.*"}'),
        ('{"my.metric",a="b"}', '{cluster="prod-1","my.metric",a="b"}'),
        ("rate(a:b[5m])", 'rate(a:b{cluster="prod-1"}[5m])'),
        ("sum by (job) (up)", 'sum by (job) (up{cluster="prod-1"})'),
        ("sum(up) without (job)", 'sum(up{cluster="prod-1"}) without (job)'),
        ("a + on (x) group_left (y) b", 'a{cluster="prod-1"} + on (x) group_left (y) '
         'b{cluster="prod-1"}'),
        ("a and b or c unless d", 'a{cluster="prod-1"} and b{cluster="prod-1"} or '
         'c{cluster="prod-1"} unless d{cluster="prod-1"}'),
        ("max_over_time(a[1h:1m] offset 5m) > bool 1e3",
         'max_over_time(a{cluster="prod-1"}[1h:1m] offset 5m) > bool 1e3'),
        ("rate(a[1500ms] @ end()) * Inf", 'rate(a{cluster="prod-1"}[1500ms] @ end()) * Inf'),
        ("a @ start() # up{\n + b", 'a{cluster="prod-1"} @ start() # up{\n + b{cluster="prod-1"}'),
        (r'label_replace(a, "x", "up{", "y", "(.*)\\.z\"}")',
         r'label_replace(a{cluster="prod-1"}, "x", "up{", "y", "(.*)\\.z\"}")'),
        (r"a{b=~`\d+`}", 'a{cluster="prod-1",b=~`\\d+`}'),
        ("sum", 'sum{cluster="prod-1"}'),
        ("vector(1)", "vector(1)"),
        ("time() - 5", "time() - 5"),
    ],
)  # fmt: skip
def test_matchers_stand_in_every_selector_and_nothing_else_changes(given: str, sent: str) -> None:
    assert restricted_to(given, OURS) == sent


def test_every_query_of_the_product_can_be_restricted() -> None:
    texts = [one.query for one in queries.seeds()]
    texts += [restricted(one, [("Deployment", "shop", 'a"{up}')]) for one in queries.seeds()]
    texts += [exporters.UP, *infrastructure.OVERLOAD.values(), infrastructure.ERRORS]
    for text in texts:
        selectors: list[object] = []
        promql_parser.walk(promql_parser.parse(restricted_to(text, OURS)), selectors.append)
        told = [str(one) for one in selectors if isinstance(one, SELECTORS)]
        assert told
        assert all(OURS in one for one in told)


def test_tokens_are_the_whole_text() -> None:
    for text in ("", "a\x00'\"", 'sum(a{b="c\\"}"}[5m]) # x\n/ 0x1f', "\\`'\"{{{"):
        assert "".join(one.text for one in tokens(text)) == text


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 5000 + "1" + ")" * 5000, "-" * 50_000 + "up", "1" + "^1" * 20_000,
        "up" + " + up" * 5000, "{" * 100_000, '"' * 99_999, "up{a=" + "\\" * 90_000,
        "x" * 200_000, "up{", 'up{a="b"}}', "up } or other {", "offset", 'a{b="c" or d="e"}',
    ],
)  # fmt: skip
def test_what_is_hostile_or_cannot_be_proven_is_refused_in_no_time(hostile: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unrestricted):
        restricted_to(hostile, OURS)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "wrong",
    [
        "prod-1", "cluster=prod-1", "cluster='prod-1'", 'cluster="a"} or up{a="b"', 'cluster="a',
        'cluster=~"("', '__name__="up"', '="a"', 'cluster=="a"', 'a="b" or c="d"', "," * 3000,
        'a="b"} offset 5m #',
    ],
)  # fmt: skip
def test_a_malformed_setting_is_refused_with_what_to_write(wrong: str) -> None:
    with pytest.raises(WrongSetting, match=r'PROMETHEUS_MATCHERS.*such as cluster="prod-1"'):
        read_settings({"PROMETHEUS_MATCHERS": wrong})


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", ""), (OURS, OURS), (' cluster = "a" , ', 'cluster = "a"'),
        (r'k8s_cluster=~"a\\.b|c",env!="dev"', r'k8s_cluster=~"a\\.b|c",env!="dev"'),
    ],
)  # fmt: skip
def test_any_label_and_operator_may_be_given(text: str, read: str) -> None:
    assert read_settings({"PROMETHEUS_MATCHERS": text})["PROMETHEUS_MATCHERS"] == read


@pytest.fixture
def forgotten() -> Iterator[None]:
    clients.prometheus.cache_clear()
    yield
    clients.prometheus.cache_clear()


@pytest.mark.usefixtures("forgotten")
def test_every_call_bears_the_matchers_and_the_urls_path_and_parameters(settings) -> None:  # type: ignore[no-untyped-def]
    with serving(EMPTY) as server:
        settings.PROMETHEUS_MATCHERS = OURS
        settings.PROMETHEUS_URL = f"{server.url}/prom/?tenant=a&b=%26"
        client = clients.prometheus()
        assert client is not None
        assert "tenant" not in client.url
        query_evidence(client, NOW, Owners())
        exporters.find_sources(client, NOW)
        with pytest.raises(InvalidQuery, match="every selector"):
            client.query('a{b="c" or d="e"}', NOW)
        ranged = partial(client.query_range, "up", NOW - timedelta(hours=1), NOW, 60)
        for call in (client.metric_names, partial(client.check, NOW), ranged):
            with pytest.raises(PrometheusError):
                call()
    assert len(server.requests) > 20
    for one in server.requests:
        where, form = urlsplit(one.path), parse_qs(one.body.decode())
        assert where.path.startswith("/prom/api/v1/")
        given = parse_qs(where.query)
        assert (given["tenant"], given["b"]) == (["a"], ["&"])
        told = (form.get("query") or given["match[]"])[0]
        assert OURS in told or told == "vector(1)", told


def test_the_setting_of_an_address_keeps_its_parameters() -> None:
    url = "https://x/prom/?tenant=a/"
    assert read_settings({"PROMETHEUS_URL": url})["PROMETHEUS_URL"] == url


def test_names_and_values_of_other_clusters_are_not_seen() -> None:
    with simulated(cluster()) as client:
        mine = Prometheus(client.url, matchers='namespace="shop"')
        assert 0 < len(mine.metric_names()) < len(client.metric_names())
        found = mine.query('{__name__=~"kube_pod.*"}', NOW).series
        assert {one.labels["namespace"] for one in found} == {"shop"}
        mine.close()
