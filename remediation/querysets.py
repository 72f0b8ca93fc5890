"""Incidents with everything that happened to them, in a constant number of queries."""

from django.db.models import Prefetch, QuerySet

from detection.models import Incident
from remediation.models import Attempt, Plan
from remediation.planning import ASIDE


def with_history(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """Plans newest first, attempts oldest first, and the timeline."""
    return incidents.select_related("cluster", "parent").prefetch_related(
        "transitions",
        Prefetch("plans", queryset=Plan.objects.order_by("-id")),
        Prefetch("attempts", queryset=Attempt.objects.order_by("id")),
    )


def with_approvals(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """With history, and who said yes or no to each plan."""
    return with_history(incidents).prefetch_related("plans__approvals__user")


def shown_plan(incident: Incident) -> Plan | None:
    """The newest plan; a superseded one is shown too, as it is what happened."""
    plans = (plan for plan in incident.plans.all() if plan.source != ASIDE)
    return next(plans, None)
