"""Tokens in the admin: told once when made; afterwards only name, scopes and expiry."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from kubewise_site.core import clock
from kubewise_site.core.access import issuing
from kubewise_site.core.access.models import ApiToken
from kubewise_site.core.access.scopes import TokenScope


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, scope.value) for scope in TokenScope],
        widget=forms.CheckboxSelectMultiple,
        initial=[TokenScope.READ.value],
        help_text="read is always included.",
    )
    days = forms.IntegerField(
        min_value=1, max_value=issuing.DAYS_MOST, initial=issuing.DAYS_DEFAULT,
        widget=UnfoldAdminIntegerFieldWidget, help_text="Until it expires.",
    )  # fmt: skip

    class Meta:
        model = ApiToken
        fields = ("user", "name")
        widgets = {"name": UnfoldAdminTextInputWidget}


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):  # type: ignore[misc]
    """Nobody but a superuser makes a token for somebody else."""

    form = TokenForm
    fields = ("user", "name", "scopes", "days")
    list_display = ("name", "user", "hint", "scopes", "created_at", "expires_at")
    list_select_related = ("user",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.filter(user=request.user)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "user" and field is not None:
            field.initial = request.user.pk
            if not request.user.is_superuser:
                field.queryset = field.queryset.filter(pk=request.user.pk)
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given = form.cleaned_data
        row, token = issuing.issue(obj.user, obj.name, given["scopes"], given["days"], clock.now())
        obj.pk = row.pk
        messages.info(request, f"The token, shown only once: {token}")
