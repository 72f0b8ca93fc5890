"""What people add to an incident without deciding on its plan: a comment, a silence, a mark, or
that its failure is accepted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from detection.incidents.feedback import NotAnAnomaly, false_positive
from kubewise_site.core import clock
from kubewise_site.core.rest.fields import TextField
from kubewise_site.core.rest.problem import Problem
from kubewise_site.core.rest.views import Guarded, validated_body
from remediation.api.serializers import EventSerializer
from remediation.api.views_events import event, find
from remediation.controls import acceptances, silences
from remediation.models.permissions import ACCEPT, COMMENT, END_ACCEPTANCE, FEEDBACK, SILENCE

LONGEST_TEXT = 2000


class CommentRequest(serializers.Serializer[Any]):
    text = TextField(max_length=LONGEST_TEXT)


class SilenceRequest(serializers.Serializer[Any]):
    until = serializers.DateTimeField(help_text="With its offset; within 30 days.")
    reason = TextField(max_length=LONGEST_TEXT)


class AcceptRequest(serializers.Serializer[Any]):
    review_at = serializers.DateTimeField(
        help_text="When it opens again by itself, with its offset; within 90 days."
    )
    reason = TextField(max_length=LONGEST_TEXT)


class FalsePositiveRequest(serializers.Serializer[Any]):
    note = TextField(default="", allow_blank=True, max_length=LONGEST_TEXT)


class NotedAnswer(serializers.Serializer[Any]):
    status = serializers.CharField()
    message = serializers.CharField()
    event = EventSerializer()


class CommentView(Guarded):
    """A person's words in the timeline of an event."""

    writes = {"POST": COMMENT}

    @extend_schema(request=CommentRequest, responses={201: NotedAnswer}, operation_id="comment")
    def post(self, request: Request, anomaly_id: UUID) -> Response:
        text = validated_body(CommentRequest, request)["text"]
        incident, who = find(anomaly_id), request.user.get_username()
        try:
            silences.comment(incident, who, text, clock.now())
        except silences.NoReason:
            told = "A comment of spaces alone says nothing."
            error = {"field": "text", "detail": told}
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "empty", told, [error]) from None
        return _noted(anomaly_id, "Your comment is in the timeline.")


class SilenceView(Guarded):
    """No remediation and no message about this event's owner until a time."""

    writes = {"POST": SILENCE}

    @extend_schema(request=SilenceRequest, responses={201: NotedAnswer}, operation_id="silence")
    def post(self, request: Request, anomaly_id: UUID) -> Response:
        asked, incident = validated_body(SilenceRequest, request), find(anomaly_id)
        now = clock.now()
        try:
            row = silences.silence_owner(
                incident, request.user.get_username(), asked["reason"], asked["until"], now
            )
        except ValueError as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "until", str(error)) from None
        return _noted(anomaly_id, f"Silenced until {row.ends_at:%Y-%m-%d %H:%M} UTC.")


class AcceptView(Guarded):
    """This failure of its owner is known, and may stay as it is until a date."""

    writes = {"POST": ACCEPT, "DELETE": END_ACCEPTANCE}

    @extend_schema(request=AcceptRequest, responses={201: NotedAnswer}, operation_id="accept")
    def post(self, request: Request, anomaly_id: UUID) -> Response:
        asked, incident = validated_body(AcceptRequest, request), find(anomaly_id)
        who, review_at = request.user.get_username(), asked["review_at"]
        try:
            acceptances.accept(incident, who, asked["reason"], review_at, clock.now())
        except acceptances.BadAcceptance as error:
            wrong = [{"field": error.field, "detail": str(error)}]
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "not-acceptable", str(error), wrong
            ) from None
        except acceptances.NotAcceptable as error:
            raise Problem(HTTPStatus.CONFLICT, error.code, str(error)) from None
        return _noted(anomaly_id, f"Accepted until {review_at:%Y-%m-%d %H:%M} UTC.")

    @extend_schema(request=None, responses={200: NotedAnswer}, operation_id="end_acceptance")
    def delete(self, request: Request, anomaly_id: UUID) -> Response:
        who = request.user.get_username()
        if not acceptances.end(find(anomaly_id), who, "", clock.now()):
            raise NotFound("It is not accepted.")
        return _noted(anomaly_id, "It is no longer accepted.", HTTPStatus.OK)


class FalsePositiveView(Guarded):
    """This anomaly was none: the limit of its owner rises, and training learns from it."""

    writes = {"POST": FEEDBACK}

    @extend_schema(
        request=FalsePositiveRequest, responses={200: NotedAnswer}, operation_id="false_positive"
    )
    def post(self, request: Request, anomaly_id: UUID) -> Response:
        asked, incident = validated_body(FalsePositiveRequest, request), find(anomaly_id)
        try:
            row = false_positive(incident, request.user.get_username(), clock.now(), asked["note"])
        except NotAnAnomaly as error:
            told = f"Not marked: {error}."
            raise Problem(HTTPStatus.CONFLICT, "not-an-anomaly", told) from None
        if row is None:
            raise Problem(HTTPStatus.CONFLICT, "marked", "It is marked already.")
        message = "Marked: the limit of this owner rises, and training learns from it."
        return _noted(anomaly_id, message, HTTPStatus.OK)


def _noted(anomaly_id: UUID, message: str, status: HTTPStatus = HTTPStatus.CREATED) -> Response:
    body = {"status": "success", "message": message, "event": event(anomaly_id)}
    return Response(body, status=status)
