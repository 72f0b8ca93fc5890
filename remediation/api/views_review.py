"""What people do with an incident: approve, reject, command, ask for a new analysis."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from detection.models import Incident
from kubewise_site.core import clock
from kubewise_site.core.rest.fields import TextField, WholeNumberField
from kubewise_site.core.rest.problem import Problem
from kubewise_site.core.rest.views import Guarded, validated_body
from remediation import results
from remediation.analysis import reanalysis
from remediation.api.serializers import EventSerializer
from remediation.api.views_events import event
from remediation.approval import approvals, commands
from remediation.models import Plan
from remediation.models.permissions import ANALYZE, APPROVE, REMEDIATE
from remediation.planning.command_line import CommandError

LONGEST_REASON = 2000
LONGEST_COMMAND = 2000
MOST_CANDIDATES = 100
HIGHEST_ID = 2**63 - 1


class ApproveRequest(serializers.Serializer[Any]):
    """What the client saw: without plan and digest, a yes could be to something else."""

    plan = WholeNumberField(min_value=1, max_value=HIGHEST_ID, help_text="The plan's id.")
    digest = TextField(max_length=64)
    candidate = WholeNumberField(
        min_value=0,
        max_value=MOST_CANDIDATES,
        required=False,
        help_text="Its index; without it the plan's first choice.",
    )
    reason = TextField(default="", allow_blank=True, max_length=LONGEST_REASON)


class RejectRequest(serializers.Serializer[Any]):
    plan = WholeNumberField(min_value=1, max_value=HIGHEST_ID, help_text="The plan's id.")
    reason = TextField(default="", allow_blank=True, max_length=LONGEST_REASON)


class RemediateRequest(serializers.Serializer[Any]):
    """A command, or a candidate of the plan that the client saw."""

    command = TextField(
        max_length=LONGEST_COMMAND, required=False,
        help_text="restart_deployment name=my-app namespace=dev",
    )  # fmt: skip
    candidate = WholeNumberField(
        min_value=0, max_value=MOST_CANDIDATES, required=False, help_text="Its index in the plan."
    )
    plan = WholeNumberField(
        min_value=1,
        max_value=HIGHEST_ID,
        required=False,
        help_text="The plan's id, with `candidate`.",
    )
    reason = TextField(default="", allow_blank=True, max_length=LONGEST_REASON)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("command" in attrs) == ("candidate" in attrs):
            told = "Give a command, or a candidate's index with its plan's id: one of the two."
            raise serializers.ValidationError({"command": told})
        if "candidate" in attrs and "plan" not in attrs:
            told = "An index alone names nothing: say of which plan."
            raise serializers.ValidationError({"plan": told})
        return attrs


class DoneAnswer(serializers.Serializer[Any]):
    status = serializers.CharField()
    message = serializers.CharField()
    event = EventSerializer()


class RemediateAnswer(DoneAnswer):
    command = serializers.CharField()
    result = serializers.CharField()


class ApproveView(Guarded):
    """A yes to one candidate of the plan that the client saw. It skips no gate."""

    writes = {"POST": APPROVE}

    @extend_schema(request=ApproveRequest, responses={202: DoneAnswer}, operation_id="approve")
    def post(self, request: Request, anomaly_id: UUID) -> Response:
        asked = validated_body(ApproveRequest, request)
        plan = _plan(anomaly_id, asked["plan"])
        ending = approvals.approve(
            plan.pk,
            asked.get("candidate", plan.chosen),
            request.user,
            asked["reason"],
            asked["digest"],
            clock.now(),
        )
        _raise_unless_done(ending)
        return _done(anomaly_id, "Approved. KubeWise checks every gate again, then acts.")


class RejectView(Guarded):
    """A no to the plan."""

    writes = {"POST": APPROVE}

    @extend_schema(request=RejectRequest, responses={200: DoneAnswer}, operation_id="reject")
    def post(self, request: Request, anomaly_id: UUID) -> Response:
        asked = validated_body(RejectRequest, request)
        plan = _plan(anomaly_id, asked["plan"])
        ending = approvals.reject(plan.pk, request.user, asked["reason"], clock.now())
        _raise_unless_done(ending)
        return _done(anomaly_id, "Rejected.", HTTPStatus.OK)


class RemediateView(Guarded):
    """A person's own command, through the same gates as everything else."""

    writes = {"POST": REMEDIATE}

    @extend_schema(
        request=RemediateRequest, responses={202: RemediateAnswer}, operation_id="remediate"
    )
    def post(self, request: Request, anomaly_id: UUID) -> Response:
        asked = validated_body(RemediateRequest, request)
        incident, text = (
            _incident(anomaly_id),
            asked.get("command") or _candidate(anomaly_id, asked),
        )
        try:
            ending = commands.request_command(
                incident.pk, text, request.user, asked["reason"], clock.now()
            )
        except CommandError as error:
            raise _unreadable(error) from None
        _raise_unless_done(ending)
        more: dict[str, str] = {"command": str(text), "result": "accepted"}
        return _done(
            anomaly_id,
            "Accepted. KubeWise checks every gate again, then acts.",
            HTTPStatus.ACCEPTED,
            **more,
        )


class AnalyzeView(Guarded):
    """A new analysis on demand; by rules where there is no model."""

    writes = {"POST": ANALYZE}

    @extend_schema(request=None, responses={202: DoneAnswer}, operation_id="analyze")
    def post(self, request: Request, anomaly_id: UUID) -> Response:
        incident = _incident(anomaly_id)
        asked = reanalysis.request_reanalysis(incident, request.user.get_username(), clock.now())
        if asked is not reanalysis.ReanalysisResult.PUBLISHED:
            raise Problem(HTTPStatus.CONFLICT, asked.name.lower().replace("_", "-"), asked.value)
        answer = _done(anomaly_id, f"{asked.value.capitalize()}.")
        answer["Location"] = reverse("event", args=[anomaly_id])
        return answer


def _incident(anomaly_id: UUID) -> Incident:
    incident = Incident.objects.filter(anomaly_id=anomaly_id).first()
    if incident is None:
        raise NotFound(f"There is no event {anomaly_id}.")
    return incident


def _plan(anomaly_id: UUID, plan_id: int) -> Plan:
    """The plan, if it is of this event; a plan of another one is as good as none."""
    plan = Plan.objects.filter(pk=plan_id, incident=_incident(anomaly_id)).first()
    if plan is None:
        raise Problem(
            HTTPStatus.CONFLICT, "stale", f"Plan {plan_id} does not belong to this event."
        )
    return plan


def _candidate(anomaly_id: UUID, asked: dict[str, Any]) -> str:
    """The command of a candidate, if its plan is the one that stands now."""
    plan, index = _plan(anomaly_id, asked["plan"]), asked["candidate"]
    if plan.superseded_at:
        raise Problem(HTTPStatus.CONFLICT, "stale", f"Plan {plan.pk} is no longer the newest.")
    if index >= len(plan.candidates):
        raise ValidationError({"candidate": f"the plan has no candidate {index}"})
    return str(plan.candidates[index]["command"])


def _raise_unless_done(ending: Any) -> None:
    """Raises the Problem that an ending is, in the words of the function that ended so."""
    if isinstance(ending, results.Stale):
        raise Problem(HTTPStatus.CONFLICT, "stale", ending.reason)
    if isinstance(ending, results.Handled):
        raise Problem(HTTPStatus.CONFLICT, "handled", ending.reason)
    if isinstance(ending, results.Stopped):
        raise Problem(HTTPStatus.CONFLICT, "stopped", ending.reason)
    if isinstance(ending, results.Refused):
        gate = [{"field": "gate", "detail": ending.gate}] if ending.gate else []
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "refused", ending.reason, gate)


def _unreadable(error: CommandError) -> Problem:
    kind = type(error).__name__
    detail = f"{kind}: {error}"
    errors = [{"field": "command", "detail": detail}]
    return Problem(HTTPStatus.BAD_REQUEST, "command", detail, errors)


def _done(
    anomaly_id: UUID, message: str, status: int = HTTPStatus.ACCEPTED, **more: str
) -> Response:
    body = {"status": "success", "message": message, **more, "event": event(anomaly_id)}
    return Response(body, status=status)
