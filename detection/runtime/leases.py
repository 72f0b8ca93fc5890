"""Who runs a tick: a row and a conditional UPDATE, so that ticks of many workers never overlap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from detection.models import Lease


def take(name: str, holder: str, now: datetime, seconds: float) -> bool:
    """True where `holder` has the lease now; False where another still holds it."""
    Lease.objects.get_or_create(name=name, defaults={"until": now})
    free = Lease.objects.filter(name=name, until__lte=now)
    return bool(free.update(holder=holder, until=now + timedelta(seconds=seconds)))


def release(name: str, holder: str, now: datetime) -> None:
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
            release(name, holder, now)
