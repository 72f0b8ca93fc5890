"""What operators write: policies, maintenance windows, silences."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import path, reverse

from detection.clients import current_cluster
from kubewise_site.admin_parts import Editable
from remediation.actions import CATALOGUE
from remediation.admin.coverage import coverage
from remediation.audited import by
from remediation.models import MaintenanceWindow, Pause, Policy, Silence


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
    """Each change is on the audit trail as the person's (models_audited.py)."""

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
    return by(request.user.get_username(), datetime.now(UTC))


@admin.register(Policy)
class PolicyAdmin(OnBehalf):
    form = PolicyForm
    list_display = (
        "namespace_pattern", "mode", "allowed_actions", "forbidden_actions", "attempts_an_hour",
    )  # fmt: skip
    list_filter = ("mode",)
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
        return JsonResponse(coverage(current_cluster(), request.POST, datetime.now(UTC)))

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
