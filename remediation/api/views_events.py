"""Reading incidents: the list by pages, and everything about one."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from detection.models import Incident
from kubewise_site.api import Guarded
from remediation.api import following
from remediation.api.filters import EventFilter
from remediation.api.paging import EventPages
from remediation.api.serializers import EventSerializer, events_of, events_of_page
from remediation.querysets import with_history, with_lists

AFTER_SHAPE = {"type": "string", "pattern": r"^[0-9]{1,18}(\.[0-9]{1,18}){0,100}$"}
AFTER = "`cursor` of an earlier answer: what changed since, oldest change first."


class EventAnswer(serializers.Serializer[Any]):
    status = serializers.CharField()
    event = EventSerializer()


class EventsView(Guarded, GenericAPIView[Incident]):
    """Incidents, newest first, with cursor pages."""

    serializer_class = EventSerializer
    pagination_class = EventPages
    filter_backends = (DjangoFilterBackend,)
    filterset_class = EventFilter
    asks = frozenset({*EventFilter.base_filters, "limit", "cursor", "after"})

    def get_queryset(self) -> QuerySet[Incident]:
        return with_lists(Incident.objects.all())

    @extend_schema(
        operation_id="events",
        responses=EventSerializer(many=True),
        parameters=[OpenApiParameter("after", AFTER_SHAPE, description=AFTER)],
    )
    def get(self, request: Request) -> Response:
        after = request.query_params.get("after")
        if after is not None:
            return self._changed(request, after)
        pages = cast(EventPages, self.paginator)
        pages.follow_cursor = following.newest()
        rows = pages.begin(self.get_queryset(), request)
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(events_of_page(page or []))

    def _changed(self, request: Request, after: str) -> Response:
        """The events that changed since the cursor, in the order of their newest change."""
        try:
            found = following.changes(after, EventPages().get_page_size(request))
        except following.NoCursor:
            told = "not one of ours; take `cursor` from an answer"
            raise ValidationError({"after": told}) from None
        rows = self.filter_queryset(
            self.get_queryset().filter(pk__in=found.incident_ids)
        ).order_by()
        order = {pk: place for place, pk in enumerate(found.incident_ids)}
        events = events_of_page(sorted(rows, key=lambda row: order[row.pk]))
        again = request.build_absolute_uri(f"{request.path}?{_query(request, found.cursor)}")
        body = {
            "status": "success",
            "count": len(events),
            "events": events,
            "next": again if found.more else None,
            "previous": None,
            "cursor": found.cursor,
        }
        return Response(body)


def _query(request: Request, cursor: str) -> str:
    query = request.query_params.copy()
    query["after"] = cursor
    return query.urlencode()


class EventView(Guarded):
    """Everything about one incident."""

    @extend_schema(responses=EventAnswer, operation_id="event")
    def get(self, request: Request, anomaly_id: UUID) -> Response:
        return Response({"status": "success", "event": event(anomaly_id)})


def find(anomaly_id: UUID) -> Incident:
    """The incident with its history. Raises NotFound."""
    found = with_history(Incident.objects.filter(anomaly_id=anomaly_id)).first()
    if found is None:
        raise NotFound(f"There is no event {anomaly_id}.")
    return found


def event(anomaly_id: UUID) -> dict[str, Any]:
    """The event as it is now, read anew."""
    return events_of([find(anomaly_id)])[0]
