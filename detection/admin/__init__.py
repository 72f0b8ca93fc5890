"""The admin of detection: metric queries to edit, all else to look at."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import path

from detection import clients
from detection.admin import query_preview
from detection.admin.badges import SEVERITY_COLOURS
from detection.metrics import queries
from detection.metrics.queries import Checked
from detection.models import (
    Cluster,
    Heartbeat,
    MetricQuery,
    SourceState,
    Transition,
    WorkloadBaseline,
)
from kubewise_site.core import clock
from kubewise_site.core.admin.base import Editable, Record, badge

STATE_COLOURS = {
    SourceState.State.SEEN.value: "success",
    SourceState.State.BLIND.value: "danger",
}
CHECK_COLOURS = {
    MetricQuery.Check.OK.value: "success",
    MetricQuery.Check.WARNINGS.value: "warning",
    MetricQuery.Check.STALE.value: "warning",
    MetricQuery.Check.INVALID.value: "danger",
    MetricQuery.Check.ERROR.value: "danger",
    MetricQuery.Check.TIMEOUT.value: "danger",
}


class QueryForm(forms.ModelForm):  # type: ignore[type-arg]
    """`checked` is what Prometheus said before the transaction began."""

    checked: ClassVar[Checked | None] = None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.checked and not self.checked.accepted:
            raise forms.ValidationError({"query": self.checked.message})
        return given


@admin.register(MetricQuery)
class MetricQueryAdmin(Editable):
    form = QueryForm
    list_display = ("name", "entity_kind", "limit", "severity_badge", "active", "check_badge",
                    "series_count", "checked_at")  # fmt: skip
    list_filter = ("active", "entity_kind", "check_state", "severity")
    search_fields = ("name", "query")
    readonly_fields = ("check_state", "check_message", "checked_at", "series_count",
                       "duration_seconds")  # fmt: skip
    change_form_template = "kubewise/query_form.html"

    def get_urls(self) -> list[Any]:
        wrapped = self.admin_site.admin_view(self.preview)
        return [
            path("preview/", wrapped, name="detection_metricquery_preview"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """What Prometheus answers to a query that is being written, now and over the last hour."""
        if not self._may_write(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = query_preview.preview(request.POST, clients.prometheus(), clock.now())
        return JsonResponse(found)

    @admin.display(description="Breach")
    def limit(self, row: MetricQuery) -> str:
        if row.threshold is None:
            return "never"
        return f"{row.direction} {row.threshold:g} {row.unit}".strip()

    @badge("Severity", "severity", SEVERITY_COLOURS)
    def severity_badge(self, row: MetricQuery) -> str:
        return row.severity

    @badge("Last check", "check_state", CHECK_COLOURS)
    def check_badge(self, row: MetricQuery) -> str:
        return row.check_state

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Prometheus is asked here: what follows runs inside a transaction."""
        if request.method == "POST" and self._may_write(request):
            request.checked = self._ask(request, object_id)  # type: ignore[attr-defined]
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return answer

    def _may_write(self, request: HttpRequest) -> bool:
        return bool(self.has_change_permission(request) or self.has_add_permission(request))

    def _ask(self, request: HttpRequest, object_id: str | None) -> Checked | None:
        """What Prometheus says of the form's query; None where the form is wrong anyway."""
        stored = MetricQuery.objects.filter(pk=object_id).first() if object_id else None
        form = super().get_form(request, stored)(request.POST, instance=stored)
        if not form.is_valid():
            return None
        return queries.validate(form.instance, clients.prometheus(), clock.now())

    def get_form(
        self, request: HttpRequest, obj: MetricQuery | None = None, change: bool = False, **kw: Any
    ) -> Any:
        made = super().get_form(request, obj, change=change, **kw)
        made.checked = getattr(request, "checked", None)
        return made

    def save_model(self, request: HttpRequest, obj: MetricQuery, form: Any, change: bool) -> None:
        if form.checked:
            queries.apply_check(obj, form.checked, clock.now())
        super().save_model(request, obj, form, change)
        if form.checked and not form.checked.active:
            self.message_user(request, _asleep(form.checked), "warning")


def _asleep(checked: Checked) -> str:
    return f"Saved inactive, not checked: {checked.message}"


@admin.register(Transition)
class TransitionAdmin(Record):
    list_display = ("at", "incident_id", "kind", "before", "after", "actor", "reason")
    list_filter = ("kind",)
    ordering = ("-id",)


@admin.register(SourceState)
class SourceStateAdmin(Record):
    list_display = ("name", "state_badge", "reason", "since", "checked_at")
    list_filter = ("state",)

    @badge("State", "state", STATE_COLOURS)
    def state_badge(self, row: SourceState) -> str:
        return row.state


@admin.register(Heartbeat)
class HeartbeatAdmin(Record):
    list_display = ("name", "at", "ok", "detail")
    ordering = ("name",)


@admin.register(WorkloadBaseline)
class WorkloadBaselineAdmin(Record):
    list_display = ("owner_name", "owner_kind", "owner_namespace", "replicas", "first_available",
                    "last_available")  # fmt: skip
    list_filter = ("owner_kind",)
    search_fields = ("owner_name__startswith",)
    ordering = ("-last_available",)


@admin.register(Cluster)
class ClusterAdmin(Record):
    list_display = ("name", "context", "prometheus_url", "created_at")


from detection.admin import anomaly  # noqa: E402, F401 registered by being imported
