"""The longer history of the few entities that stand out, asked of Prometheus, kept for an hour.

At the step that the model was trained on, by one range query a metric for all of them together.
What Prometheus doesn't have, or not in time, is not there: the closer look then has the window.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import structlog
from django.conf import settings

from detection.anomaly.history_join import Earlier, Owner
from detection.anomaly.query_restriction import entity_among, restricted
from detection.domain.arrays import Floats
from detection.metrics.history import Window
from detection.metrics.prometheus import Prometheus
from detection.metrics.responses import InvalidQuery, PrometheusError, QueryResult
from detection.metrics.samples import SEPARATOR, Owners, Query, series_key, wrong_labels
from kubewise_site.core import cache
from kubewise_site.core.cache import packed

log = structlog.get_logger(__name__)
HOURS = 72
ASKED_A_PASS = 6
KEPT_SECONDS, NOT_AGAIN_SECONDS = 3300, 600
PASS_SECONDS = 5.0
MOST_POINTS = 20_000_000  # that Prometheus may have to evaluate for one query
LEAST_HOURS = 4
Values = dict[str, "np.ndarray[Any, np.dtype[np.float32]]"]


class _Kept(msgspec.Struct, frozen=True):
    """float32 bytes by series key, one value each step from `start` (epoch seconds) on."""

    start: float
    step: float
    values: dict[str, bytes]


@dataclass(frozen=True)
class Reader:
    """Callable with owners; answers for those of whom there is a longer history. Never raises."""

    cluster_id: int
    client: Prometheus
    queries: Sequence[Query]
    owners: Owners
    window: Window
    now: datetime
    step_seconds: float

    def __call__(self, wanted: Sequence[Owner]) -> Mapping[Owner, Earlier]:
        keys = {owner: _key(self.cluster_id, owner) for owner in wanted}
        kept = cache.get_many([*keys.values(), self._failed])
        if kept is None:  # without the cache each pass would ask anew
            return {}
        found = _decoded(keys, kept)
        missing = [owner for owner in keys if owner not in found]
        if missing and self._failed not in kept:
            found |= self._ask(missing[:ASKED_A_PASS])
        return {owner: one for owner, one in found.items() if one is not None}

    @property
    def _failed(self) -> str:
        return f"longer:{self.cluster_id}:failed"

    def _ask(self, missing: Sequence[Owner]) -> dict[Owner, Earlier | None]:
        try:
            asked = self._read(missing)
        except PrometheusError as error:
            log.info("no longer history", error=f"{type(error).__name__}: {error}")
            cache.set_many({self._failed: 1}, NOT_AGAIN_SECONDS)
            return {}
        kept = {_key(self.cluster_id, owner): _encode(one) for owner, one in asked.items()}
        cache.set_many(kept, min(KEPT_SECONDS, _window_seconds() - 300))
        return dict(asked)

    def _read(self, wanted: Sequence[Owner]) -> dict[Owner, Earlier]:
        """Raises PrometheusError: half of an entity's metrics are no history of it."""
        times = self._times()
        found: dict[Owner, Values] = {owner: {} for owner in wanted}
        begun = time.monotonic()
        for query in self._telling(wanted):
            if time.monotonic() - begun > PASS_SECONDS:
                raise PrometheusError(f"the queries took more than {PASS_SECONDS:g} s")
            try:
                answer = self._range(restricted(query, wanted), times)
            except InvalidQuery as error:  # of this query alone
                log.info("no longer history of a query", query=query.name, error=str(error))
                continue
            self._deal(query, answer, times, found)
        return {owner: Earlier(times, values) for owner, values in found.items()}

    def _times(self) -> Any:
        """Up to three days; fewer where the cluster's metrics have very many series."""
        metrics = Counter(key.partition(SEPARATOR)[0] for key in self.window.keys)
        an_hour = max(metrics.values(), default=1) * 3600 / self.step_seconds
        hours = min(max(int(MOST_POINTS / an_hour), LEAST_HOURS), HOURS)
        count = int(hours * 3600 / self.step_seconds)
        return self.now.timestamp() - self.step_seconds * np.arange(count)[::-1]

    def _telling(self, wanted: Sequence[Owner]) -> list[Query]:
        """The queries that say something of these owners now."""
        ours = set(wanted)
        keys = (key.split(SEPARATOR) for key in self.window.keys)
        names = {parts[0] for parts in keys if tuple(parts[1:4]) in ours}
        return [
            one for one in self.queries
            if one.name in names and not wrong_labels(one.entity_kind, one.labels)
        ]  # fmt: skip

    def _range(self, promql: str, times: Any) -> QueryResult:
        start, end = (datetime.fromtimestamp(float(times[at]), UTC) for at in (0, -1))
        return self.client.query_range(promql, start, end, self.step_seconds)

    def _deal(
        self, query: Query, answer: QueryResult, times: Any, found: Mapping[Owner, Values]
    ) -> None:
        worse = np.fmin if query.worse(0.0, 1.0) else np.fmax
        for one in answer.series:
            entity = entity_among(query, one.labels, self.owners, found)
            if entity is None or entity[:3] not in found:
                continue
            at = np.round((np.array(one.times) - times[0]) / self.step_seconds).astype(np.int64)
            inside = (at >= 0) & (at < len(times)) & np.isfinite(one.values)
            row = np.full(len(times), np.nan, dtype=np.float32)
            row[at[inside]] = np.array(one.values)[inside]
            known, key = found[entity[:3]], series_key(query.name, entity)
            known[key] = worse(known[key], row) if key in known else row


def _window_seconds() -> int:
    return max(int(settings.ANOMALY_METRIC_WINDOW_SECONDS), 600)


def _key(cluster_id: int, owner: Owner) -> str:
    named = hashlib.sha256("/".join(owner).encode("utf-8", "surrogatepass")).hexdigest()
    return f"longer:{cluster_id}:{named[:32]}"


def _encode(one: Earlier) -> bytes:
    step = float(one.times[1] - one.times[0])
    values = {key: value.tobytes() for key, value in one.values.items()}
    return packed.compress(_Kept(float(one.times[0]), step, values))


def _decoded(keys: Mapping[Owner, str], kept: Mapping[str, Any]) -> dict[Owner, Earlier | None]:
    return {owner: _decode(kept[key]) for owner, key in keys.items() if key in kept}


def _decode(value: Any) -> Earlier | None:
    """None for what is not one of ours."""
    try:
        kept: _Kept = packed.decompress(value, _Kept)
        values = {key: np.frombuffer(one, dtype=np.float32) for key, one in kept.values.items()}
    except ValueError:  # Unreadable is one too
        return None
    count = len(next(iter(values.values()), ()))
    if any(len(one) != count for one in values.values()):
        return None
    times: Floats = kept.start + kept.step * np.arange(count, dtype=np.float64)
    return Earlier(times, values)
