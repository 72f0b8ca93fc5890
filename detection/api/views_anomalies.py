"""What the anomaly detector knows of each entity: learning until, false alarms a day, changes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from detection.clients import current_cluster
from detection.detectors import outlook_shown
from detection.models import AnomalyOutlook, MetricLevelChange
from kubewise_site.core import clock
from kubewise_site.core.rest.views import Guarded

LIMIT_MOST = 500
LIMIT = {"type": "integer", "minimum": 1, "maximum": LIMIT_MOST, "default": 100}
AFTER = {"type": "integer", "minimum": 0, "default": 0}
OWNER = ("owner_kind", "owner_namespace", "owner_name")


class AnomalyPageForm(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=LIMIT_MOST, default=100)
    after = serializers.IntegerField(min_value=0, max_value=2**62, default=0)


class OutlookSerializer(serializers.ModelSerializer[AnomalyOutlook]):
    learning_until = serializers.DateTimeField(
        source="until", allow_null=True, help_text="null: enough of its history is known."
    )

    class Meta:
        model = AnomalyOutlook
        fields = (
            *OWNER, "known_since", "last_seen", "learning_until", "expected_false_alarms",
            "history_hours", "looked_at",
        )  # fmt: skip
        read_only_fields = fields


class LevelChangeSerializer(serializers.ModelSerializer[MetricLevelChange]):
    class Meta:
        model = MetricLevelChange
        fields = (*OWNER, "metric", "at", "before", "after", "released", "noticed_at", "ended_at")
        read_only_fields = fields


class MetricSourceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.CharField(help_text="no source, no data yet, learning or judging")
    learning_until = serializers.DateTimeField(
        allow_null=True, help_text="When the first entity has been learned; null: it has."
    )
    entities = serializers.IntegerField()
    learning = serializers.IntegerField(help_text="Entities of which too little is known yet.")


class AnomaliesSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    source = MetricSourceSerializer()  # type: ignore[assignment]
    count = serializers.IntegerField(help_text="Entities on this page.")
    entities = OutlookSerializer(many=True)
    changes = LevelChangeSerializer(many=True, help_text="The newest 100.")
    next = serializers.IntegerField(allow_null=True, help_text="`after` of the next page.")


class AnomaliesView(Guarded):
    """Per entity: learning until when, how many false alarms a day it is expected to make."""

    asks = frozenset(AnomalyPageForm().fields)

    @extend_schema(
        operation_id="metric_anomalies",
        responses=AnomaliesSerializer,
        parameters=[
            OpenApiParameter("limit", LIMIT, description=f"1 to {LIMIT_MOST} entities"),
            OpenApiParameter("after", AFTER, description="from `next`"),
        ],
    )
    def get(self, request: Request) -> Response:
        asked = AnomalyPageForm(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        limit, after = asked.validated_data["limit"], asked.validated_data["after"]
        cluster, now = current_cluster(), clock.now()
        rows = outlook_shown.page(cluster, now, after, limit)
        body = {
            "status": "success",
            "source": outlook_shown.source(cluster, now),
            "count": len(rows),
            "entities": rows,
            "changes": outlook_shown.changes(cluster),
            "next": rows[-1].pk if len(rows) == limit else None,
        }
        return Response(AnomaliesSerializer(body).data)
