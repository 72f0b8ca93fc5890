"""What is abnormal and no incident yet: noticed, shown, told to nobody, decided by nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from detection.domain.findings import Finding, key_of, redacted
from detection.domain.sights import Sight, Sights, Span
from detection.models import Cluster, WatchedFailure

# A signal that was away for longer than two passes began anew.
UNBROKEN_SECONDS = 40.0
KEPT_SECONDS = 1800.0
MOST_SPANS = 60
CHANGED = (
    "cause", "severity", "summary", "onset", "since", "opens_at", "last_seen", "is_abnormal",
    "spans", "owner_uid",
)  # fmt: skip


def sights_of(cluster: Cluster) -> Sights:
    """What is kept of every owner that was abnormal within the last half hour."""
    rows = WatchedFailure.objects.filter(cluster=cluster).values_list("owner_key", "since", "spans")
    return {key: Sight(since, tuple(map(tuple, spans))) for key, since, spans in rows}


def watch(
    cluster: Cluster,
    signs: Iterable[Finding],
    opened: Iterable[Finding],
    now: datetime,
    is_blind: bool = False,
) -> None:
    """Keep what one pass saw: `signs` are abnormal, of those `opened` are incidents already.

    What a blind pass does not show goes on being watched. Four queries, whatever the number of
    owners.
    """
    kept = {row.owner_key: row for row in WatchedFailure.objects.filter(cluster=cluster)}
    told = {key_of(finding.owner) for finding in opened}
    seen = {key_of(finding.owner): finding for finding in signs}
    rows = [_seen(kept.get(key), cluster, key, finding, now) for key, finding in seen.items()]
    for row in rows:
        _settle(row, is_told=row.owner_key in told)
    away = [] if is_blind else _away(kept, seen.keys())
    _write(cluster, rows, away, now)


def _settle(row: WatchedFailure, is_told: bool) -> None:
    row.is_abnormal = not is_told
    if is_told:
        row.spans = []  # its bad time has been told: what comes later counts anew


def _away(kept: dict[str, WatchedFailure], seen: Collection[str]) -> list[WatchedFailure]:
    """What was abnormal and is not seen any more, marked so."""
    away = [row for key, row in kept.items() if key not in seen and row.is_abnormal]
    for row in away:
        row.is_abnormal = False
    return away


def _write(
    cluster: Cluster, rows: list[WatchedFailure], away: list[WatchedFailure], now: datetime
) -> None:
    new: list[WatchedFailure] = []
    changed: list[WatchedFailure] = []
    for row in rows:
        (new if row.pk is None else changed).append(row)
    WatchedFailure.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
    WatchedFailure.objects.bulk_update([*changed, *away], CHANGED, batch_size=200)
    old = now - timedelta(seconds=KEPT_SECONDS)
    WatchedFailure.objects.filter(cluster=cluster, last_seen__lt=old).delete()


def _seen(
    row: WatchedFailure | None, cluster: Cluster, key: str, finding: Finding, now: datetime
) -> WatchedFailure:
    told = redacted(finding)
    unbroken = row is not None and now - row.last_seen <= timedelta(seconds=UNBROKEN_SECONDS)
    row = row or WatchedFailure(cluster=cluster, owner_key=key)
    row.owner_kind, row.owner_namespace = told.owner.kind, told.owner.namespace
    row.owner_name, row.owner_uid = told.owner.name, told.owner.uid
    row.cause, row.severity, row.summary = told.cause, told.severity, told.summary
    row.onset, row.opens_at = told.onset, told.opens_at
    row.since = row.since if unbroken else now
    row.spans = _longer(row.spans, now.timestamp(), unbroken)
    row.last_seen = now
    return row


def _longer(spans: list[Span], now: float, unbroken: bool) -> list[Span]:
    """The last span goes on, or a new one begins; what is too old goes."""
    kept = [(start, end) for start, end in spans if end >= now - KEPT_SECONDS]
    if unbroken and kept:
        kept[-1] = (kept[-1][0], now)
    else:
        kept.append((now, now))
    return kept[-MOST_SPANS:]


def shown(cluster: Cluster) -> list[WatchedFailure]:
    """What is being watched now, what opens first at the top."""
    return list(WatchedFailure.objects.filter(cluster=cluster, is_abnormal=True))
