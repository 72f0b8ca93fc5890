"""Where a page begins, as the values of its neighbour's order: no OFFSET, and no row twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model, Q
from django.utils.dateparse import parse_datetime

Order = Sequence[str]
HIGHEST_ID = 2**63 - 1
LONGEST = 2_000


class NoPosition(ValueError):
    """A text that is no position in this order."""


def position_of(row: Model, order: Order) -> str:
    """`["2026-03-01T03:00:00+00:00", 17]` for an order by time and number."""
    values = [getattr(row, name.lstrip("-")) for name in order]
    return json.dumps([_told(value) for value in values])


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


def _told(value: Any) -> str | int:
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
