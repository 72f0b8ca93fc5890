"""PromQL → samples: one instant query for each metric query, its result dealt to entities.

Told apart and kept for each query: answered, with warnings, no series, stale, invalid, error,
time-out; and how many values were NaN or infinite, doubled by a replicated Prometheus, or named no
entity.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from statistics import median
from typing import Any

from detection.metrics import exporters, history
from detection.metrics.backfill import TIME_OUTS_BEFORE_GIVING_UP, backfill
from detection.metrics.exporters import PROMETHEUS, Sources
from detection.metrics.history import MetricFrame
from detection.metrics.other_clusters import look
from detection.metrics.pod_owners import known_or_asked
from detection.metrics.prometheus import Prometheus
from detection.metrics.queries import query_of_row
from detection.metrics.responses import (
    InvalidQuery,
    PrometheusError,
    QueryResult,
    ResultSeries,
    TimedOut,
)
from detection.metrics.samples import (
    Check,
    Entity,
    Owners,
    Query,
    Sample,
    entity_of,
    is_gone,
    series_key,
    wrong_labels,
)
from detection.models import Cluster, MetricQuery
from detection.runtime.source_visibility import save_sources

THREADS = 4
REPLICA_LABELS = frozenset(
    {"prometheus", "prometheus_replica", "replica", "monitor", "cluster_replica"}
)
# Who else must be seen, for the series of a source that is none of the built-in exporters.
SEEN_THROUGH = {"kubelet": "cadvisor"}


@dataclass(frozen=True)
class QueryOutcome:
    """What one query's answer was. `whole`: a series that is not in it is gone, not just unseen."""

    name: str
    state: Check
    message: str = ""
    whole: bool = False
    series: int = 0
    nan: int = 0
    infinite: int = 0
    duplicates: int = 0
    unmatched: int = 0
    duration_seconds: float = 0.0


@dataclass(frozen=True)
class Scrape:
    """One pass. `unknown` are series that are there with no usable value."""

    at: datetime
    samples: tuple[Sample, ...] = ()
    unknown: tuple[tuple[str, Entity], ...] = ()
    outcomes: Mapping[str, QueryOutcome] = field(default_factory=dict)
    sources: Sources = field(default_factory=Sources)

    @property
    def blind(self) -> Mapping[str, str]:
        """Built-in source → why it can't be seen."""
        return self.sources.blind

    def as_detail(self) -> dict[str, Any]:
        """For the tick's sign of life: ok, and the numbers."""
        states = Counter(outcome.state.value for outcome in self.outcomes.values())
        ok = PROMETHEUS not in self.blind
        return {
            "ok": ok, "samples": len(self.samples), "queries": dict(states),
            "blind": dict(self.blind), "latency_ms": self.latency_ms,
        }  # fmt: skip

    @property
    def latency_ms(self) -> float | None:
        """The median of what the queries took; None where nothing was asked."""
        took = [one.duration_seconds for one in self.outcomes.values() if one.duration_seconds]
        return round(median(took) * 1000, 2) if took else None


@dataclass
class _Dealt:
    """One query's result, dealt to entities."""

    outcome: QueryOutcome
    values: dict[Entity, float] = field(default_factory=dict)
    unknown: set[Entity] = field(default_factory=set)


def scrape(cluster: Cluster, client: Prometheus, now: datetime) -> Scrape:
    """One pass with its records: checks of the queries, sources, one frame of history."""
    rows = list(MetricQuery.objects.filter(active=True))
    queries = [query_of_row(row) for row in rows]
    owners = known_or_asked(history.owner_map(cluster.pk), client, now)
    done = query_all(queries, client, now, owners, look(cluster.pk, client, now))
    _save_checks(rows, done)
    save_sources(cluster, done.sources.seen, done.blind, done.sources.not_installed, now)
    if PROMETHEUS not in done.blind:
        backfill(cluster.pk, queries, client, owners, now)
        history.append_frame(cluster.pk, frame_of(done, queries))
    return done


def query_all(
    queries: Sequence[Query],
    client: Prometheus,
    now: datetime,
    owners: Owners | None = None,
    blind: str = "",
) -> Scrape:
    """Ask every query once. Never raises for what Prometheus does; knows no database.

    `blind`: why nothing may be asked.
    """
    none = Sources(blind={PROMETHEUS: blind})
    sources = none if blind else exporters.find_sources(client, now)
    if reason := sources.blind.get(PROMETHEUS):
        outcomes = {one.name: QueryOutcome(one.name, Check.ERROR, reason) for one in queries}
        return Scrape(now, outcomes=outcomes, sources=sources)
    asker = _Asker(client, now, owners or Owners(), sources)
    with ThreadPoolExecutor(THREADS, "scrape") as pool:
        dealt = list(pool.map(asker.ask, queries))
    return Scrape(
        now,
        samples=tuple(
            Sample(entity, one.outcome.name, value, now)
            for one in dealt
            for entity, value in one.values.items()
        ),
        unknown=tuple((one.outcome.name, entity) for one in dealt for entity in one.unknown),
        outcomes={one.outcome.name: one.outcome for one in dealt},
        sources=sources,
    )


def frame_of(done: Scrape, queries: Sequence[Query]) -> MetricFrame:
    """The pass as one tick of history: of a workload's pods, the worst."""
    by_name = {query.name: query for query in queries}
    values = {series_key(metric, entity): math.nan for metric, entity in done.unknown}
    pods: dict[str, str] = {}
    for sample in done.samples:
        query, key = by_name[sample.metric], series_key(sample.metric, sample.entity)
        if math.isnan(known := values.get(key, math.nan)) or query.worse(sample.value, known):
            values[key] = sample.value
            if sample.entity.pod and query.breaches(sample.value):
                pods[key] = sample.entity.pod
    whole = [outcome.name for outcome in done.outcomes.values() if outcome.whole]
    return MetricFrame(done.at.timestamp(), values, whole, pods)


@dataclass
class _Asker:
    """Asks one query after the other; gives up on a Prometheus that is too slow for all."""

    client: Prometheus
    now: datetime
    owners: Owners
    sources: Sources
    time_outs: int = 0

    def ask(self, query: Query) -> _Dealt:
        if self.time_outs >= TIME_OUTS_BEFORE_GIVING_UP:
            return _Dealt(
                QueryOutcome(query.name, Check.TIMEOUT, "not asked: Prometheus is too slow")
            )
        began = time.monotonic()
        failed = partial(_failed, query, began)
        if wrong := wrong_labels(query.entity_kind, query.labels):
            return failed(Check.INVALID, wrong)  # a row that no form has seen
        try:
            answer = self.client.query(query.query, self.now)
        except TimedOut as error:
            self.time_outs += 1
            return failed(Check.TIMEOUT, str(error))
        except InvalidQuery as error:
            return failed(Check.INVALID, str(error))
        except PrometheusError as error:
            return failed(Check.ERROR, f"{type(error).__name__}: {error}")
        return deal(query, answer, self.owners, self.sources, time.monotonic() - began)


def _failed(query: Query, began: float, state: Check, message: str) -> _Dealt:
    took = time.monotonic() - began
    return _Dealt(QueryOutcome(query.name, state, message, duration_seconds=took))


def deal(
    query: Query, answer: QueryResult, owners: Owners, sources: Sources, took_seconds: float = 0.0
) -> _Dealt:
    """Give each value to its entity; of several for one entity, the worst.

    A series of an object that is not there any more is left out, as if it had ended.
    """
    dealt = _Dealt(QueryOutcome(query.name, Check.OK))
    kept = _without_duplicates(answer.series)
    unmatched = nan = infinite = 0
    at = answer.evaluated_at.timestamp()
    for one in kept:
        entity, value = entity_of(query, one.labels, owners), one.values[-1]
        if entity is None:
            unmatched += 1
            continue
        if is_gone(entity, one.labels, owners, at):
            continue
        nan += math.isnan(value)
        infinite += math.isinf(value)
        _put(query, dealt, entity, value)
    dealt.unknown -= dealt.values.keys()
    state, message = _state(query, answer, sources)
    dealt.outcome = QueryOutcome(
        query.name, state, message, _is_whole(query, answer, sources), len(kept), nan, infinite,
        len(answer.series) - len(kept), unmatched, took_seconds,
    )  # fmt: skip
    return dealt


def _put(query: Query, dealt: _Dealt, entity: Entity, value: float) -> None:
    if not math.isfinite(value):
        dealt.unknown.add(entity)
    elif entity not in dealt.values or query.worse(value, dealt.values[entity]):
        dealt.values[entity] = value


def _without_duplicates(series: Iterable[ResultSeries]) -> list[ResultSeries]:
    """Series that differ in a replica's label only are one: its first with a number, by label."""
    known: dict[frozenset[tuple[str, str]], ResultSeries] = {}
    for one in sorted(series, key=_replica):
        identity = frozenset(item for item in one.labels.items() if item[0] not in REPLICA_LABELS)
        if identity not in known or not math.isfinite(known[identity].values[-1]):
            known[identity] = one
    return list(known.values())


def _replica(one: ResultSeries) -> tuple[str, ...]:
    return tuple(one.labels.get(label, "") for label in sorted(REPLICA_LABELS))


def _state(query: Query, answer: QueryResult, sources: Sources) -> tuple[Check, str]:
    if reason := sources.blind.get(SEEN_THROUGH.get(query.source, query.source)):
        state = Check.STALE if answer.series else Check.ABSENT
        return state, f"{query.source} is blind: {reason}"
    if answer.warnings or answer.partial:
        return Check.WARNINGS, "; ".join(answer.warnings) or "the answer is partial"
    if not answer.series:
        reason = "its values are histograms" if answer.histograms else ""
        return Check.ABSENT, reason
    return Check.OK, "; ".join(answer.infos)


def _is_whole(query: Query, answer: QueryResult, sources: Sources) -> bool:
    source = SEEN_THROUGH.get(query.source, query.source)
    seen = source not in {*sources.blind, *sources.partly, *sources.not_installed}
    return seen and not answer.warnings and not answer.partial


def _save_checks(rows: Sequence[MetricQuery], done: Scrape) -> None:
    for row in rows:
        outcome = done.outcomes[row.name]
        row.check_state, row.check_message = outcome.state.value, outcome_text(outcome)
        row.checked_at, row.series_count = done.at, outcome.series
        row.duration_seconds = round(outcome.duration_seconds, 4)
    fields = ["check_state", "check_message", "checked_at", "series_count", "duration_seconds"]
    MetricQuery.objects.bulk_update(rows, fields)


def outcome_text(outcome: QueryOutcome) -> str:
    """The outcome's message and counts, for a person."""
    counts = {
        "NaN": outcome.nan,
        "infinite": outcome.infinite,
        "doubled by a replica": outcome.duplicates,
        "naming no entity": outcome.unmatched,
    }
    parts = [f"{number} {what}" for what, number in counts.items() if number]
    return "; ".join([*filter(None, [outcome.message]), *parts])
