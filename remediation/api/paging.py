"""Pages of events by cursor: no COUNT over the table, and no row twice while new ones arrive."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

LIMIT_MOST = 500
LIMIT_DEFAULT = 100


class EventPages(CursorPagination):
    """Newest first. `count` is the number of events on this page."""

    ordering = "-id"
    page_size = LIMIT_DEFAULT
    page_size_query_param = "limit"
    page_size_query_description = f"Events on a page, 1 to {LIMIT_MOST}."
    max_page_size = LIMIT_MOST

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("limit", str(LIMIT_DEFAULT))
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked) <= LIMIT_MOST):
            raise ValidationError({"limit": f"{asked!r} is no whole number from 1 to {LIMIT_MOST}"})
        return int(asked)

    def decode_cursor(self, request: Request) -> Any:
        """DRF reads nonsense as "the first page", and a position is put into a query as it is."""
        cursor = super().decode_cursor(request)
        if cursor and not str(cursor.position or "").isdecimal():
            raise ValidationError({"cursor": "not one of ours; take it from `next`"})
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "status": "success",
                "count": len(data),
                "events": data,
                "next": self.get_next_link(),
                "previous": self.get_previous_link(),
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["status", "count", "events", "next", "previous"],
            "properties": {
                "status": {"type": "string", "enum": ["success"]},
                "count": {"type": "integer", "description": "Events on this page."},
                "events": schema,
                "next": link,
                "previous": link,
            },
        }
