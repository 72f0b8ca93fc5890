"""How long a connection may wait for its client, and how many connections there may be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Wait(Enum):
    """What a connection waits for; NOTHING of the client's while an answer is made or flows."""

    HEADERS = auto()
    BODY = auto()
    READER = auto()
    NOTHING = auto()


@dataclass(frozen=True)
class Limits:
    """Seconds in all for each wait, however many bytes come meanwhile.

    `reader_seconds` is for 64 KiB, after which the time starts anew.
    """

    header_seconds: float = 10
    body_seconds: float = 30
    reader_seconds: float = 30
    connections: int = 4000

    def seconds(self, wait: Wait) -> float:
        known = {
            Wait.HEADERS: self.header_seconds,
            Wait.BODY: self.body_seconds,
            Wait.READER: self.reader_seconds,
        }
        return known.get(wait, float("inf"))
