"""Incidents, their outcomes and how long things took, over the last day. Bounded by indexes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Case, Count, Exists, IntegerField, Min, OuterRef, Value, When

from detection.domain.causes import Severity
from detection.domain.statuses import TERMINAL, Status
from detection.models import Incident, Transition
from kubewise_site.templatetags.kubewise import span
from remediation.controls.acceptances import ever_accepted, opened_accepted
from remediation.models import Attempt

HOURS = 24
MOST_TIMED = 500
BY_KUBEWISE, BY_ITSELF, DISMISSED = "by an action", "by itself", "dismissed"
OUTCOMES = (BY_KUBEWISE, BY_ITSELF, DISMISSED)
ANALYZED = "analysis"


@dataclass(frozen=True)
class StepDuration:
    """Median and slowest tenth of one step, as people read it; '' where nothing was timed."""

    step: str
    median: str
    slowest: str
    timed: int


def hours(now: datetime) -> list[datetime]:
    """The starts of the last 24 hours, oldest first, the running one included."""
    last = now.replace(minute=0, second=0, microsecond=0)
    return [last - timedelta(hours=back) for back in reversed(range(HOURS))]


def over_time(now: datetime) -> dict[str, Any]:
    """For the charts: `times` in epoch seconds, and one list of counts for each name."""
    starts = hours(now)
    return {
        "times": [int(start.timestamp()) for start in starts],
        "opened": _dealt(_opened(starts[0]), starts, [one.value for one in reversed(Severity)]),
        "closed": _dealt(_closed(starts[0]), starts, OUTCOMES),
    }


def _opened(since: datetime) -> Iterable[tuple[datetime, str, int]]:
    rows = Incident.objects.filter(first_seen__gte=since).exclude(opened_accepted())
    rows = rows.annotate(hour=_hour("first_seen", since))
    counted = rows.values_list("hour", "severity").annotate(number=Count("id")).order_by()
    return [(_start(since, hour), severity, number) for hour, severity, number in counted]


def _closed(since: datetime) -> Iterable[tuple[datetime, str, int]]:
    """Closed incidents by the hour and by what closed them."""
    acted = Exists(Attempt.objects.filter(incident=OuterRef("pk"), executed_at__isnull=False))
    rows = Incident.objects.filter(closed_at__gte=since, status__in=TERMINAL)
    rows = rows.annotate(hour=_hour("closed_at", since))
    grouped = rows.annotate(acted=acted).values_list("hour", "status", "acted")
    counted = grouped.annotate(number=Count("id")).order_by()
    return [
        (_start(since, hour), _outcome(status, acted), number)
        for hour, status, acted, number in counted
    ]


def _hour(field: str, since: datetime) -> Case:
    """0 for the first hour. Comparing is a tenth of the work that SQLite has with truncating."""
    ends = [(number, _start(since, number + 1)) for number in range(HOURS - 1)]
    whens = (When(**{f"{field}__lt": end}, then=Value(number)) for number, end in ends)
    return Case(*whens, default=Value(HOURS - 1), output_field=IntegerField())


def _start(since: datetime, hour: int) -> datetime:
    return since + timedelta(hours=hour)


def _outcome(status: str, acted: bool) -> str:
    if status == Status.DISMISSED:
        return DISMISSED
    return BY_KUBEWISE if acted else BY_ITSELF


def _dealt(
    rows: Iterable[tuple[datetime, str, int]], starts: Sequence[datetime], names: Sequence[str]
) -> list[dict[str, Any]]:
    counts: Counter[tuple[datetime, str]] = Counter()
    for hour, name, number in rows:
        counts[hour, name] += number
    return [{"name": name, "values": [counts[start, name] for start in starts]} for name in names]


def durations(now: datetime) -> list[StepDuration]:
    """How long it took to detect, to diagnose and to resolve; of the newest 500 of the day."""
    since = now - timedelta(hours=HOURS)
    newest = Incident.objects.filter(first_seen__gte=since).order_by("-first_seen")[:MOST_TIMED]
    rows = list(newest.values_list("pk", "onset", "first_seen"))
    return [
        _took("to detect", [seen - onset for _, onset, seen in rows]),
        _took("to diagnose", _diagnosed({pk: seen for pk, _, seen in rows})),
        _took("to resolve", _resolved(since)),
    ]


def _diagnosed(seen: dict[int, datetime]) -> list[timedelta]:
    rows = Transition.objects.filter(incident_id__in=list(seen), kind=ANALYZED).order_by()
    first = rows.values_list("incident_id").annotate(at=Min("at"))
    return [at - seen[pk] for pk, at in first]


def _resolved(since: datetime) -> list[timedelta]:
    rows = Incident.objects.filter(closed_at__gte=since, status=Status.RESOLVED)
    rows = rows.exclude(ever_accepted())
    times = rows.order_by("-closed_at").values_list("first_seen", "closed_at")[:MOST_TIMED]
    return [closed - seen for seen, closed in times if closed]


def _took(step: str, times: Sequence[timedelta]) -> StepDuration:
    seconds = sorted(max(0.0, time.total_seconds()) for time in times)
    if not seconds:
        return StepDuration(step, "", "", 0)
    slowest = seconds[min(len(seconds) - 1, len(seconds) * 9 // 10)]
    return StepDuration(step, span(median(seconds)), span(slowest), len(seconds))
