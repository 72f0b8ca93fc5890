"""The one place that reads the wall clock for what KubeWise decides.

Everything below the tasks, views and commands is handed `now`. A benchmark that lives a day in
minutes moves this clock with `use`; nothing in the product does. Time-outs of the network, and the
clocks of Celery, Django and the broker, are not this clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def _wall_clock() -> datetime:
    return datetime.now(UTC)


_source: list[Clock] = [_wall_clock]


def now() -> datetime:
    """The present moment, in UTC."""
    return _source[0]()


def use(source: Clock | None = None) -> None:
    """Read the time from `source` from now on; without one, from the wall clock again."""
    _source[0] = source or _wall_clock
