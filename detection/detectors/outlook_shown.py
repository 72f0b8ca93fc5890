"""What the page and the API show of the anomaly detector's learning, per source and entity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from detection.models import AnomalyOutlook, Cluster, MetricLevelChange

NO_SOURCE, NO_DATA, LEARNING, JUDGING = "no source", "no data yet", "learning", "judging"
PROMETHEUS = "prometheus"
NEWEST = 100


@dataclass(frozen=True)
class Source:
    """`learning_until`: when the entity that is known longest will be judged; None: it is."""

    name: str
    state: str
    learning_until: datetime | None
    entities: int
    learning: int


def learning_time() -> timedelta:
    return timedelta(hours=settings.ANOMALY_LEARNING_HOURS)


def until(known_since: datetime, now: datetime) -> datetime | None:
    """None: enough of it is known."""
    end = known_since + learning_time()
    return end if end > now else None


def source(cluster: Cluster, now: datetime) -> Source:
    """Of the one source of metrics that there is."""
    rows = AnomalyOutlook.objects.filter(cluster=cluster)
    oldest = rows.aggregate(oldest=Min("known_since"))["oldest"]
    learning = rows.filter(known_since__gt=now - learning_time()).count()
    end = until(oldest, now) if oldest else None
    return Source(PROMETHEUS, _state(oldest, end), end, rows.count(), learning)


def _state(oldest: datetime | None, end: datetime | None) -> str:
    if not settings.PROMETHEUS_URL:
        return NO_SOURCE
    if oldest is None:
        return NO_DATA
    return LEARNING if end else JUDGING


def page(cluster: Cluster, now: datetime, after: int, limit: int) -> list[AnomalyOutlook]:
    """In the order of their numbers, each with `until`."""
    rows = AnomalyOutlook.objects.filter(cluster=cluster, pk__gt=after).order_by("pk")
    return _with_until(list(rows[:limit]), now)


def youngest(cluster: Cluster, now: datetime, limit: int) -> list[AnomalyOutlook]:
    """Those of which least is known first, each with `until`."""
    return _with_until(list(AnomalyOutlook.objects.filter(cluster=cluster)[:limit]), now)


def noisiest(cluster: Cluster, now: datetime, limit: int) -> list[AnomalyOutlook]:
    """Those that would alarm most often without a fault first."""
    known = AnomalyOutlook.objects.filter(cluster=cluster, expected_false_alarms__isnull=False)
    return _with_until(list(known.order_by("-expected_false_alarms", "pk")[:limit]), now)


def _with_until(rows: list[AnomalyOutlook], now: datetime) -> list[AnomalyOutlook]:
    for row in rows:
        row.until = until(row.known_since, now)
    return rows


def changes(cluster: Cluster, limit: int = NEWEST) -> list[MetricLevelChange]:
    """The newest first."""
    return list(MetricLevelChange.objects.filter(cluster=cluster)[:limit])
