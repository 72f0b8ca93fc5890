"""Which metrics a PromQL text reads, by its real grammar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import promql_parser
import structlog

from detection.metrics.prometheus import Prometheus
from detection.metrics.queries import apply_check, row_of, validate
from detection.metrics.responses import PrometheusError
from detection.metrics.samples import Check, Query
from detection.models import MetricQuery
from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.prompt_texts import prompt
from remediation.llm.protocol import LlmClient, NullClient
from remediation.llm.providers import QUERY_GENERATION, client_for
from remediation.llm.questions.assess import ask_for
from remediation.llm.schema import QUERIES_SCHEMA, QueriesAnswer, QueryAnswer

PARTS = ("expr", "lhs", "rhs", "param", "vector_selector")


class NoMetric(ValueError):
    """It is no PromQL, or it selects series without naming their metric."""


def metrics_in(query: str) -> set[str]:
    """The names of all metrics in `query`. Raises NoMetric."""
    try:
        tree = promql_parser.parse(query)
    except ValueError as error:
        raise NoMetric(f"it is no PromQL: {error}") from error
    names = set(_names(tree))
    if not names:
        raise NoMetric("it reads no metric")
    return names


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, promql_parser.VectorSelector):
        if not node.name:
            raise NoMetric("it selects series without naming their metric")
        yield str(node.name)
        return
    parts = [getattr(node, part, None) for part in PARTS]
    for part in (*parts, *(getattr(node, "args", None) or ())):
        if isinstance(part, promql_parser.Expr):
            yield from _names(part)


log = structlog.get_logger(__name__)
MOST_NAMES = 1500
MOST_SERIES = 5_000
MARK = "Suggested by a model: "


@dataclass(frozen=True)
class Suggested:
    """`refused`: name → why it was not saved."""

    saved: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)
    failure: LlmFailure | None = None


def query_suggestions(
    prometheus: Prometheus, now: datetime, client: LlmClient | None = None
) -> Suggested:
    """Ask once, check each, save the good ones inactive.

    GEMINI_AUTO_QUERY_GENERATION is off unless somebody set it: then nobody is asked anything.
    """
    asked = client or client_for(QUERY_GENERATION)
    if isinstance(asked, NullClient):
        return Suggested(failure=LlmFailure(FailureKind.OFF, asked.reason))
    try:
        names = prometheus.metric_names()
    except PrometheusError as error:
        return Suggested(failure=LlmFailure(FailureKind.OFF, f"Prometheus: {error}"))
    known = list(MetricQuery.objects.values("name", "query"))
    data = {"metrics": interesting(names), "known": known}
    answered = ask_for(asked, prompt("queries"), data, QUERIES_SCHEMA, QueriesAnswer)
    if isinstance(answered, LlmFailure):
        return Suggested(failure=answered)
    there = KnownMetrics(frozenset(names), {row["name"] for row in known})
    return _saved(answered[0].queries, there, prometheus, now)


def interesting(names: Sequence[str]) -> list[str]:
    """Names that speak of the cluster, first; bounded, since a Prometheus may have many."""
    prefixes = ("kube_", "container_", "node_", "kubelet_", "coredns_", "apiserver_")
    ours = [name for name in names if name.startswith(prefixes)]
    others = [name for name in names if not name.startswith((*prefixes, "go_", "process_"))]
    return [*ours, *others][:MOST_NAMES]


@dataclass(frozen=True)
class KnownMetrics:
    """The metrics that Prometheus has, and the names of the queries that are watched."""

    metrics: frozenset[str]
    queries: set[str]


def _saved(
    answers: Sequence[QueryAnswer], there: KnownMetrics, prometheus: Prometheus, now: datetime
) -> Suggested:
    saved: list[str] = []
    refused: dict[str, str] = {}
    for answer in answers:
        reason = _why_not(answer, there) or _save(answer, prometheus, now)
        if reason:
            refused[answer.name] = reason
        else:
            saved.append(answer.name)
            there.queries.add(answer.name)
    log.info("queries suggested", saved=saved, refused=refused)
    return Suggested(tuple(saved), refused)


def _why_not(answer: QueryAnswer, there: KnownMetrics) -> str:
    """Before Prometheus is asked anything: only metrics that it really has are read."""
    if answer.name in there.queries:
        return "a query of this name is there already"
    try:
        unknown = metrics_in(answer.query) - there.metrics
    except NoMetric as error:
        return str(error)
    return f"Prometheus has no metric {', '.join(sorted(unknown))}" if unknown else ""


def _save(answer: QueryAnswer, prometheus: Prometheus, now: datetime) -> str:
    """'' where it was saved; only what Prometheus answers with series is."""
    if too_many := _too_many(answer, prometheus, now):
        return too_many
    row = _row(answer)
    checked = validate(row, prometheus, now)
    if not checked.accepted or checked.state not in (Check.OK, Check.WARNINGS):
        return checked.message or checked.state.value
    apply_check(row, checked, now)
    row.active = False
    row.save()
    return ""


def _too_many(answer: QueryAnswer, prometheus: Prometheus, now: datetime) -> str:
    """Counted by Prometheus, so that a query of a million series is never answered with them."""
    try:
        counted = prometheus.query(f"count({answer.query})", now).series
    except PrometheusError as error:
        return f"{type(error).__name__}: {error}"
    series = int(counted[0].values[0]) if counted else 0
    return f"{series} series are more than {MOST_SERIES}" if series > MOST_SERIES else ""


def _row(answer: QueryAnswer) -> MetricQuery:
    query = Query(
        name=answer.name,
        query=answer.query,
        entity_kind=answer.entity_kind,
        unit=answer.unit,
        direction=answer.direction,
        threshold=answer.threshold,
        dwell_seconds=answer.dwell_seconds,
        description=f"{MARK}{answer.description}"[:300],
    )
    return row_of(query, seeded=False)
