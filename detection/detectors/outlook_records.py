"""What the anomaly detector noted in a pass, kept for the page and the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet

from detection.anomaly import level_change
from detection.anomaly.history_join import Owner
from detection.anomaly.level_change import LevelChange
from detection.anomaly.outlook import DAY_SECONDS, Notebook, Outlook
from detection.domain.causes import Cause
from detection.incidents import states
from detection.models import (
    AnomalyOutlook,
    Cluster,
    Incident,
    MetricLevelChange,
    WorkloadBaseline,
)

EVERY = timedelta(minutes=5)
KEPT = timedelta(days=1)
CHANGES_KEPT = timedelta(days=30)
SAME_CHANGE = timedelta(hours=1)
RELEASED_BEFORE, RELEASED_AFTER = timedelta(minutes=30), timedelta(minutes=10)
NAMES = ("owner_kind", "owner_namespace", "owner_name")
ACTOR = "kubewise"
LEVEL_CHANGE = "level_change"


def known_changes(cluster: Cluster) -> Mapping[Owner, Sequence[LevelChange]]:
    """Changes of level that still hold."""
    found: dict[Owner, list[LevelChange]] = {}
    for row in MetricLevelChange.objects.filter(cluster=cluster, ended_at=None):
        owner = (row.owner_kind, row.owner_namespace, row.owner_name)
        found.setdefault(owner, []).append(LevelChange(row.metric, row.at, row.before, row.after))
    return found


def save(cluster: Cluster, noted: Notebook, now: datetime) -> None:
    """The owners that there are every five minutes; closer looks and changes at once."""
    _save_owners(cluster, noted.first_seen, now)
    for look in noted.looks:
        _save_look(cluster, look, now)
        _end(cluster, look, now)
        _tell(cluster, look, now)


def _save_owners(cluster: Cluster, first_seen: Mapping[Owner, datetime], now: datetime) -> None:
    rows = AnomalyOutlook.objects.filter(cluster=cluster)
    newest = rows.aggregate(newest=Max("last_seen"))["newest"]
    if newest is not None and now - newest < EVERY:
        return
    known = {row[1:]: row[0] for row in rows.values_list("pk", *NAMES)}
    new = [
        AnomalyOutlook(
            cluster=cluster,
            known_since=since,
            last_seen=now,
            **dict(zip(NAMES, owner, strict=True)),
        )
        for owner, since in first_seen.items()
        if owner not in known
    ]
    AnomalyOutlook.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
    seen = [pk for owner, pk in known.items() if owner in first_seen]
    for start in range(0, len(seen), 500):
        rows.filter(pk__in=seen[start : start + 500]).update(last_seen=now)
    rows.filter(last_seen__lt=now - KEPT).delete()
    MetricLevelChange.objects.filter(cluster=cluster, at__lt=now - CHANGES_KEPT).delete()


def _save_look(cluster: Cluster, look: Outlook, now: datetime) -> None:
    row = AnomalyOutlook.objects.filter(cluster=cluster, **_named(look.owner)).first()
    row = row or AnomalyOutlook(cluster=cluster, known_since=now, **_named(look.owner))
    if row.looked_at is not None and now - row.looked_at < EVERY:
        return
    row.known_since = min(row.known_since, look.known_since)
    row.last_seen = row.last_seen or now
    row.looked_at = now
    row.expected_false_alarms = expected_a_day(look)
    row.history_hours = round(look.history_hours, 1) if look.false_alarms is not None else None
    row.save()


def expected_a_day(look: Outlook) -> float | None:
    """Alarms a day in its own history: how often it would be called unusual without a fault."""
    if look.false_alarms is None or look.history_hours <= 0:
        return None
    return round(look.false_alarms * DAY_SECONDS / 3600 / look.history_hours, 2)


def _end(cluster: Cluster, look: Outlook, now: datetime) -> None:
    for one in look.ended:
        rows = _of(cluster, look.owner).filter(metric=one.metric, at=one.at, ended_at=None)
        rows.update(ended_at=now)


def _tell(cluster: Cluster, look: Outlook, now: datetime) -> None:
    """Once, and not while a failure of the owner is known: its outage is no new level."""
    new = [one for one in look.changed if not _is_known(cluster, look.owner, one)]
    if not new or _has_failure(cluster, look.owner):
        return
    released = released_about(cluster, look.owner, new[0].at)
    MetricLevelChange.objects.bulk_create(
        MetricLevelChange(
            cluster=cluster, metric=one.metric, at=one.at, before=one.before, after=one.after,
            released=released, noticed_at=now, **_named(look.owner),
        )
        for one in new
    )  # fmt: skip
    _on_the_timeline(cluster, look.owner, new, released, now)


def _is_known(cluster: Cluster, owner: Owner, one: LevelChange) -> bool:
    near = Q(at__range=(one.at - SAME_CHANGE, one.at + SAME_CHANGE))
    return _of(cluster, owner).filter(near, metric=one.metric).exists()


def _has_failure(cluster: Cluster, owner: Owner) -> bool:
    rows = Incident.objects.filter(cluster=cluster, open_key__isnull=False, **_named(owner))
    return rows.exclude(cause=Cause.METRIC_ANOMALY).exists()


def released_about(cluster: Cluster, owner: Owner, at: datetime) -> str:
    """ "revision 5d4f, available since 12:03" of the owner itself; '' where nothing was."""
    rows = WorkloadBaseline.objects.filter(
        cluster=cluster,
        first_available__range=(at - RELEASED_BEFORE, at + RELEASED_AFTER),
        **_named(owner),
    )
    row = rows.order_by("-first_available").first()
    if row is None:
        return ""
    return f"revision {row.template_hash[:10]}, available since {row.first_available:%H:%M} UTC"


def _on_the_timeline(
    cluster: Cluster, owner: Owner, new: Sequence[LevelChange], released: str, now: datetime
) -> None:
    """Of the anomaly that it was taken for, where there is one."""
    rows = Incident.objects.filter(
        cluster=cluster, cause=Cause.METRIC_ANOMALY, open_key__isnull=False, **_named(owner)
    )
    incident = rows.first()
    if incident is not None:
        reason = f"{sentence(new, released)} It is the new usual."
        states.note_event(incident, LEVEL_CHANGE, actor=ACTOR, reason=reason, now=now)


def sentence(new: Sequence[LevelChange], released: str) -> str:
    """What changed, when, and what was released about then."""
    when = f"{new[0].at:%H:%M} UTC"
    about = f"released about then: {released}" if released else "nothing of it was released then"
    return f"The level changed at {when} and stays: {level_change.told(new)}; {about}."


def _of(cluster: Cluster, owner: Owner) -> QuerySet[MetricLevelChange]:
    return MetricLevelChange.objects.filter(cluster=cluster, **_named(owner))


def _named(owner: Owner) -> dict[str, str]:
    return dict(zip(NAMES, owner, strict=True))
