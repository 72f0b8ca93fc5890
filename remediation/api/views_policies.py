"""Policies, maintenance windows and silences: listed, written and deleted, each by permission."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from detection.clients import current_cluster
from kubewise_site.core import clock
from kubewise_site.core.rest.fields import StrictModelSerializer, TextField
from kubewise_site.core.rest.problem import Problem
from kubewise_site.core.rest.views import Guarded
from remediation.actions import CATALOGUE
from remediation.api.pagination import Pages
from remediation.controls import policies
from remediation.models import MaintenanceWindow, Pause, Policy, Silence

ACTIONS = sorted(CATALOGUE)
PAUSE_FIELDS = ("id", "namespace_pattern", "name_pattern", "author", "reason", "starts_at",
                "ends_at")  # fmt: skip


def _actions() -> serializers.ListField:
    one = serializers.ChoiceField(choices=ACTIONS)
    return serializers.ListField(child=one, required=False, max_length=len(CATALOGUE))


class PolicySerializer(StrictModelSerializer):
    allowed_actions = _actions()
    forbidden_actions = _actions()

    class Meta:
        model = Policy
        fields = ("id", "namespace_pattern", "mode", "allowed_actions", "forbidden_actions",
                  "attempts_an_hour", "tells_all")  # fmt: skip

    def validate_namespace_pattern(self, pattern: str) -> str:
        rows = Policy.objects.filter(cluster=current_cluster(), namespace_pattern=pattern)
        if rows.exclude(pk=self.instance.pk if self.instance else 0).exists():
            told = f"There is a policy of {pattern[:100]!r} already."
            raise Problem(HTTPStatus.CONFLICT, "exists", told)
        return pattern


class PauseSerializer(StrictModelSerializer):
    namespace_pattern = TextField(
        allow_blank=True, required=False, max_length=253, help_text="'' is what has no namespace."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        starts = attrs.get("starts_at", getattr(self.instance, "starts_at", None))
        ends = attrs.get("ends_at", getattr(self.instance, "ends_at", None))
        if starts and ends and ends <= starts:
            told = "It must end after it starts."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "ends-before-it-starts", told)
        return attrs


class WindowSerializer(PauseSerializer):
    class Meta:
        model = MaintenanceWindow
        fields = PAUSE_FIELDS
        read_only_fields = ("author",)


class SilenceSerializer(PauseSerializer):
    class Meta:
        model = Silence
        fields = PAUSE_FIELDS
        read_only_fields = ("author",)


class PolicyPages(Pages):
    key = "policies"


class WindowPages(Pages):
    key = "maintenance_windows"


class SilencePages(Pages):
    key = "silences"


class _Rows(Guarded):
    """Of the watched cluster. `reads` is the permission to see them."""

    model: ClassVar[type[Policy] | type[Pause]]

    def get_queryset(self) -> Any:
        return self.model._default_manager.filter(cluster=current_cluster())

    def save_form(self, form: serializers.BaseSerializer[Any], user: Any, **fixed: Any) -> Any:
        """Write the checked form with its entry on the audit trail."""
        row = form.instance or self.model(**fixed)
        for name, value in form.validated_data.items():
            setattr(row, name, value)
        policies.save_audited(row, user.get_username(), clock.now())
        return row


class RowList(_Rows, generics.GenericAPIView[Any]):
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def post(self, request: Request) -> Response:
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        fixed: dict[str, Any] = {"cluster": current_cluster()}
        if issubclass(self.model, Pause):
            fixed["author"] = request.user.get_username()
        row = self.save_form(form, request.user, **fixed)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)


class RowOne(_Rows, generics.GenericAPIView[Any]):
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    def put(self, request: Request, pk: int) -> Response:
        form = self.get_serializer(self.get_object(), data=request.data)
        form.is_valid(raise_exception=True)
        return Response(self.get_serializer(self.save_form(form, request.user)).data)

    def delete(self, request: Request, pk: int) -> Response:
        policies.delete_audited(self.get_object(), request.user.get_username(), clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _operation_ids(one: str, many: str, shape: type[StrictModelSerializer]) -> tuple[Any, Any]:
    """Operation ids and answers of the list and of one row."""
    of_list = extend_schema_view(
        get=extend_schema(operation_id=many, responses=shape(many=True)),
        post=extend_schema(operation_id=f"{one}_add", responses={201: shape}),
    )
    of_one = extend_schema_view(
        get=extend_schema(operation_id=one),
        put=extend_schema(operation_id=f"{one}_change"),
        delete=extend_schema(operation_id=f"{one}_delete", responses={204: None}),
    )
    return of_list, of_one


def _permissions(model: str) -> tuple[dict[str, str], dict[str, str]]:
    one = {"PUT": f"remediation.change_{model}", "DELETE": f"remediation.delete_{model}"}
    return {"POST": f"remediation.add_{model}"}, one


_policy, _window, _silence = (
    _operation_ids("policy", "policies", PolicySerializer),
    _operation_ids("maintenance_window", "maintenance_windows", WindowSerializer),
    _operation_ids("silence_row", "silences", SilenceSerializer),
)


@_policy[0]
class PolicyList(RowList):
    """What KubeWise may do in which namespaces."""

    model, serializer_class, pagination_class = Policy, PolicySerializer, PolicyPages
    writes = _permissions("policy")[0]


@_policy[1]
class PolicyOne(RowOne):
    """One policy."""

    model, serializer_class = Policy, PolicySerializer
    writes = _permissions("policy")[1]


@_window[0]
class WindowList(RowList):
    """Planned work: remediation of what it covers waits until it ends."""

    model, serializer_class, pagination_class = MaintenanceWindow, WindowSerializer, WindowPages
    writes = _permissions("maintenancewindow")[0]


@_window[1]
class WindowOne(RowOne):
    """One maintenance window."""

    model, serializer_class = MaintenanceWindow, WindowSerializer
    writes = _permissions("maintenancewindow")[1]


@_silence[0]
class SilenceList(RowList):
    """Known trouble: no remediation and no message about what it covers."""

    model, serializer_class, pagination_class = Silence, SilenceSerializer, SilencePages
    writes = _permissions("silence")[0]


@_silence[1]
class SilenceOne(RowOne):
    """One silence."""

    model, serializer_class = Silence, SilenceSerializer
    writes = _permissions("silence")[1]
