"""What the list of incidents can be narrowed by. No filter looks at the whole table."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter

from detection.causes import CAUSES
from detection.models import Incident
from detection.states import OPEN, TERMINAL, WAITING

KINDS = (
    "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "Node", "Secret",
    "ConfigMap", "PersistentVolumeClaim", "Registry", "Dependency", "Cluster",
)  # fmt: skip
Choices = list[tuple[str, str]]


class StateFilter(admin.SimpleListFilter):
    """What is open comes first; nobody wants to see last month's at three in the morning."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("waiting", "Waits for a person"), ("over", "Over"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        wanted = {"waiting": WAITING, "over": TERMINAL}
        if self.value() == "all":
            return queryset
        return queryset.filter(status__in=wanted.get(self.value() or "", OPEN))

    def choices(self, changelist: Any) -> Any:
        """As Django's, with the first entry named after what it shows."""
        first, *others = super().choices(changelist)
        yield first | {"display": "Open"}
        yield from others


class CauseFilter(admin.SimpleListFilter):
    title = "cause"
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(cause.value, info.title) for cause, info in CAUSES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return queryset.filter(cause=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(kind, kind) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return queryset.filter(owner_kind=self.value()) if self.value() else queryset


class NamespaceFilter(TextFilter):  # type: ignore[misc]
    title = "namespace"
    parameter_name = "namespace"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return queryset.filter(owner_namespace=self.value()) if self.value() else queryset
