"""The mode and the stop switch, and the catalogue of commands."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from detection.clients import current_cluster
from kubewise_site.core import clock
from kubewise_site.core.rest.fields import TextField, YesNo
from kubewise_site.core.rest.problem import Problem
from kubewise_site.core.rest.views import Guarded, validated_body
from remediation.actions import blacklist, catalogue_as_dict
from remediation.controls import mode_and_stop, storm_brake
from remediation.models import ModeChoice
from remediation.models.permissions import PULL_STOP, SET_MODE

LONGEST_REASON = 2000


@extend_schema_field({"type": "string", "pattern": "^([Aa][Uu][Tt][Oo]|[Mm][Aa][Nn][Uu][Aa][Ll])$"})
class ModeText(TextField):
    """Any text is read, so that the refusal can name the valid ones."""


class ModeRequest(serializers.Serializer[Any]):
    mode = ModeText(help_text="AUTO or MANUAL, in any case.")
    reason = TextField(required=False, allow_blank=True, max_length=LONGEST_REASON)


class SuspensionEntry(serializers.Serializer[Any]):
    reason = serializers.CharField()
    since = serializers.DateTimeField()
    lifts = serializers.CharField(help_text="What lifts it; nobody has to.")
    lifts_at = serializers.DateTimeField(
        allow_null=True, help_text="When it lifts if nothing new comes; null: no time lifts it."
    )


class ModeAnswer(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(choices=ModeChoice.values)
    suspended = SuspensionEntry(many=True, help_text="What suspends AUTO now; empty: nothing.")
    success = serializers.BooleanField()
    message = serializers.CharField()


class StopRequest(serializers.Serializer[Any]):
    stopped = YesNo()
    reason = TextField(required=False, allow_blank=True, max_length=LONGEST_REASON)


class StopAnswer(serializers.Serializer[Any]):
    stopped = serializers.BooleanField()
    actor = serializers.CharField(help_text="Who pulled it; empty while it is released.")
    reason = serializers.CharField()
    success = serializers.BooleanField()
    message = serializers.CharField()


class CommandEntry(serializers.Serializer[Any]):
    description = serializers.CharField()
    required_params = serializers.ListField(child=serializers.CharField())
    optional_params = serializers.ListField(child=serializers.CharField())
    impact = serializers.CharField()
    estimated_duration = serializers.CharField()
    risk = serializers.CharField()
    reversible = serializers.BooleanField()
    changes_cluster = serializers.BooleanField()
    enabled = serializers.BooleanField(help_text="False: BLACKLISTED_COMMANDS names it.")


class CommandsAnswer(serializers.Serializer[Any]):
    status = serializers.CharField()
    commands = serializers.DictField(child=CommandEntry())


class ModeView(Guarded):
    """AUTO acts where every gate allows it; MANUAL suggests and waits for approval."""

    writes = {"PUT": SET_MODE}

    @extend_schema(responses=ModeAnswer, operation_id="mode_read")
    def get(self, request: Request) -> Response:
        mode = mode_and_stop.current_mode(current_cluster())
        return _mode(mode, f"The mode is {mode}.")

    @extend_schema(request=ModeRequest, responses=ModeAnswer, operation_id="mode_set")
    def put(self, request: Request) -> Response:
        asked = validated_body(ModeRequest, request)
        now, actor = clock.now(), request.user.get_username()
        try:
            row = mode_and_stop.set_mode(
                current_cluster(), asked["mode"], actor, asked.get("reason", ""), now
            )
        except ValueError:
            raise _no_mode(asked["mode"]) from None
        return _mode(row.mode, f"The mode is {row.mode} now.")


class StopView(Guarded):
    """The stop switch: while it is pulled, nothing is changed in any cluster."""

    writes = {"PUT": PULL_STOP}

    @extend_schema(responses=StopAnswer, operation_id="stop_read")
    def get(self, request: Request) -> Response:
        found = mode_and_stop.standing(current_cluster())
        return _stop(found)

    @extend_schema(request=StopRequest, responses=StopAnswer, operation_id="stop_set")
    def put(self, request: Request) -> Response:
        asked = validated_body(StopRequest, request)
        now, actor = clock.now(), request.user.get_username()
        cluster = current_cluster()
        mode_and_stop.set_stop(cluster, asked["stopped"], actor, asked.get("reason", ""), now)
        return _stop(mode_and_stop.standing(cluster))


class CommandsView(Guarded):
    """Every command that `remediate` takes, with its parameters."""

    @extend_schema(responses=CommandsAnswer, operation_id="commands")
    def get(self, request: Request) -> Response:
        barred = blacklist()
        found = {
            name: row | {"enabled": name not in barred} for name, row in catalogue_as_dict().items()
        }
        return Response({"status": "success", "commands": found})


def _no_mode(given: str) -> Problem:
    detail = f"{given[:60]!r} is no mode; valid are {', '.join(ModeChoice.values)}."
    return Problem(
        HTTPStatus.BAD_REQUEST, "unknown-mode", detail, [{"field": "mode", "detail": detail}]
    )


def _mode(mode: str, message: str) -> Response:
    found = storm_brake.suspensions(current_cluster(), clock.now())
    told = SuspensionEntry(found, many=True).data
    return Response({"mode": str(mode), "suspended": told, "success": True, "message": message})


def _stop(found: mode_and_stop.ModeAndStop) -> Response:
    message = "Stopped: KubeWise changes nothing." if found.stopped else "Running."
    told = {"stopped": found.stopped, "actor": found.stop_actor, "reason": found.stop_reason}
    return Response({**told, "success": True, "message": message})
