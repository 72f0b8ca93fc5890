"""The metric window of each entity, shared by all worker processes through the Django cache.

One immutable frame a tick under its own key, and an index of the ticks there are. Each process
keeps the frames that it decoded, so a pass fetches only the new one. The scrape's lease makes that
one process at a time appends.

A value is missing for one of two reasons, and they mean different things: the query was answered
whole and the series was not in it (`absent`, it is gone), or nobody could tell (a gap).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import structlog
from django.conf import settings

from detection.domain.findings import ObjectRef
from detection.metrics.samples import Owner, Owners, owners_of
from kubewise_site.core import cache
from kubewise_site.core.cache import packed

log = structlog.get_logger(__name__)
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
State = Literal["ok", "empty", "away"]
Ticks = list[int]
OwnerMap = tuple[dict[str, tuple[str, str, str]], dict[str, str], float]

OWNER_MAP_SECONDS = 900
FILL_LOCK_SECONDS = 300
DEAD_KEYS_KEPT = 1000


class MetricFrame(msgspec.Struct, frozen=True):
    """One tick. NaN: the series is there, its value is not known.

    `whole`: metrics whose answer was complete, so that a missing series is gone. `pods`: series
    key → the pod that the value is of, for values beyond their threshold.
    """

    at: float
    values: dict[str, float]
    whole: list[str] = []
    pods: dict[str, str] = {}


@dataclass(frozen=True)
class Window:
    """`values[i, t]` is series `keys[i]` at epoch second `times[t]`, NaN where it is missing.

    `absent[i, t]`: the series was certainly gone then.
    """

    state: State = "empty"
    times: Floats = field(default_factory=lambda: np.empty(0))
    keys: tuple[str, ...] = ()
    values: Floats = field(default_factory=lambda: np.empty((0, 0)))
    absent: Bools = field(default_factory=lambda: np.empty((0, 0), dtype=np.bool_))
    pods: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def rows(self) -> dict[str, Ints]:
        """Metric → the rows of its series."""
        found: dict[str, list[int]] = {}
        for row, key in enumerate(self.keys):
            found.setdefault(key.partition("|")[0], []).append(row)
        return {metric: np.array(rows, dtype=np.int64) for metric, rows in found.items()}

    def series(self, key: str) -> Floats:
        """The values of one series; KeyError where there is none."""
        metric = key.partition("|")[0]
        for row in self.rows.get(metric, ()):
            if self.keys[row] == key:
                return np.asarray(self.values[row], dtype=np.float64)
        raise KeyError(key)


def append_frame(cluster_id: int, frame: MetricFrame) -> bool:
    """Add one tick; False where the cache is away."""
    return append_many(cluster_id, [frame])


def append_many(cluster_id: int, frames: list[MetricFrame]) -> bool:
    """Add ticks, in any order; those out of the window leave the index."""
    known = tick_times(cluster_id)
    if known is None:
        return False
    if not frames:
        return True
    keep_seconds = settings.ANOMALY_METRIC_WINDOW_SECONDS + FILL_LOCK_SECONDS
    values: dict[str, object] = {
        _frame_key(cluster_id, _tick(frame)): packed.compress(frame) for frame in frames
    }
    index = sorted({*known, *map(_tick, frames)})
    oldest = index[-1] - keep_seconds * 1000
    values[_index_key(cluster_id)] = [tick for tick in index if tick >= oldest]
    return cache.set_many(values, keep_seconds)


def window(cluster_id: int, now: datetime) -> Window:
    """Everything within ANOMALY_METRIC_WINDOW_SECONDS before `now`."""
    index = tick_times(cluster_id)
    if index is None:
        return Window("away")
    first = _milliseconds(now - timedelta(seconds=settings.ANOMALY_METRIC_WINDOW_SECONDS))
    wanted = [tick for tick in index if first < tick <= _milliseconds(now)]
    with _LOCK:
        local = _LOCAL.setdefault(cluster_id, _Decoded())
        return local.window(cluster_id, wanted)


def latest_frame(cluster_id: int) -> MetricFrame | None:
    """The newest tick."""
    index = tick_times(cluster_id)
    if not index:
        return None
    key = _frame_key(cluster_id, index[-1])
    return _decode((cache.get_many([key]) or {}).get(key))


def sampled(cluster_id: int, now: datetime, most: int) -> list[MetricFrame]:
    """About `most` ticks spread over the window, oldest first, for whoever wants a few series.

    A whole window of a large cluster is hundreds of megabytes; these are read and let go.
    """
    first = _milliseconds(now - timedelta(seconds=settings.ANOMALY_METRIC_WINDOW_SECONDS))
    inside = [tick for tick in tick_times(cluster_id) or [] if first < tick <= _milliseconds(now)]
    step = max(1, -(-len(inside) // most))
    wanted = sorted({*inside[::step], *inside[-1:]})
    keys = [_frame_key(cluster_id, tick) for tick in wanted]
    found = cache.get_many(keys) or {}
    decoded = [_decode(found.get(key)) for key in keys]
    return [frame for frame in decoded if frame is not None]


def tick_times(cluster_id: int) -> list[int] | None:
    """The ticks there are, in milliseconds, oldest first; None: the cache is away."""
    key = _index_key(cluster_id)
    found = cache.get_many([key])
    return None if found is None else cache.as_kind(found.get(key, []), Ticks) or []


def may_fill(cluster_id: int) -> bool:
    """True for the one worker that may fill a gap now."""
    return cache.add(f"history:{cluster_id}:fill", FILL_LOCK_SECONDS)


def window_of(frames: list[MetricFrame]) -> Window:
    """A window of just these frames, without the cache."""
    alone = _Decoded()
    for frame in frames:
        alone.columns[_tick(frame)] = alone.column(frame)
    return alone.matrix(sorted(alone.columns)) if frames else Window()


def save_owner_map(
    cluster_id: int,
    pods: Mapping[str, ObjectRef],
    uids: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> bool:
    """Keep what the scan saw: "namespace/pod" → top owner, "Kind/namespace/name" → UID.

    `at`: when it saw the whole cluster; None: what is not in the map may still be there.
    """
    owners = {pod: (ref.kind, ref.name, ref.uid) for pod, ref in pods.items()}
    value = packed.compress((owners, dict(uids or {}), at.timestamp() if at else 0.0))
    return cache.set_many({_owner_key(cluster_id): value}, OWNER_MAP_SECONDS)


def owner_map(cluster_id: int) -> Owners:
    """Owners as of the last scan; without pods where there was none, or long ago."""
    value = (cache.get_many([_owner_key(cluster_id)]) or {}).get(_owner_key(cluster_id))
    try:
        known: OwnerMap = packed.decompress(value, OwnerMap)
    except packed.Unreadable:
        return Owners()
    pods, uids, at = known
    return owners_of({pod: Owner(*owner) for pod, owner in pods.items()}, uids, at)


@dataclass
class _Column:
    """A decoded frame: which rows, which values. Small: keys are shared by all frames."""

    rows: Ints
    values: Floats
    whole: frozenset[str]
    pods: dict[str, str]


@dataclass
class _Decoded:
    """The frames of one cluster that this process has decoded."""

    columns: dict[int, _Column] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    newest_rows: Ints = field(default_factory=lambda: _NONE)

    def window(self, cluster_id: int, wanted: list[int]) -> Window:
        self._drop_all_but(wanted)
        if not self._fetch(cluster_id, [tick for tick in wanted if tick not in self.columns]):
            return Window("away")
        held = [tick for tick in wanted if tick in self.columns]
        return self.matrix(held) if held else Window()

    def _drop_all_but(self, wanted: list[int]) -> None:
        """Start anew where most known keys are of series that are long gone."""
        self.columns = {tick: self.columns[tick] for tick in wanted if tick in self.columns}
        used = np.unique(np.concatenate([one.rows for one in self.columns.values()] or [_NONE]))
        if len(self.rows) > 2 * len(used) + DEAD_KEYS_KEPT:
            self.columns, self.rows = {}, {}

    def _fetch(self, cluster_id: int, missing: list[int]) -> bool:
        if not missing:
            return True
        keys = {_frame_key(cluster_id, tick): tick for tick in missing}
        found = cache.get_many(keys)
        for key, value in (found or {}).items():
            if frame := _decode(value):
                self.columns[keys[key]] = self.column(frame)
        return found is not None

    def column(self, frame: MetricFrame) -> _Column:
        rows = [self.rows.setdefault(key, len(self.rows)) for key in frame.values]
        values = np.fromiter(frame.values.values(), dtype=np.float64, count=len(rows))
        if not np.array_equal(self.newest_rows, rows):
            self.newest_rows = np.array(rows, dtype=np.int64)  # else shared: most ticks are alike
        return _Column(self.newest_rows, values, frozenset(frame.whole), frame.pods)

    def matrix(self, held: list[int]) -> Window:
        shape = (len(self.rows), len(held))
        values = np.full(shape, np.nan)
        listed = np.zeros(shape, dtype=np.bool_)
        for at, tick in enumerate(held):
            column = self.columns[tick]
            values[column.rows, at] = column.values
            listed[column.rows, at] = True
        used = np.flatnonzero(listed.any(axis=1))
        names = list(self.rows)
        keys = tuple(names[row] for row in used)
        absent = self._whole(keys, held) & ~listed[used]
        times = np.array(held, dtype=np.float64) / 1000
        return Window("ok", times, keys, values[used], absent, self.columns[held[-1]].pods)

    def _whole(self, keys: tuple[str, ...], held: list[int]) -> Bools:
        """[series, ticks]: whether the metric's answer was complete."""
        metrics = [key.partition("|")[0] for key in keys]
        numbers = {metric: number for number, metric in enumerate(dict.fromkeys(metrics))}
        table = np.array(
            [[metric in self.columns[tick].whole for tick in held] for metric in numbers],
            dtype=np.bool_,
        ).reshape(len(numbers), len(held))
        return np.asarray(table[[numbers[metric] for metric in metrics]], dtype=np.bool_)


_NONE: Ints = np.empty(0, dtype=np.int64)
_LOCK = threading.Lock()
_LOCAL: dict[int, _Decoded] = {}


def _decode(value: Any) -> MetricFrame | None:
    """None for a frame that is gone or not one of ours."""
    if value is None:
        return None
    try:
        frame: MetricFrame = packed.decompress(value, MetricFrame)
    except packed.Unreadable as error:
        log.warning("a frame of the metric history can't be read", error=str(error))
        return None
    return frame


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _tick(frame: MetricFrame) -> int:
    return round(frame.at * 1000)


def _frame_key(cluster_id: int, tick: int) -> str:
    return f"history:{cluster_id}:{tick}"


def _index_key(cluster_id: int) -> str:
    return f"history:{cluster_id}:ticks"


def _owner_key(cluster_id: int) -> str:
    return f"history:{cluster_id}:owners"
