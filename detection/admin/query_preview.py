"""What a query that is being written would give: its entities now, and a chart of the last hour."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from detection.domain.units import counted, with_unit
from detection.metrics.prometheus import Prometheus
from detection.metrics.responses import PrometheusError, QueryResult, ResultSeries
from detection.metrics.samples import (
    BELOW,
    NODE_LABELS,
    WORKLOAD_LABELS,
    Owners,
    Query,
    entity_of,
    is_named_node,
)

SPAN = timedelta(hours=1)
STEP_SECONDS = 60
MOST_ROWS, MOST_LINES, LONGEST_QUERY = 10, 4, 10_000
NO_PROMETHEUS = "No Prometheus is watched: PROMETHEUS_URL is empty."
UNSURE = " by its address: KubeWise cannot tell whether it is there"
OBJECT_LABELS = frozenset(
    {*WORKLOAD_LABELS, *NODE_LABELS, "namespace", "pod", "persistentvolumeclaim", "uid"}
)
KINDS = ("pod", "workload", "node", "volume")


def preview(form: Mapping[str, Any], client: Prometheus | None, now: datetime) -> dict[str, Any]:
    """`message` in words, `rows` of the worst entities, `charts`. Never raises for an answer."""
    promql = str(form.get("query", "")).strip()[:LONGEST_QUERY]
    if not promql:
        return _only("Enter a query first.")
    if client is None:
        return _only(NO_PROMETHEUS)
    query = _query(form, promql)
    try:
        answer = client.query(promql, now)
        over = client.query_range(promql, now - SPAN, now, STEP_SECONDS)
    except PrometheusError as error:
        return _only(f"{type(error).__name__}: {error}")
    return {"message": _message(query, answer), "rows": _rows(query, answer),
            "charts": [_chart(query, over)] if over.series else []}  # fmt: skip


def _only(message: str) -> dict[str, Any]:
    return {"message": message, "rows": [], "charts": []}


def _query(form: Mapping[str, Any], promql: str) -> Query:
    """The form as far as it is filled in: what is missing or wrong is left at its default."""
    kind = str(form.get("entity_kind", ""))
    return Query(
        name=str(form.get("name", "")) or "query",
        query=promql,
        entity_kind=kind if kind in KINDS else "pod",
        unit=str(form.get("unit", "")),
        direction=str(form.get("direction", "above")),
        threshold=_number(str(form.get("threshold", ""))),
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _message(query: Query, answer: QueryResult) -> str:
    if not answer.series:
        return "Valid, but Prometheus has no such series now."
    dealt = [one for one in answer.series if entity_of(query, one.labels, Owners())]
    beyond = sum(query.breaches(one.values[0]) for one in dealt)
    found = counted(len(answer.series), "series")
    told = f"{found} now, {len(dealt)} of them with a {query.entity_kind}"
    return f"{told}, {beyond} beyond the threshold." if query.threshold is not None else f"{told}."


def _rows(query: Query, answer: QueryResult) -> list[dict[str, Any]]:
    """The worst first."""
    ordered = sorted(answer.series, key=_badness(query), reverse=True)[:MOST_ROWS]
    return [
        {"about": _about(query, one), "series": _name(one),
         "value": with_unit(one.values[0], query.unit), "beyond": query.breaches(one.values[0])}
        for one in ordered
    ]  # fmt: skip


def _about(query: Query, one: ResultSeries) -> str:
    """The Kubernetes object that KubeWise takes a series for."""
    if entity := entity_of(query, one.labels, Owners()):
        where = f"{entity.namespace}/{entity.name}" if entity.namespace else entity.name
        by_address = entity.kind == "Node" and not is_named_node(one.labels)
        return f"{entity.kind} {where}" + (UNSURE if by_address else "")
    if any(label.removeprefix("exported_") in OBJECT_LABELS for label in one.labels):
        return f"KubeWise cannot tell: its labels name no whole {query.entity_kind}"
    return "a thing that names no Kubernetes object: judged by its samples alone"


def _badness(query: Query) -> Any:
    sign = -1.0 if query.direction == BELOW else 1.0

    def of(one: ResultSeries) -> float:
        known = [value for value in one.values if math.isfinite(value)]
        return sign * known[-1] if known else -math.inf

    return of


def _name(one: ResultSeries) -> str:
    labels = {key: value for key, value in one.labels.items() if key != "__name__"}
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or "no labels"


def _chart(query: Query, over: QueryResult) -> dict[str, Any]:
    lines = sorted(over.series, key=_badness(query), reverse=True)[:MOST_LINES]
    times = sorted({at for one in lines for at in one.times})
    return {
        "title": "The last hour, the worst series",
        "unit": query.unit,
        "times": times,
        "threshold": query.threshold,
        "series": [{"name": _name(one), "values": _aligned(one, times)} for one in lines],
    }


def _aligned(one: ResultSeries, times: list[float]) -> list[float | None]:
    known = {at: value for at, value in zip(one.times, one.values, strict=True)
             if math.isfinite(value)}  # fmt: skip
    return [known.get(at) for at in times]
