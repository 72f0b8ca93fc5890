"""The work queue of all controllers: a discrete-event loop that tests step and the server runs.

A change of an object queues the keys that depend on it; `reconcile` may ask to be called again
after some seconds. `run_until` jumps from due time to due time, so simulated hours cost little.
A key that comes again and again at one instant has to wait, so that no loop is endless.
"""

import heapq
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from simulator.apimachinery.clock import Clock
from simulator.apimachinery.errors import ApiError
from simulator.apimachinery.objects import Obj
from simulator.apimachinery.store import Change, WorkKey
from simulator.cluster import Cluster

MOST_STEPS_AT_ONCE = 200_000
MOST_TURNS_AT_ONE_INSTANT = 50
RETRY_SECONDS = 5.0
EVERY = "*"
Item = tuple[int, WorkKey]


class Controller(Protocol):
    """`watches` are tables, EVERY for all; `keys` are what an object of one concerns."""

    watches: tuple[str, ...]

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]: ...

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        """Seconds until the next look, or None: not before a change."""


class Engine:
    def __init__(self, cluster: Cluster, controllers: list[Controller]) -> None:
        self.cluster, self.controllers = cluster, controllers
        self.due: dict[Item, float] = {}
        self.heap: list[tuple[float, int, Item]] = []
        self.turns: dict[Item, int] = {}
        self.instant = 0.0
        self.count = 0
        self.by_table: dict[str, list[int]] = {}
        for index, controller in enumerate(controllers):
            for table in controller.watches:
                self.by_table.setdefault(table, []).append(index)
        cluster.store.listeners.append(self.notice)

    @property
    def clock(self) -> Clock:
        return self.cluster.clock

    def notice(self, change: Change) -> None:
        for index in self._watching(change.table):
            keys = set(self.controllers[index].keys(change.table, change.last))
            if change.old is not None and change.new is not None:
                keys |= set(self.controllers[index].keys(change.table, change.old))
            for key in sorted(keys, key=repr):
                self.enqueue(index, key, 0.0)

    def _watching(self, table: str) -> list[int]:
        return [*self.by_table.get(table, ()), *self.by_table.get(EVERY, ())]

    def enqueue(self, index: int, key: WorkKey, after_seconds: float) -> None:
        """Keeps the earlier of two due times."""
        at, item = self.clock.now().timestamp() + after_seconds, (index, key)
        if at <= self.instant and self.turns.get(item, 0) >= MOST_TURNS_AT_ONE_INSTANT:
            at = self.instant + RETRY_SECONDS
        if item in self.due and self.due[item] <= at:
            return
        self.due[item] = at
        self.count += 1
        heapq.heappush(self.heap, (at, self.count, item))

    def seed(self, tables: Iterable[str]) -> None:
        """Queues every object of those tables, for timers that no change starts."""
        for table in tables:
            for obj in self.cluster.store.items(table):
                for index in self._watching(table):
                    for key in self.controllers[index].keys(table, obj):
                        self.enqueue(index, key, 0.0)

    def skip_to(self, moment: datetime) -> None:
        """Moves everything that is due earlier to `moment`: a past in which nothing happened."""
        at = moment.timestamp()
        for item, due in list(self.due.items()):
            if due < at:
                self.due[item] = at
                self.count += 1
                heapq.heappush(self.heap, (at, self.count, item))

    def next_due(self) -> float | None:
        while self.heap and self.due.get(self.heap[0][2]) != self.heap[0][0]:
            heapq.heappop(self.heap)
        return self.heap[0][0] if self.heap else None

    def run_until(self, now: datetime) -> int:
        """Does everything due up to `now`, each at its own time; returns the number of steps."""
        steps, limit = 0, now.timestamp()
        with self.cluster.store.lock:
            while (
                (due := self.next_due()) is not None and due <= limit and steps < MOST_STEPS_AT_ONCE
            ):
                self._step(due, now)
                steps += 1
        return steps

    def _step(self, due: float, limit: datetime) -> None:
        _, _, item = heapq.heappop(self.heap)
        del self.due[item]
        moment = min(datetime.fromtimestamp(due, UTC), limit)
        self._count(item, moment.timestamp())
        with self.clock.at(moment):
            try:
                again = self.controllers[item[0]].reconcile(item[1], moment)
            except ApiError:
                again = RETRY_SECONDS
            if again is not None:
                self.enqueue(*item, max(again, 0.05))

    def _count(self, item: Item, instant: float) -> None:
        if instant != self.instant:
            self.instant = instant
            self.turns.clear()
        self.turns[item] = self.turns.get(item, 0) + 1
