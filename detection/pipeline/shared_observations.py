"""Observations of a moment ago, kept in this process for those that ask for the same scope.

A failure of one namespace opens many incidents in one pass, and a worker takes them one after
another: each would read the same lists again. Only analyses and decisions ask here.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from detection.kubernetes.client import Account
from detection.snapshot.scope import Scope

# Long enough for a worker's run through the incidents of one pass, a tenth to a half second each;
# short against every dwell time, and `act` looks for itself before it writes.
SHARED_FOR = timedelta(seconds=5)
# A snapshot of a large cluster has hundreds of MiB.
MOST_KEPT = 2


class Dated(Protocol):
    @property
    def at(self) -> datetime: ...


Item = TypeVar("Item", bound=Dated)


@dataclass(frozen=True)
class Key:
    """Who looked, at which cluster's records, and at what."""

    account: Account
    cluster_id: int
    scope: Scope


@dataclass(frozen=True)
class _Kept(Generic[Item]):
    item: Item
    began: float


class Shared(Generic[Item]):
    """The newest few, each until it is `SHARED_FOR` old by the calendar or the monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[Key, _Kept[Item]] = OrderedDict()
        self._lock, self._clock = threading.Lock(), clock

    def take(self, key: Key, since: datetime, now: datetime, look: Callable[[], Item]) -> Item:
        """The kept one that began at `since` or later and is not too old, else what `look` sees."""
        self.forget_old(now)
        kept = self._kept.get(key)
        if kept and kept.item.at >= since:
            return kept.item
        began = self._clock()
        return self._store(key, _Kept(look(), began))

    def _store(self, key: Key, kept: _Kept[Item]) -> Item:
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return kept.item

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def forget_old(self, now: datetime) -> None:
        with self._lock:
            for key in [key for key, kept in self._kept.items() if self._is_old(kept, now)]:
                del self._kept[key]

    def _is_old(self, kept: _Kept[Item], now: datetime) -> bool:
        """Also where the clock was set back."""
        by_calendar = timedelta(0) <= now - kept.item.at < SHARED_FOR
        return not by_calendar or self._clock() - kept.began >= SHARED_FOR.total_seconds()
