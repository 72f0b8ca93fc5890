"""What Prometheus answers, and what gets into a PromQL text."""

from __future__ import annotations

import contextlib
import json
import math
from datetime import UTC, datetime

import promql_parser

from detection.anomaly.query_restriction import restricted
from detection.metrics import responses
from detection.metrics.promql import escape_regex, one_of, quote
from detection.metrics.samples import Query
from remediation.llm.questions.query_suggestions import NoMetric, metrics_in
from tests.fuzz.properties import hold
from tests.fuzz.target import target

AT = datetime(2026, 3, 1, tzinfo=UTC)
STATUSES = (301, 400, 401, 403, 404, 422, 429, 500, 502, 503, 504)


@target("Prometheus answers")
def answers(data: bytes) -> None:
    for wanted in ("vector", "matrix"):
        try:
            found = responses.decode(data, wanted, AT)
        except responses.PrometheusError as error:
            hold(len(str(error)) < 2000 + len(data), "a message without a bound")
        else:
            hold(all(len(s.times) == len(s.values) for s in found.series), "times without values")
    with contextlib.suppress(responses.PrometheusError):
        responses.decode_names(data)
    status = STATUSES[len(data) % len(STATUSES)]
    hold(isinstance(responses.error_of(status, data), responses.PrometheusError), "no error")


@target("PromQL", longest=600)
def promql(data: bytes) -> None:
    try:
        names = metrics_in(data.decode("utf-8", "replace"))
    except NoMetric:
        return
    hold(all(names), "a metric without a name")


@target("PromQL names", longest=600)
def promql_names(data: bytes) -> None:
    """A name from outside is one string within the query, and nothing else."""
    name = data.decode("utf-8", "surrogateescape")
    for text in (quote(name), one_of([name, "b"]), quote(escape_regex(name))):
        hold(isinstance(json.loads(text), str), f"no string: {text!r}")
        _parsed(f"up{{a={text}}}")
    kinds = ("pod", "workload", "node", "volume")
    query = Query("q", "up", kinds[len(data) % len(kinds)])
    _parsed(restricted(query, [("Deployment", name[: len(name) // 2], name)]))


def _parsed(text: str) -> None:
    """NUL is text in Go's PromQL and unknown to this parser."""
    if "\\u0000" not in text:
        promql_parser.parse(text)


@target("quantities", longest=64)
def quantities(data: bytes) -> None:
    from detection.domain.quantities import amount_of, bytes_of

    text = data.decode("utf-8", "replace")
    hold(amount_of(text).is_finite(), "no finite amount")
    hold(abs(bytes_of(text)) < 10**1100, "bytes without a bound")
    hold(math.isfinite(len(str(amount_of(text)))), "no text")
