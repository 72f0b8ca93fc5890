"""What the list of incidents can be narrowed by. No filter looks at the whole table."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter

from detection.domain.causes import CAUSES, Cause
from detection.domain.findings import FoundBy
from detection.domain.statuses import OPEN, WAITING
from detection.incidents.search import of_kind
from detection.models import Incident
from kubewise_site.core import clock
from remediation.controls.acceptances import accepted
from remediation.models import Attempt

KINDS = (
    "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "Node", "Secret",
    "ConfigMap", "PersistentVolumeClaim", "Registry", "Dependency", "Cluster",
)  # fmt: skip
SOURCES = (
    (FoundBy.KUBERNETES, "Scan of Kubernetes"),
    (FoundBy.THRESHOLD, "Metric threshold"),
    (FoundBy.ANOMALY, "Anomaly"),
    (FoundBy.FORECAST, "Forecast"),
)
MOST_ACTED_ON = 2_000
Choices = list[tuple[str, str]]


class Shown(StrEnum):
    """What the list shows; without a word in the address it shows what is open."""

    OPEN = "open"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    OVER = "over"
    ALL = "all"


class ActedBy(StrEnum):
    AUTO = "auto"
    PEOPLE = "manual"


BOUNDLESS = (Shown.OVER, Shown.ALL)


class StateFilter(admin.SimpleListFilter):
    """What is open comes first; nobody wants to see last month's at three in the morning."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            (Shown.WAITING, "Needs me"), (Shown.ACCEPTED, "Accepted"), (Shown.OVER, "Over"),
            (Shown.ALL, "All"),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        if self.value() == Shown.ALL:
            return queryset
        if self.value() == Shown.OVER:
            # Nearly all are: leaving out the others is a walk, where "in" would be a sort.
            return queryset.exclude(status__in=OPEN)
        wanted = WAITING if self.value() == Shown.WAITING else OPEN
        # The second says the same, and has an index that leaves out all that is over.
        rows = queryset.filter(status__in=wanted, closed_at__isnull=True)
        known = accepted(clock.now())
        return rows.filter(known) if self.value() == Shown.ACCEPTED else rows.exclude(known)

    def choices(self, changelist: Any) -> Any:
        """As Django's, with the first entry named after what it shows."""
        first, *others = super().choices(changelist)
        yield first | {"display": "Open", "selected": self.value() in (None, Shown.OPEN)}
        yield from others


class CauseFilter(admin.SimpleListFilter):
    title = "cause"
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(cause.value, CAUSES[cause].title) for cause in Cause]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return queryset.filter(cause=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(kind, kind) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        kind = self.value()
        return of_kind(queryset, kind) if kind else queryset


class NamespaceFilter(TextFilter):  # type: ignore[misc]
    title = "namespace"
    parameter_name = "namespace"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return queryset.filter(owner_namespace=self.value()) if self.value() else queryset


class SourceFilter(admin.SimpleListFilter):
    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return list(SOURCES)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class ModeFilter(admin.SimpleListFilter):
    """Who carried something out: KubeWise by itself, or after a person's yes.

    Of all there ever were, the newest 2,000 that were acted on: to look for one among a million
    that were not would take seconds.
    """

    title = "mode"
    parameter_name = "mode"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(ActedBy.AUTO, "Acted on by AUTO"), (ActedBy.PEOPLE, "Acted on by approval")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        if self.value() not in list(ActedBy):
            return queryset
        attempts = Attempt.objects.filter(approval__isnull=self.value() == ActedBy.AUTO)
        if request.GET.get(StateFilter.parameter_name) in BOUNDLESS:
            newest = attempts.order_by("-incident_id").values("incident_id")
            return queryset.filter(pk__in=newest[:MOST_ACTED_ON])
        return queryset.filter(Exists(attempts.filter(incident=OuterRef("pk"))))
