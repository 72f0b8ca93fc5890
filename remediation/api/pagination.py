"""Where a page begins, as the values of its neighbour's order: no OFFSET, and no row twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from detection.models.indexes import BY_NAME, NEWEST
from remediation.api import pagination

Order = Sequence[str]
HIGHEST_ID = 2**63 - 1
LONGEST = 2_000


class NoPosition(ValueError):
    """A text that is no position in this order."""


def position_of(row: Model, order: Order) -> str:
    """`["2026-03-01T03:00:00+00:00", 17]` for an order by time and number."""
    values = [getattr(row, name.lstrip("-")) for name in order]
    return json.dumps([_json_value(value) for value in values])


def read(text: str, order: Order) -> list[Any]:
    """The values again. Raises NoPosition."""
    try:
        told = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, list) or len(told) != len(order):
        raise NoPosition(text[:LONGEST])
    return [_value(name.lstrip("-"), value) for name, value in zip(order, told, strict=True)]


def backwards(order: Order) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def beyond(order: Order, values: Sequence[Any]) -> Q:
    """Rows that come after `values` in the order; the first field's bound can use its index."""
    (first, *others), (value, *rest) = order, values
    name, past = first.lstrip("-"), "lt" if first.startswith("-") else "gt"
    strict = Q(**{f"{name}__{past}": value})
    if not others:
        return strict
    return Q(**{f"{name}__{past}e": value}) & (strict | beyond(others, rest))


def _json_value(value: Any) -> str | int:
    return value.isoformat() if isinstance(value, datetime) else value


def _value(name: str, value: Any) -> Any:
    """What the field may hold, else NoPosition: it is put into a query as it is."""
    if name == "id" and type(value) is int and 0 <= value <= HIGHEST_ID:
        return value
    if name == "first_seen" and (moment := _moment(value)):
        return moment
    if name == "owner_name" and isinstance(value, str) and _storable(value):
        return value
    raise NoPosition(str(value)[:LONGEST])


def _storable(text: str) -> bool:
    """No NUL, and no half of a pair of surrogates: no database takes them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _moment(value: Any) -> datetime | None:
    """In UTC, as a moment of the years that there are."""
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None


LIMIT_MOST = 500
LIMIT_DEFAULT = 100
HIGHEST_ID = 2**63 - 1
NOT_OURS = "not one of ours; take it from `next`"


class Pages(CursorPagination):
    """Newest first. `count` is the number of rows on this page; `key` is what they are called."""

    key = "items"
    ordering = "-id"
    page_size = LIMIT_DEFAULT
    page_size_query_param = "limit"
    page_size_query_description = f"Rows on a page, 1 to {LIMIT_MOST}."
    max_page_size = LIMIT_MOST

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("limit", str(LIMIT_DEFAULT))
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= LIMIT_MOST):
            told = f"{asked[:60]!r} is no whole number from 1 to {LIMIT_MOST}"
            raise ValidationError({"limit": told})
        return int(asked)

    def decode_cursor(self, request: Request) -> Any:
        """DRF reads nonsense as "the first page", and a position is put into a query as it is."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise ValidationError({"cursor": NOT_OURS}) from None
        position = str(cursor.position or "") if cursor else ""
        if cursor and not (position.isdecimal() and int(position[:20]) <= HIGHEST_ID):
            raise ValidationError({"cursor": NOT_OURS})
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "status": "success",
                "count": len(data),
                self.key: data,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["status", "count", self.key, "next", "previous"],
            "properties": {
                "status": {"type": "string"},
                "count": {"type": "integer", "description": "Rows on this page."},
                self.key: schema,
                "next": link,
                "previous": link,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """DRF's, with the bounds of `limit`."""
        found: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in found:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= {"minimum": 1, "maximum": LIMIT_MOST}
        return found


class EventPages(Pages):
    """Events, with the cursor from which `after` tells what changed since.

    Newest first by detection; a search by name. DRF's own cursor knows one field and counts rows
    that share its value: a storm opens thousands in one pass, so ours holds every field's value.
    """

    key = "events"

    def decode_cursor(self, request: Request) -> Any:
        """`position` is the list of values that `keyset.read` gives."""
        try:
            told: Any = CursorPagination.decode_cursor(self, request)
            return told and told._replace(position=pagination.read(told.position or "", self.order))
        except (NotFound, pagination.NoPosition):
            raise ValidationError({"cursor": NOT_OURS}) from None

    def begin(self, queryset: QuerySet[Any], request: Request) -> QuerySet[Any]:
        """The rows from the cursor on. To be called before the filters.

        A search has a lower bound of the name as well, and SQLite seeks to the one that it reads
        first: to the search's, it would step over all pages before this one.
        """
        self.order = BY_NAME if "q" in request.query_params else NEWEST
        cursor = self.decode_cursor(request)
        self.cursor: Cursor | None = cursor
        self.turned: pagination.Order = self.order
        if cursor is None:
            return queryset
        if cursor.reverse:
            self.turned = pagination.backwards(self.order)
        return queryset.filter(pagination.beyond(self.turned, cursor.position))

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """At most `limit` rows; one more is read to know whether there is another page."""
        size = self.get_page_size(request)
        self.request, self.base_url = request, request.build_absolute_uri()
        found = list(queryset.order_by(*self.turned)[: size + 1])
        return self._turn(found[:size], len(found) > size)

    def _turn(self, page: list[Any], more: bool) -> list[Any]:
        """The page in the list's order; which pages lie before and after it."""
        back = bool(self.cursor and self.cursor.reverse)
        shown = page[::-1] if back else page
        self.next_row = shown[-1] if shown and (back or more) else None
        before = more if back else self.cursor is not None
        self.previous_row = shown[0] if shown and before else None
        return shown

    def get_next_link(self) -> str | None:
        return self._link(self.next_row, False)

    def get_previous_link(self) -> str | None:
        return self._link(self.previous_row, True)

    def _link(self, row: Any, back: bool) -> str | None:
        if row is None:
            return None
        position: Any = pagination.position_of(row, self.order)
        return str(self.encode_cursor(Cursor(offset=0, reverse=back, position=position)))

    def get_paginated_response(self, data: Any) -> Response:
        answer = super().get_paginated_response(data)
        answer.data["cursor"] = self.follow_cursor
        return answer

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        found = super().get_paginated_response_schema(schema)
        found["required"].append("cursor")
        found["properties"]["cursor"] = {"type": "string", "description": "For `after`."}
        return found

    follow_cursor = ""
