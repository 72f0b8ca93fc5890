"""The admin's first page: what is broken, what KubeWise may do about it, and whether it sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from detection.admin.badges import WORST_FIRST
from detection.clients import current_cluster
from detection.domain.causes import Severity
from detection.domain.statuses import OPEN, WAITING
from detection.incidents import watched
from detection.models import Incident
from kubewise_site.console import trends
from kubewise_site.core import clock
from kubewise_site.ops import pulse
from kubewise_site.ops.health import heartbeats
from kubewise_site.ops.own_troubles import blind_sources, troubles
from remediation.controls import acceptances, mode_and_stop, storm_brake
from remediation.llm.usage.spend import spend_of_day
from remediation.models.permissions import PULL_STOP, SET_MODE

NEWEST = 10
ACCEPTED = "accepted"
SEE_INCIDENTS = "detection.view_incident"
SEE_MODEL_CALLS = "remediation.view_llmcall"


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's hook: what the template of the index page gets."""
    return context | dashboard_context(request, clock.now())


@never_cache
def fragment(request: HttpRequest) -> HttpResponse:
    """The dashboard without the page around it, for the script that keeps it fresh."""
    context = dashboard_context(request, clock.now())
    return render(request, "kubewise/dashboard.html", context)


@never_cache
def charts(request: HttpRequest) -> HttpResponse:
    """Incidents and outcomes of the last day, for the charts. 403 for who may not view them."""
    if not request.user.has_perm(SEE_INCIDENTS):
        return JsonResponse({"charts": []}, status=403)
    shown = trends.over_time(clock.now())
    titles = {"opened": "Incidents an hour, by severity", "closed": "Ended an hour, by outcome"}
    return JsonResponse(
        {
            "charts": [
                {"title": title, "times": shown["times"], "bars": True, "series": shown[name]}
                for name, title in titles.items()
            ]
        }
    )


def dashboard_context(request: HttpRequest, now: datetime) -> dict[str, Any]:
    beats, blind = heartbeats(), blind_sources()
    cluster = current_cluster()
    context: dict[str, Any] = {
        "now": now,
        "standing": mode_and_stop.standing(cluster),
        "suspended": storm_brake.suspensions(cluster, now),
        "may_set_mode": request.user.has_perm(SET_MODE),
        "may_stop": request.user.has_perm(PULL_STOP),
        "blind": blind,
        "troubles": troubles(beats, (), now),
        "pulse": pulse.tick_pulses(beats, now),
        "workers": pulse.live_workers(beats, now),
        "queues": pulse.queue_lengths(),
    }
    if request.user.has_perm(SEE_MODEL_CALLS):
        context["spend"] = spend_of_day(now)
    if request.user.has_perm(SEE_INCIDENTS):
        context |= incidents_now(now)
        context["watched"] = watched.shown(cluster)[:NEWEST]
        context |= {"waiting": pulse.waiting(now), "durations": trends.durations(now)}
    return context


def incidents_now(now: datetime) -> dict[str, Any]:
    """Accepted ones are counted apart: they are no alarm."""
    known = acceptances.accepted(now)
    alarms, counts = _open().exclude(known), Counter[str]()
    for severity, is_known, number in _counted(known):
        counts[ACCEPTED if is_known else severity] += number
    severities = [(severity.value, counts.get(severity.value, 0)) for severity in Severity]
    return {
        "severities": list(reversed(severities)),
        "open_count": sum(counts.values()) - counts[ACCEPTED],
        "accepted_count": counts[ACCEPTED],
        "waiting_count": alarms.filter(status__in=WAITING).count(),
        "newest": list(alarms.order_by(WORST_FIRST, "-id")[:NEWEST]),
    }


def _counted(known: Q) -> Iterable[tuple[str, bool, int]]:
    """Severity, whether it is accepted, and how many are open."""
    rows = _open().annotate(taken=known).values_list("severity", "taken").order_by()
    return rows.annotate(Count("id"))


def _open() -> QuerySet[Incident]:
    """By both: `closed_at` has the index that leaves out all that is over."""
    return Incident.objects.filter(closed_at__isnull=True, status__in=OPEN)
