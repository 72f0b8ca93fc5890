"""The rows of metric queries: seeded, read, and checked by Prometheus before they count."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from detection.metrics.prometheus import Prometheus
from detection.metrics.responses import InvalidQuery, PrometheusError, QueryResult
from detection.metrics.samples import Check, Owners, Query, entity_of, wrong_labels
from detection.models import MetricQuery

SEEDS = Path(__file__).with_name("seed_queries.toml")


@dataclass(frozen=True)
class Checked:
    """What Prometheus said of a query. Not `accepted`: it must not be saved as it is.

    `active` False: it may be saved, but asleep, since nobody could say whether it works.
    """

    state: Check
    message: str = ""
    accepted: bool = True
    active: bool = True
    series: int = 0


@lru_cache(maxsize=1)
def seeds() -> tuple[Query, ...]:
    """The shipped queries."""
    read: dict[str, dict[str, Any]] = tomllib.loads(SEEDS.read_text())
    return tuple(
        Query(name, **{**fields, "query": fields["query"].strip()}) for name, fields in read.items()
    )


def seed(now: datetime) -> list[str]:
    """Write the shipped queries that are missing, and say which; existing rows stay as they are.

    So an edited row is never overwritten, and a deactivated one stays so. A deleted one returns:
    deactivate instead.
    """
    known = set(MetricQuery.objects.values_list("name", flat=True))
    rows = [row_of(query) for query in seeds() if query.name not in known]
    for row in rows:
        row.check_message = f"written {now:%Y-%m-%d %H:%M} UTC, not asked yet"
    MetricQuery.objects.bulk_create(rows, ignore_conflicts=True)
    return [row.name for row in rows]


def row_of(query: Query, *, seeded: bool = True) -> MetricQuery:
    """An unsaved row."""
    fields = {name: getattr(query, name) for name in Query.__dataclass_fields__}
    return MetricQuery(**{**fields, "labels": dict(query.labels)}, seeded=seeded)


def query_of_row(row: MetricQuery) -> Query:
    """The row as plain values, for code that knows no ORM."""
    return Query(**{name: getattr(row, name) for name in Query.__dataclass_fields__})


def active_queries() -> list[Query]:
    return [query_of_row(row) for row in MetricQuery.objects.filter(active=True)]


def validate(row: MetricQuery, client: Prometheus | None, now: datetime) -> Checked:
    """Ask Prometheus about an unsaved row. Never raises; `apply` writes the answer into the row.

    Refused with Prometheus's own message where it is invalid. Without a Prometheus that answers
    it may be saved, inactive.
    """
    if wrong := wrong_labels(row.entity_kind, row.labels):
        return _refused(wrong)
    longest = settings.ANOMALY_METRIC_WINDOW_SECONDS
    if row.threshold is not None and row.dwell_seconds > longest:
        return _refused(f"the dwell is longer than ANOMALY_METRIC_WINDOW_SECONDS, {longest} s")
    if client is None:
        return Checked(Check.NOT_CHECKED, "no Prometheus is configured", active=False)
    try:
        answer = client.query(row.query, now)
    except InvalidQuery as error:
        return _refused(str(error))
    except PrometheusError as error:
        message = f"{type(error).__name__}: {error}"
        return Checked(Check.NOT_CHECKED, message, active=False)
    return _of_answer(row, answer)


def _of_answer(row: MetricQuery, answer: QueryResult) -> Checked:
    if not answer.series:
        return Checked(Check.ABSENT, "valid, but Prometheus has no such series now")
    query = query_of_row(row)
    dealt = sum(entity_of(query, one.labels, Owners()) is not None for one in answer.series)
    if not dealt:
        return _refused(_no_entity(row, answer.series[0].labels))
    if answer.warnings:
        return Checked(Check.WARNINGS, "; ".join(answer.warnings), series=dealt)
    return Checked(Check.OK, series=dealt)


def apply_check(row: MetricQuery, checked: Checked, now: datetime) -> None:
    """Write what was found into the unsaved row; a query that nobody checked is put to sleep."""
    row.check_state, row.check_message = checked.state.value, checked.message
    row.checked_at, row.series_count = now, checked.series
    row.active = row.active and checked.active


def _refused(message: str) -> Checked:
    return Checked(Check.INVALID, message, accepted=False, active=False)


def _no_entity(row: MetricQuery, labels: Any) -> str:
    names = ", ".join(sorted(labels)) or "none"
    return f"its series name no {row.entity_kind}; the labels of the first one: {names}"
