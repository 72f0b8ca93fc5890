"""Pages by cursor: no COUNT over the table, and no row twice while new ones arrive."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

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
    """Events, with the cursor from which `after` tells what changed since."""

    key = "events"

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
