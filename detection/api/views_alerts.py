"""Alertmanager's webhook: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from detection.clients import current_cluster
from detection.incidents import alertmanager
from detection.models import Alert
from kubewise_site.core import clock
from kubewise_site.core.rest.fields import TextField
from kubewise_site.core.rest.views import Guarded, validated_body

POST_ALERTS = "detection.post_alerts"
VERSION = "4"
MOST_ALERTS = 1000
LONGEST = 4000


def _texts() -> serializers.DictField:
    return serializers.DictField(child=TextField(allow_blank=True, max_length=LONGEST))


class Fingerprint(serializers.RegexField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AlertSerializer(serializers.Serializer[Any]):
    """More keys (generatorURL, …) are let pass, as later versions add some."""

    status = serializers.ChoiceField(choices=[state.value for state in Alert.State])
    labels = _texts()
    annotations = serializers.DictField(
        child=TextField(allow_blank=True, max_length=LONGEST), default=dict
    )
    startsAt = serializers.DateTimeField()
    fingerprint = Fingerprint(r"^[0-9a-fA-F]{1,64}$")


class WebhookSerializer(serializers.Serializer[Any]):
    version = serializers.ChoiceField(choices=[VERSION])
    groupKey = TextField(allow_blank=True, max_length=LONGEST, default="")
    status = serializers.ChoiceField(choices=[state.value for state in Alert.State])
    alerts = serializers.ListField(child=AlertSerializer(), max_length=MOST_ALERTS)


class ReceivedAnswer(serializers.Serializer[Any]):
    status = serializers.CharField()
    message = serializers.CharField()
    firing = serializers.IntegerField()
    resolved = serializers.IntegerField()


class AlertsView(Guarded):
    """One more source of findings; never the only reason for an action."""

    writes = {"POST": POST_ALERTS}

    @extend_schema(
        operation_id="alerts", request=WebhookSerializer, responses={202: ReceivedAnswer}
    )
    def post(self, request: Request) -> Response:
        told = [_plain(alert) for alert in validated_body(WebhookSerializer, request)["alerts"]]
        counts = alertmanager.receive(current_cluster(), told, clock.now())
        message = "Received; the next pass matches them to owners."
        body = {"status": "success", "message": message, **counts}
        return Response(body, status=HTTPStatus.ACCEPTED)


def _plain(alert: dict[str, Any]) -> alertmanager.ReceivedAlert:
    return alertmanager.ReceivedAlert(
        fingerprint=alert["fingerprint"].lower(),
        state=alert["status"],
        labels=alert["labels"],
        annotations=alert["annotations"],
        starts_at=alert["startsAt"],
    )
