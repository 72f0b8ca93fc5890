"""The PromQL queries: listed, written and deleted. Prometheus is asked before a row is written."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from detection import clients
from detection.api.serializers import QueriesSerializer, QuerySerializer
from detection.metrics import queries
from detection.models import MetricQuery
from kubewise_site.core import clock
from kubewise_site.core.rest.problem import Problem
from kubewise_site.core.rest.views import Guarded


class QueriesView(Guarded):
    """The PromQL queries: the active ones, the shipped ones, and each row with its last check."""

    writes = {"POST": "detection.add_metricquery"}

    @extend_schema(operation_id="metric_queries", responses=QueriesSerializer)
    def get(self, request: Request) -> Response:
        rows = list(MetricQuery.objects.all())
        body = {
            "status": "success",
            "queries": [row.query for row in rows if row.active],
            "default_queries": [query.query for query in queries.seeds()],
            "details": QuerySerializer(rows, many=True).data,
        }
        return Response(body)

    @extend_schema(
        operation_id="metric_query_add", request=QuerySerializer, responses={201: QuerySerializer}
    )
    def post(self, request: Request) -> Response:
        row = _written(QuerySerializer(data=request.data), MetricQuery())
        return Response(QuerySerializer(row).data, status=HTTPStatus.CREATED)


class QueryView(Guarded):
    """One PromQL query."""

    writes = {"PUT": "detection.change_metricquery", "DELETE": "detection.delete_metricquery"}

    @extend_schema(operation_id="metric_query", responses=QuerySerializer)
    def get(self, request: Request, name: str) -> Response:
        return Response(QuerySerializer(_find(name)).data)

    @extend_schema(
        operation_id="metric_query_change", request=QuerySerializer, responses=QuerySerializer
    )
    def put(self, request: Request, name: str) -> Response:
        row = _find(name)
        row = _written(QuerySerializer(row, data=request.data), row)
        return Response(QuerySerializer(row).data)

    @extend_schema(operation_id="metric_query_delete", responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        _find(name).delete()
        return Response(status=HTTPStatus.NO_CONTENT)


def _find(name: str) -> MetricQuery:
    row = MetricQuery.objects.filter(name=name).first()
    if row is None:
        raise NotFound(f"There is no query {name[:80]!r}.")
    return row


def _written(form: QuerySerializer, row: MetricQuery) -> MetricQuery:
    """The checked form in the row, once Prometheus has said what it thinks of it."""
    form.is_valid(raise_exception=True)
    given: dict[str, Any] = form.validated_data
    for name, value in given.items():
        setattr(row, name, value)
    now = clock.now()
    checked = queries.validate(row, clients.prometheus(), now)
    if not checked.accepted:
        error = {"field": "query", "detail": checked.message}
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "query", checked.message, [error])
    queries.apply_check(row, checked, now)
    row.save()
    return row
