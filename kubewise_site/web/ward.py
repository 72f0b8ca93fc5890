"""Hangs up on clients that keep a connection waiting, and makes room where all places are taken.

A new connection is let in: of the address with the most that wait, the longest waiting go.
Whoever sends a request at once has never waited longest. Where nobody waits, the new one goes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from kubewise_site.web.limits import Limits, Wait

TICK_SECONDS = 0.5
# Making room looks at every connection, so it makes room for many.
SHARE_THAT_GOES = 10


class Connection(Protocol):
    """What the ward needs of a connection."""

    def address(self) -> str: ...
    def waits_for(self) -> Wait: ...
    def hang_up(self) -> None: ...


@dataclass
class Guest:
    """`since` is when the connection began to wait for `wait`, on the loop's clock."""

    wait: Wait
    since: float


class Ward:
    """All connections of one process. Its methods are called on the event loop alone."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._guests: dict[Connection, Guest] = {}
        self._timer: asyncio.TimerHandle | None = None

    def admit(self, connection: Connection) -> None:
        if len(self._guests) >= self.limits.connections and not self._make_room():
            connection.hang_up()
            return
        self._guests[connection] = Guest(Wait.HEADERS, self._now())
        if self._timer is None:
            self._tick()

    def forget(self, connection: Connection) -> None:
        self._guests.pop(connection, None)

    def answered(self, connection: Connection) -> None:
        """The next request's time starts now."""
        if guest := self._guests.get(connection):
            guest.wait, guest.since = Wait.HEADERS, self._now()

    def _tick(self) -> None:
        now = self._now()
        for connection, guest in list(self._guests.items()):
            self._look(connection, guest, now)
        again = asyncio.get_running_loop().call_later
        self._timer = again(TICK_SECONDS, self._tick) if self._guests else None

    def _look(self, connection: Connection, guest: Guest, now: float) -> None:
        wait = connection.waits_for()
        if wait is not guest.wait:
            guest.wait, guest.since = wait, now
        elif now - guest.since > self.limits.seconds(wait):
            self._hang_up(connection)

    def _make_room(self) -> int:
        """How many were hung up on."""
        waiting = sorted(
            ((guest.since, order, connection)
             for order, (connection, guest) in enumerate(self._guests.items())
             if connection.waits_for() is not Wait.NOTHING),
        )  # fmt: skip
        held = Counter(connection.address() for _, _, connection in waiting)
        crowded = max(held, key=held.__getitem__, default="")
        those = [connection for _, _, connection in waiting if connection.address() == crowded]
        goes = those[: max(1, len(those) // SHARE_THAT_GOES)]
        for connection in goes:
            self._hang_up(connection)
        return len(goes)

    def _hang_up(self, connection: Connection) -> None:
        self.forget(connection)
        connection.hang_up()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
