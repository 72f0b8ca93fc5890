"""What a maintenance window or a silence would cover, by the rule that decides it later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import path, reverse

from detection.clients import current_cluster
from detection.domain.statuses import OPEN
from detection.domain.units import counted
from detection.metrics import history
from detection.metrics.samples import Owners
from detection.models import Cluster, Incident
from kubewise_site.core import clock
from kubewise_site.core.admin.base import Editable
from remediation.actions import CATALOGUE
from remediation.admin.incident_page import owner
from remediation.audit.signals import by
from remediation.models import MaintenanceWindow, Pause, Policy, Silence

MOST_ROWS = 50
MOST_OPEN = 2000
Owner = tuple[str, str, str]


def coverage(cluster: Cluster, form: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`message` and `rows`: open incidents first, then owners that the last scan saw."""
    namespaces, names = str(form.get("namespace_pattern", "")), str(form.get("name_pattern", ""))

    def covered(namespace: str, name: str) -> bool:
        return fnmatchcase(namespace, namespaces) and fnmatchcase(name, names)

    still = Incident.objects.filter(cluster=cluster, closed_at__isnull=True, status__in=OPEN)
    found = [row for row in still.order_by("-last_seen")[:MOST_OPEN]
             if covered(row.owner_namespace, row.owner_name)]  # fmt: skip
    broken = {owner(row) for row in found}
    known = sorted(
        f"{kind} {space}/{thing}"
        for kind, space, thing in _owners(history.owner_map(cluster.pk))
        if covered(space, thing)
    )
    healthy = [name for name in known if name not in broken]
    incidents, owners = counted(len(found), "open incident"), counted(len(healthy), "other owner")
    rows = _rows(found, healthy)
    message = f"It covers {incidents} and {owners}{_when(form, now)}."
    return {"message": message, "rows": rows, "charts": []}


def _rows(found: list[Incident], healthy: list[str]) -> list[dict[str, Any]]:
    shown = [{"series": owner(row), "value": row.summary, "beyond": True} for row in found]
    shown += [{"series": name, "value": "healthy", "beyond": False} for name in healthy]
    return shown[:MOST_ROWS]


def _owners(known: Owners) -> Iterator[Owner]:
    found = {(one.kind, pod.partition("/")[0], one.name) for pod, one in known.pods.items()}
    yield from found


def _when(form: Mapping[str, Any], now: datetime) -> str:
    starts, ends = _moment(form, "starts_at"), _moment(form, "ends_at")
    if starts is None or ends is None:
        return ""
    if ends <= starts:
        return "; but it ends before it starts"
    if ends <= now:
        return "; but it is over already"
    return ", from now on" if starts <= now else f", from {starts:%Y-%m-%d %H:%M} UTC on"


def _moment(form: Mapping[str, Any], name: str) -> datetime | None:
    try:
        text = f"{form.get(f'{name}_0', '')}T{form.get(f'{name}_1', '')}"
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_forbidden_actions(self) -> list[str]:
        return self._actions("forbidden_actions")

    def clean_allowed_actions(self) -> list[str]:
        return self._actions("allowed_actions")

    def _actions(self, field: str) -> list[str]:
        given = self.cleaned_data[field] or []
        if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
            raise forms.ValidationError('A list of catalogue names: ["drain_node"]')
        if unknown := [name for name in given if name not in CATALOGUE]:
            valid = ", ".join(CATALOGUE)
            raise forms.ValidationError(f"Unknown: {', '.join(unknown)}. Valid are: {valid}")
        return given


class PauseForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        starts, ends = given.get("starts_at"), given.get("ends_at")
        if starts and ends and ends <= starts:
            raise forms.ValidationError({"ends_at": "It must end after it starts."})
        return given


class OnBehalf(Editable):
    """Each change is on the audit trail as the person's (models/audited.py)."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with _by(request):
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with _by(request):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with _by(request):
            super().delete_queryset(request, queryset)


def _by(request: HttpRequest) -> AbstractContextManager[None]:
    return by(request.user.get_username(), clock.now())


@admin.register(Policy)
class PolicyAdmin(OnBehalf):
    form = PolicyForm
    list_display = (
        "namespace_pattern", "mode", "allowed_actions", "forbidden_actions", "attempts_an_hour",
        "tells_all",
    )  # fmt: skip
    list_filter = ("mode", "tells_all")
    search_fields = ("namespace_pattern",)
    ordering = ("namespace_pattern",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        return {"cluster": current_cluster().pk} | given


class PauseAdmin(OnBehalf):
    """The author is who writes it, and stays who wrote it first."""

    form = PauseForm
    exclude = ("author",)
    list_display = ("reason", "namespace_pattern", "name_pattern", "author", "starts_at", "ends_at")
    ordering = ("-starts_at",)

    change_form_template = "kubewise/pause_form.html"

    def get_urls(self) -> list[Any]:
        wrapped = self.admin_site.admin_view(self.preview)
        name = f"{self.opts.app_label}_{self.opts.model_name}_preview"
        return [path("preview/", wrapped, name=name), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Which known owners and open incidents the patterns of a form cover."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return JsonResponse(coverage(current_cluster(), request.POST, clock.now()))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_preview"
        context = {**(extra_context or {}), "preview_url": reverse(name)}
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        return answer

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        return {"cluster": current_cluster().pk} | given

    def save_model(self, request: HttpRequest, obj: Pause, form: Any, change: bool) -> None:
        if not change:
            obj.author = request.user.get_username()
        super().save_model(request, obj, form, change)


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(PauseAdmin):
    pass


@admin.register(Silence)
class SilenceAdmin(PauseAdmin):
    pass
