"""What KubeWise itself was late for, blind to or failed at: its own health, not the cluster's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from detection.models import Heartbeat, SourceState
from detection.runtime.heartbeats import is_fresh
from kubewise_site.ops import health
from kubewise_site.ops.queues import WORKER_PREFIX

TASK_PREFIX = "task/"
# A task that failed is tried again by the sweep within seconds: an hour on, the failure is over.
TOLD_FOR = timedelta(hours=1)
# A worker that was replaced leaves its last sign behind.
FORGOTTEN = timedelta(days=1)


class TroubleKind(StrEnum):
    LATE = "late"
    BLIND = "blind"
    FAILED = "failed"


@dataclass(frozen=True)
class Trouble:
    """`since` None: it never worked."""

    kind: TroubleKind
    name: str
    since: datetime | None
    detail: str


def troubles(
    beats: Mapping[str, Heartbeat], blind: Iterable[SourceState], now: datetime
) -> list[Trouble]:
    """All of them, by kind; [] where there is none."""
    sources = (Trouble(TroubleKind.BLIND, row.name, row.since, row.reason) for row in blind)
    return [*_late(beats, now), *_silent(beats, now), *sources, *_failed(beats, now)]


def blind_sources() -> list[SourceState]:
    """Of every cluster that is watched."""
    return list(SourceState.objects.filter(state=SourceState.State.BLIND))


def _late(beats: Mapping[str, Heartbeat], now: datetime) -> Iterator[Trouble]:
    """Passes that have not ended for three of their intervals."""
    for tick in health.frequent_ticks():
        row = beats.get(health.heartbeat_name(tick))
        if row is None:
            yield Trouble(TroubleKind.LATE, tick.name, None, "it has not ended once")
        elif now - row.at > health.allowed_silence(tick):
            detail = f"it is due every {tick.seconds} s"
            yield Trouble(TroubleKind.LATE, tick.name, row.at, detail)


def _silent(beats: Mapping[str, Heartbeat], now: datetime) -> Iterator[Trouble]:
    for name, row in sorted(beats.items()):
        if not name.startswith((WORKER_PREFIX, "beat")) or now - row.at > FORGOTTEN:
            continue
        if not is_fresh(row, now):
            yield Trouble(TroubleKind.LATE, name, row.at, "it gives no sign of life")


def _failed(beats: Mapping[str, Heartbeat], now: datetime) -> Iterator[Trouble]:
    """Passes whose last run failed, and tasks that raised within the last hour."""
    names = {health.heartbeat_name(tick): tick.name for tick in health.frequent_ticks()}
    for name, row in sorted(beats.items()):
        if row.ok:
            continue
        detail = str(row.detail.get("error", "it failed"))
        if name in names:
            yield Trouble(TroubleKind.FAILED, names[name], row.since, detail)
        elif name.startswith(TASK_PREFIX) and now - row.at <= TOLD_FOR:
            told = name.removeprefix(TASK_PREFIX)
            yield Trouble(TroubleKind.FAILED, told, row.at, detail)
