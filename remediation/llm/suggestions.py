"""Metric queries that a model suggests: checked by Prometheus, saved asleep for a person to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from detection.answers import PrometheusError
from detection.models import MetricQuery
from detection.prometheus import Prometheus
from detection.queries import apply, row_of, validate
from detection.samples import Check, Query
from remediation.llm.client import QUERY_GENERATION, LlmClient, NullClient, ask_for, client_for
from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.prompting import prompt
from remediation.llm.schema import QUERIES_SCHEMA, QueriesAnswer, QueryAnswer

log = structlog.get_logger(__name__)
MOST_NAMES = 1500
MOST_SERIES = 20_000
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
    return _saved(answered[0].queries, {row["name"] for row in known}, prometheus, now)


def interesting(names: Sequence[str]) -> list[str]:
    """Names that speak of the cluster, first; bounded, since a Prometheus may have many."""
    prefixes = ("kube_", "container_", "node_", "kubelet_", "coredns_", "apiserver_")
    ours = [name for name in names if name.startswith(prefixes)]
    others = [name for name in names if not name.startswith((*prefixes, "go_", "process_"))]
    return [*ours, *others][:MOST_NAMES]


def _saved(
    answers: Sequence[QueryAnswer], known: set[str], prometheus: Prometheus, now: datetime
) -> Suggested:
    saved: list[str] = []
    refused: dict[str, str] = {}
    for answer in answers:
        reason = _why_not(answer, known) or _save(answer, prometheus, now)
        if reason:
            refused[answer.name] = reason
        else:
            saved.append(answer.name)
            known.add(answer.name)
    log.info("queries suggested", saved=saved, refused=refused)
    return Suggested(tuple(saved), refused)


def _why_not(answer: QueryAnswer, known: set[str]) -> str:
    return "a query of this name is there already" if answer.name in known else ""


def _save(answer: QueryAnswer, prometheus: Prometheus, now: datetime) -> str:
    """'' where it was saved; only what Prometheus answers with series is."""
    row = _row(answer)
    checked = validate(row, prometheus, now)
    if not checked.accepted or checked.state not in (Check.OK, Check.WARNINGS):
        return checked.message or checked.state.value
    if checked.series > MOST_SERIES:
        return f"{checked.series} series are more than {MOST_SERIES}"
    apply(row, checked, now)
    row.active = False
    row.save()
    return ""


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
