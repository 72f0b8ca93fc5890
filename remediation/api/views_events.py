"""Reading incidents: the list by pages, and everything about one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from detection.models import Incident
from kubewise_site.api import Guarded
from remediation.api.filters import EventFilter
from remediation.api.paging import EventPages
from remediation.api.serializers import EventSerializer
from remediation.querysets import with_history


class EventAnswer(serializers.Serializer[Any]):
    status = serializers.CharField()
    event = EventSerializer()


class EventsView(Guarded, GenericAPIView[Incident]):
    """Incidents, newest first, with cursor pages."""

    serializer_class = EventSerializer
    pagination_class = EventPages
    filter_backends = (DjangoFilterBackend,)
    filterset_class = EventFilter

    def get_queryset(self) -> QuerySet[Incident]:
        return with_history(Incident.objects.all())

    @extend_schema(operation_id="events")
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


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
    return dict(EventSerializer(find(anomaly_id)).data)
