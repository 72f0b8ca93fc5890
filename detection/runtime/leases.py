"""Who may work on something: a moment in its row, taken by one conditional UPDATE.

A lease is free where its moment is empty or past, so that the work of a process that died is
taken over by itself. Ticks of many workers never overlap by a row of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Q, QuerySet

from detection.models import Lease


def is_free(at: datetime, field: str = "lease_until") -> Q:
    """Rows whose lease nobody holds at that moment."""
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__lte": at})


def claim_lease(
    rows: QuerySet[Any],
    at: datetime,
    until: datetime,
    *,
    field: str = "lease_until",
    **values: Any,
) -> bool:
    """Take the lease of `rows` where it is free `at` that moment; `values` in the same UPDATE.

    False where another holds it, or the rows are not what they were: of two who ask at once,
    one gets it.
    """
    return bool(rows.filter(is_free(at, field)).update(**{field: until}, **values))


def take(name: str, holder: str, now: datetime, seconds: float) -> bool:
    """True where `holder` has the lease now; False where another still holds it."""
    Lease.objects.get_or_create(name=name, defaults={"until": now})
    rows = Lease.objects.filter(name=name)
    return claim_lease(rows, now, now + timedelta(seconds=seconds), field="until", holder=holder)


def release_lease(name: str, holder: str, now: datetime) -> None:
    Lease.objects.filter(name=name, holder=holder).update(until=now)


@contextmanager
def lease(name: str, now: datetime, seconds: float) -> Iterator[bool]:
    """Hold `name` for the block; yields False where another holds it, which is a normal end."""
    holder = uuid4().hex
    held = take(name, holder, now, seconds)
    try:
        yield held
    finally:
        if held:
            release_lease(name, holder, now)
