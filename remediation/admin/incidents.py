"""The list of incidents, and the read-only page of one with its review form."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from detection.admin.badges import SEVERITY_COLOURS, STATUS_COLOURS, WORST_FIRST
from detection.clients import prometheus
from detection.domain.causes import Cause
from detection.incidents.search import found
from detection.metrics.charts import charts_of
from detection.models import Incident
from detection.models.indexes import BY_NAME, NEWEST
from kubewise_site.core import clock
from kubewise_site.core.admin.base import Record, badge
from kubewise_site.templatetags.kubewise import plain, span, words
from remediation.admin import incident_page
from remediation.admin.filters import (
    BOUNDLESS,
    CauseFilter,
    KindFilter,
    ModeFilter,
    NamespaceFilter,
    SourceFilter,
    StateFilter,
)
from remediation.admin.incident_actions import SILENT_HOURS, VERBS, do, review_days
from remediation.admin.related_objects import related_of
from remediation.admin.review import NUMBER, ReviewButton, confirm, plan_next_view, review
from remediation.models.permissions import APPROVE
from remediation.models.querysets import with_approvals


@admin.register(Incident)
class IncidentAdmin(Record):
    list_display = ("owner", "severity_badge", "status_badge", "what", "age", "count")
    list_filter = (
        StateFilter, "severity", "status", CauseFilter, NamespaceFilter, KindFilter,
        SourceFilter, ModeFilter,
    )  # fmt: skip
    list_filter_submit = True
    search_fields = ("owner_name",)
    search_help_text = "Name or namespace/name (its beginning is enough), or an anomaly id"
    ordering = NEWEST
    actions = ("approve_selected", "reject_selected")

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """The worst first among what is open: those are few. All others by an index."""
        if request.GET.get("q", "").strip():
            return BY_NAME
        return self.ordering if _boundless(request) else (WORST_FIRST, *self.ordering)

    def get_sortable_by(self, request: HttpRequest) -> tuple[str, ...]:
        """Only what is open is sorted by a click: a sort of all there ever were takes seconds."""
        return () if _boundless(request) else tuple(self.list_display)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Incident], search_term: str
    ) -> tuple[QuerySet[Incident], bool]:
        """By prefix, with an index: see `detection.incidents.search`."""
        return (found(queryset, search_term) if search_term.strip() else queryset), False

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("review/", wrap(review), name="detection_incident_review"),
            path("next/", wrap(plan_next_view), name="detection_incident_next"),
            path("<int:incident_id>/charts/", wrap(self.charts), name="detection_incident_charts"),
            path("<int:incident_id>/do/<slug:verb>/", wrap(do), name="detection_incident_do"),
            *super().get_urls(),
        ]

    @method_decorator(never_cache)
    def charts(self, request: HttpRequest, incident_id: int) -> HttpResponse:
        """The owner's metrics around the onset, as JSON for the page's script."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        incident = Incident.objects.filter(pk=incident_id).first()
        if incident is None:
            raise Http404
        shown = charts_of(incident, prometheus(), clock.now())
        return JsonResponse({"charts": shown.charts, "notice": shown.notice})

    @admin.display(description="Owner", ordering="owner_name")
    def owner(self, incident: Incident) -> str:
        return plain(incident_page.owner(incident))

    @badge("Severity", "severity", SEVERITY_COLOURS)
    def severity_badge(self, incident: Incident) -> str:
        return incident.severity

    @badge("Status", "status", STATUS_COLOURS)
    def status_badge(self, incident: Incident) -> tuple[str, str]:
        return incident.status, words(incident.status)

    @admin.display(description="Cause", ordering="cause")
    def what(self, incident: Incident) -> str:
        return incident_page.cause_title(incident.cause)

    @admin.display(description="Age", ordering="first_seen")
    def age(self, incident: Incident) -> str:
        until = incident.closed_at or clock.now()
        return span((until - incident.first_seen).total_seconds())

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Our own page in place of a form; GET only, as nothing on it is edited."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        incident = self._find(object_id)
        context = {
            **self.admin_site.each_context(request),
            **incident_page.incident_context(incident, request.user.has_perm(APPROVE), clock.now()),
            "related": related_of(incident),
            "silent_hours": SILENT_HOURS,
            "review_days": review_days(clock.now()),
            "is_anomaly": incident.cause == Cause.METRIC_ANOMALY,
            "may": {
                verb.replace("-", "_"): request.user.has_perm(needed)
                for verb, (needed, _) in VERBS.items()
            },
            "title": plain(incident_page.headline(incident)),
            "opts": self.opts,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "kubewise/incident.html", context)

    def _find(self, object_id: str) -> Incident:
        if not NUMBER.fullmatch(object_id):
            raise Http404
        incident = with_approvals(Incident.objects.filter(pk=object_id)).first()
        if incident is None:
            raise Http404
        return incident

    def has_review_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(APPROVE))

    @admin.action(description="Approve…", permissions=["review"])
    def approve_selected(
        self, request: HttpRequest, incidents: QuerySet[Incident]
    ) -> HttpResponse | None:
        return confirm(self, request, incidents, ReviewButton.APPROVE)

    @admin.action(description="Reject…", permissions=["review"])
    def reject_selected(
        self, request: HttpRequest, incidents: QuerySet[Incident]
    ) -> HttpResponse | None:
        return confirm(self, request, incidents, ReviewButton.REJECT)


def _boundless(request: HttpRequest) -> bool:
    return request.GET.get(StateFilter.parameter_name) in BOUNDLESS
