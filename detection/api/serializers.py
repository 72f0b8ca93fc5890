"""The shapes of what is measured."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from detection.models import MetricQuery, WatchedFailure
from kubewise_site.core.rest.fields import StrictModelSerializer, TextField, WholeNumberField

LONGEST_QUERY = 10_000
MOST_DWELL_SECONDS = 604_800


class ValueSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    container = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="null: it is there, unknown.")
    unit = serializers.CharField()
    pod = serializers.CharField(help_text="The worst pod, where the value is a breach.")


class MetricsSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    count = serializers.IntegerField(help_text="Entities on this page.")
    at = serializers.DateTimeField(allow_null=True, help_text="When it was measured.")
    metrics = serializers.DictField(child=ValueSerializer(many=True))
    next = serializers.URLField(allow_null=True)


class WatchedSerializer(serializers.ModelSerializer[WatchedFailure]):
    class Meta:
        model = WatchedFailure
        fields = (
            "owner_kind", "owner_namespace", "owner_name", "cause", "severity", "summary",
            "onset", "since", "opens_at", "last_seen",
        )  # fmt: skip
        read_only_fields = fields


class WatchedListSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    watched = WatchedSerializer(many=True)


class QuerySerializer(StrictModelSerializer):
    query = TextField(max_length=LONGEST_QUERY)
    labels = serializers.DictField(child=TextField(max_length=200), required=False)
    dwell_seconds = WholeNumberField(min_value=0, max_value=MOST_DWELL_SECONDS, required=False)

    class Meta:
        model = MetricQuery
        fields = (
            "name", "query", "entity_kind", "labels", "unit", "direction", "threshold",
            "dwell_seconds", "severity", "source", "description", "active", "seeded",
            "check_state", "check_message", "checked_at", "series_count", "duration_seconds",
        )  # fmt: skip
        read_only_fields = (
            "seeded", "check_state", "check_message", "checked_at", "series_count",
            "duration_seconds",
        )  # fmt: skip


class QueriesSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    queries = serializers.ListField(child=serializers.CharField())
    default_queries = serializers.ListField(child=serializers.CharField())
    details = QuerySerializer(many=True)


class ModelInfoSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    model_info = serializers.DictField(child=serializers.JSONField())
