"""A clock that stands and random bytes that follow from a seed, for the whole process."""

from __future__ import annotations

import ctypes
import gc
import hashlib
import os
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

START = datetime(2026, 3, 3, 10, 30, tzinfo=UTC)


class Still:
    """`now` moves only by `advance`. Deadlines on the monotonic clock go on as ever."""

    def __init__(self) -> None:
        self.now, self.drawn = START, 0

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def restart(self) -> None:
        """As at the start, so that what comes next does not depend on what came before."""
        self.now, self.drawn = START, 0
        random.seed(0)

    def moment(self, zone: tzinfo | None = None) -> datetime:
        return self.now.astimezone(zone) if zone else self.now.replace(tzinfo=None)

    def bytes(self, count: int) -> bytes:
        self.drawn += 1
        return hashlib.shake_256(str(self.drawn).encode()).digest(count)


@contextmanager
def still() -> Iterator[Still]:
    clock = Still()
    clock.restart()
    attributes = gc.get_referents(datetime.__dict__)[0]
    before = attributes["now"], time.time, os.urandom, random._urandom  # type: ignore[attr-defined]
    now = classmethod(lambda cls, tz=None: clock.moment(tz))
    _set(attributes, now, lambda: clock.now.timestamp(), clock.bytes, clock.bytes)
    try:
        yield clock
    finally:
        _set(attributes, *before)


def _set(attributes: dict[str, Any], now: Any, seconds: Any, drawn: Any, of_secrets: Any) -> None:
    """`datetime.now` belongs to a type of C: only its dictionary can be written."""
    attributes["now"] = now
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime))
    time.time, os.urandom = seconds, drawn
    random._urandom = of_secrets  # type: ignore[attr-defined]


def same_uuid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
