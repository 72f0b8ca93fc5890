"""What is measured: the latest values, the queries behind them, and the model."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from detection.api.latest_metrics import MetricsPage, page
from detection.api.model_info import model_info
from detection.api.serializers import (
    MetricsSerializer,
    ModelInfoSerializer,
)
from detection.clients import current_cluster
from detection.metrics import history
from detection.models import MetricQuery
from kubewise_site.core.rest.views import Guarded

LIMIT_MOST = 500
LIMIT = {"type": "integer", "minimum": 1, "maximum": LIMIT_MOST, "default": 100}
AFTER = {"type": "string", "maxLength": 1000}
FILTER = {"type": "string", "minLength": 1, "maxLength": 253}
FILTERS = {
    "namespace": "Of this namespace.",
    "entity_type": "Of this kind, in any case: deployment, node, …",
    "name": "Of the entity that is called so.",
    "metric": "Of this metric query.",
}


def _filter() -> serializers.CharField:
    """An empty one is a mistake of the caller's, not the wish for everything."""
    return serializers.CharField(required=False, max_length=253, trim_whitespace=False)


class PageForm(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=LIMIT_MOST, default=100)
    after = serializers.CharField(default="", allow_blank=True, max_length=1000)
    namespace = _filter()
    entity_type = _filter()
    name = _filter()
    metric = _filter()


class MetricsView(Guarded):
    """The latest value of every metric, by entity, in pages."""

    asks = frozenset(PageForm().fields)

    @extend_schema(
        operation_id="metrics",
        responses=MetricsSerializer,
        parameters=[
            OpenApiParameter("limit", LIMIT, description=f"1 to {LIMIT_MOST} entities"),
            OpenApiParameter("after", AFTER, description="from `next`"),
            *(OpenApiParameter(name, FILTER, description=of) for name, of in FILTERS.items()),
        ],
    )
    def get(self, request: Request) -> Response:
        asked = PageForm(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        units = dict(MetricQuery.objects.values_list("name", "unit"))
        found = page(history.latest_frame(current_cluster().pk), units, **asked.validated_data)
        body = {
            "status": "success",
            "count": len(found.metrics),
            "at": found.at,
            "metrics": found.metrics,
            "next": _next(request, found),
        }
        return Response(MetricsSerializer(body).data)


class ModelInfoView(Guarded):
    """The trained model, or that there is none yet."""

    @extend_schema(operation_id="model_info", responses=ModelInfoSerializer)
    def get(self, request: Request) -> Response:
        return Response({"status": "success", "model_info": model_info()})


def _next(request: Request, found: MetricsPage) -> str | None:
    if found.last is None:
        return None
    query = request.query_params.copy()
    query["after"] = found.last
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
