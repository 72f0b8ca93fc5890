"""What changed since a cursor: `after=CURSOR` for clients that follow events.

The cursor is the number of the last transition that was told, and the numbers below it that were
missing then: a transaction that began earlier may commit later, and its change must not be lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Q

from detection.models import Transition

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


def changes(cursor: str, limit: int) -> Changes:
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
