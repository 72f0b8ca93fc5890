"""What changed since a cursor: `after=CURSOR` for clients that follow events.

The cursor is the number of the last transition that was told, and the numbers below it that were
missing then: a transaction that began earlier may commit later, and its change must not be lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from detection.models import Incident, Transition
from kubewise_site.core.rest.views import Guarded
from remediation.api import views_events
from remediation.api.filters import EventFilter
from remediation.api.pagination import EventPages
from remediation.api.serializers import EventSerializer, events_of, events_of_page
from remediation.models.querysets import with_history, with_lists

FORM = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18}){0,100}")
GAP_DEPTH = 100


class NoCursor(ValueError):
    """A text that is no cursor of ours."""


@dataclass(frozen=True)
class Changes:
    """`incident_ids` in the order of their newest change; `more`: ask again at once."""

    incident_ids: list[int]
    cursor: str
    more: bool


def newest() -> str:
    """The cursor of now. Read it before the list that it belongs to."""
    last = Transition.objects.order_by("-id").values_list("id", flat=True).first() or 0
    low = max(last - GAP_DEPTH, 0)
    there = set(Transition.objects.filter(id__gt=low).values_list("id", flat=True))
    return _text(last, set(range(low + 1, last)) - there)


def changes_after(cursor: str, limit: int) -> Changes:
    """At most `limit` transitions after the cursor, as incidents. Raises NoCursor."""
    last, gaps = _read(cursor)
    rows = _rows(Q(id__in=gaps), limit) if gaps else []
    rows += _rows(Q(id__gt=last), limit - len(rows))
    told = {pk for pk, _ in rows}
    high = max(told | {last})
    missing = (gaps | set(range(last + 1, high))) - told
    order = list(dict.fromkeys(incident for _, incident in reversed(rows)))[::-1]
    kept = {gap for gap in missing if gap > high - GAP_DEPTH}
    return Changes(order, _text(high, kept), len(rows) == limit)


def _rows(which: Q, limit: int) -> list[tuple[int, int]]:
    """Number and incident, in order. With gaps and new ones in one OR all would be sorted."""
    rows = Transition.objects.filter(which).order_by("id").values_list("id", "incident_id")
    return list(rows[:limit])


def _text(last: int, gaps: set[int]) -> str:
    return ".".join(str(number) for number in (last, *sorted(gaps)))


def _read(cursor: str) -> tuple[int, set[int]]:
    if not FORM.fullmatch(cursor):
        raise NoCursor(cursor)
    last, *gaps = (int(part) for part in cursor.split("."))
    return last, set(gaps)


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
        pages.follow_cursor = views_events.newest()
        rows = pages.begin(self.get_queryset(), request)
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(events_of_page(page or []))

    def _changed(self, request: Request, after: str) -> Response:
        """The events that changed since the cursor, in the order of their newest change."""
        try:
            found = views_events.changes_after(after, EventPages().get_page_size(request))
        except views_events.NoCursor:
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
