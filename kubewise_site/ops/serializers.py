"""The shapes of the calls that span both apps, for the OpenAPI schema."""

from typing import Any

from rest_framework import serializers

from kubewise_site.ops.health import HealthState
from kubewise_site.ops.own_troubles import TroubleKind


class LinksSerializer(serializers.Serializer[Any]):
    events = serializers.CharField()
    admin = serializers.CharField()
    docs = serializers.CharField()
    schema = serializers.CharField()
    health = serializers.CharField()


class RootSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    version = serializers.CharField()
    links = LinksSerializer()


class ServiceSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=[state.value for state in HealthState])
    detail = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    last_seen = serializers.DateTimeField(allow_null=True)
    latency_ms = serializers.FloatField(
        allow_null=True, help_text="The newest measured round trip; null: nothing was measured."
    )


class QueueSerializer(ServiceSerializer):
    latency_ms = serializers.FloatField(
        allow_null=True, help_text="How long the last message waited to be begun."
    )
    last_message = serializers.DateTimeField(allow_null=True)
    workers = serializers.ListField(
        child=serializers.CharField(), help_text="The live ones that serve it."
    )


class WorkersSerializer(ServiceSerializer):
    queues = serializers.DictField(child=QueueSerializer())


class ServicesSerializer(serializers.Serializer[Any]):
    prometheus = ServiceSerializer()
    kubernetes = ServiceSerializer()
    gemini = ServiceSerializer()
    database = ServiceSerializer()
    broker = ServiceSerializer()
    workers = WorkersSerializer()
    beat = ServiceSerializer()


class TroubleSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in TroubleKind])
    name = serializers.CharField(help_text="The pass, worker, source or task.")
    since = serializers.DateTimeField(allow_null=True, help_text="null: it never worked.")
    detail = serializers.CharField()


class HealthSerializer(serializers.Serializer[Any]):
    overall_status = serializers.ChoiceField(choices=["healthy", "unhealthy"])
    services = ServicesSerializer()
    troubles = TroubleSerializer(
        many=True, help_text="What KubeWise itself is late for, blind to, or failed at."
    )


class ConfigSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    config = serializers.DictField(child=serializers.JSONField())
    note = serializers.CharField()
