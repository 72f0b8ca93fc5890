"""The one place that reads the time, and how Kubernetes writes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """`now()` is the source's time until `set` freezes it; `release` lets it run again."""

    def __init__(self, source: Callable[[], datetime] = utc_now) -> None:
        self.source = source
        self.fixed: datetime | None = None

    def now(self) -> datetime:
        return self.fixed if self.fixed is not None else self.source()

    def set(self, now: datetime) -> None:
        self.fixed = now

    def release(self) -> None:
        self.fixed = None

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        before, self.fixed = self.fixed, moment
        try:
            yield
        finally:
            self.fixed = before


def stamp(moment: datetime) -> str:
    """RFC 3339 in seconds, as metav1.Time writes it. (Several times as quick as strftime.)"""
    return moment.isoformat(timespec="seconds")[:19] + "Z"


def micro_stamp(moment: datetime) -> str:
    """RFC 3339 in microseconds, as metav1.MicroTime writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seconds_since(text: str | None, now: datetime) -> float:
    """Seconds from a stamp to `now`; a missing stamp is infinitely long ago."""
    return float("inf") if not text else (now - parse(text)).total_seconds()
