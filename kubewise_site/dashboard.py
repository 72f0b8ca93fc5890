"""The admin's first page: what is broken, what KubeWise may do about it, and whether it sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Case, Count, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from detection.causes import Severity
from detection.clients import current_cluster
from detection.models import Heartbeat, Incident, SourceState
from detection.states import OPEN, WAITING
from kubewise_site import health, schedule
from remediation import modes

NEWEST = 10
WORST_FIRST = Case(
    *(When(severity=severity.value, then=Value(-rank)) for rank, severity in enumerate(Severity)),
    default=Value(1),
)
SEE_INCIDENTS = "detection.view_incident"


@dataclass(frozen=True)
class Pulse:
    """One tick: `last` is when it last ended, `late` whether that is too long ago."""

    name: str
    every_seconds: int
    last: datetime | None
    late: bool
    trouble: str


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's hook: what the template of the index page gets."""
    return context | contents(request, datetime.now(UTC))


@never_cache
def fragment(request: HttpRequest) -> HttpResponse:
    """The dashboard without the page around it, for the script that keeps it fresh."""
    context = contents(request, datetime.now(UTC))
    return render(request, "kubewise/dashboard.html", context)


def contents(request: HttpRequest, now: datetime) -> dict[str, Any]:
    context: dict[str, Any] = {
        "now": now,
        "standing": modes.standing(current_cluster()),
        "blind": list(SourceState.objects.filter(state=SourceState.State.BLIND)),
        "pulse": pulse(now),
    }
    if request.user.has_perm(SEE_INCIDENTS):
        context |= incidents_now()
    return context


def incidents_now() -> dict[str, Any]:
    counted = _open().values_list("severity").annotate(Count("id")).order_by()
    counts = dict(counted)
    severities = [(severity.value, counts.get(severity.value, 0)) for severity in Severity]
    return {
        "severities": list(reversed(severities)),
        "open_count": sum(counts.values()),
        "waiting_count": _open().filter(status__in=WAITING).count(),
        "newest": list(_open().order_by(WORST_FIRST, "-id")[:NEWEST]),
    }


def _open() -> QuerySet[Incident]:
    return Incident.objects.filter(status__in=OPEN)


def pulse(now: datetime) -> list[Pulse]:
    beats = {row.name: row for row in Heartbeat.objects.all()}
    return [_pulse(tick, beats.get(health.row_of(tick)), now) for tick in health.frequent_ticks()]


def _pulse(tick: schedule.Tick, row: Heartbeat | None, now: datetime) -> Pulse:
    late = row is None or now - row.at > health.patience(tick)
    trouble = "" if row is None or row.ok else str(row.detail.get("error", "it failed"))
    return Pulse(tick.name, tick.seconds, row.at if row else None, late, trouble)
