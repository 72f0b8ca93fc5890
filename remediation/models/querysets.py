"""Incidents with everything that happened to them, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet

from detection.models import Incident, Transition
from remediation.models import Attempt, Plan, PlanSource

LISTED = "_listed"
TIMELINE = ("at", "actor", "kind", "before", "after", "reason")
UNLISTED = ("facts", "revision", "sources")
UNLISTED_OF_ATTEMPTS = ("target", "before", "inverse", "response")


def with_history(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """Plans newest first, attempts oldest first, and the timeline."""
    return incidents.select_related("cluster", "parent").prefetch_related(
        "transitions",
        Prefetch("plans", queryset=Plan.objects.order_by("-id")),
        Prefetch("attempts", queryset=Attempt.objects.order_by("id")),
    )


def with_lists(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """The same for many at once, for `rows_of`: lists, which cost no manager for each incident.

    Without cluster and parent: with a join SQLite begins at the one cluster, takes all its
    incidents and sorts them. Without what is large and that no list shows; `give_timelines` adds
    the transitions to the rows of a page.
    """
    return incidents.defer(*UNLISTED).prefetch_related(
        _listed("plans", Plan.objects.order_by("-id")),
        _listed("attempts", Attempt.objects.defer(*UNLISTED_OF_ATTEMPTS).order_by("id")),
    )


def give_timelines(incidents: Sequence[Incident]) -> None:
    """Oldest first, by one query: plain rows, as objects of each would be a third of an answer."""
    steps: dict[int, list[Any]] = {incident.pk: [] for incident in incidents}
    rows = Transition.objects.filter(incident__in=steps).order_by("at", "id")
    for row in rows.values_list("incident_id", *TIMELINE, named=True):
        steps[row.incident_id].append(row)
    for incident in incidents:
        incident.__dict__["transitions" + LISTED] = steps[incident.pk]


def rows_of(incident: Incident, name: str) -> Iterable[Any]:
    """The related rows, whichever way they were read."""
    kept: Iterable[Any] | None = incident.__dict__.get(name + LISTED)
    if kept is not None:
        return kept
    rows: Iterable[Any] = getattr(incident, name).all()
    return rows


def _listed(name: str, rows: QuerySet[Any]) -> Prefetch[Any]:
    return Prefetch(name, queryset=rows, to_attr=name + LISTED)


def with_approvals(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """With history, and who said yes or no to each plan."""
    return with_history(incidents).prefetch_related("plans__approvals__user")


def shown_plan(incident: Incident) -> Plan | None:
    """The newest plan; a superseded one is shown too, as it is what happened."""
    plans = (plan for plan in rows_of(incident, "plans") if plan.source != PlanSource.ASIDE)
    return next(plans, None)


DAY = timedelta(hours=24)


def came_back(incident: Incident, now: datetime) -> QuerySet[Attempt]:
    """Attempts that worked within a day, on this owner and cause, before it failed anew."""
    return Attempt.objects.filter(
        incident__cluster=incident.cluster,
        incident__owner_uid=incident.owner_uid,
        incident__cause=incident.cause,
        outcome=Attempt.Outcome.RESOLVED,
        settled_at__gte=now - DAY,
        executed_at__isnull=False,
        verify_due_at__isnull=False,
    ).exclude(incident=incident)
