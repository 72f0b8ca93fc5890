"""What operators write: policies, maintenance windows, silences."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from detection.clients import current_cluster
from kubewise_site.admin_parts import Editable
from remediation.actions import CATALOGUE
from remediation.models import MaintenanceWindow, Pause, Policy, Silence


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_forbidden_actions(self) -> list[str]:
        given = self.cleaned_data["forbidden_actions"] or []
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


@admin.register(Policy)
class PolicyAdmin(Editable):
    form = PolicyForm
    list_display = ("namespace_pattern", "mode", "forbidden_actions")
    list_filter = ("mode",)
    search_fields = ("namespace_pattern",)
    ordering = ("namespace_pattern",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        return {"cluster": current_cluster().pk} | given


class PauseAdmin(Editable):
    """The author is who writes it, and stays who wrote it first."""

    form = PauseForm
    exclude = ("author",)
    list_display = ("reason", "namespace_pattern", "name_pattern", "author", "starts_at", "ends_at")
    ordering = ("-starts_at",)

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
