"""Events live for an hour."""

from collections.abc import Iterable
from datetime import datetime

from simulator.apimachinery.clock import seconds_since
from simulator.apimachinery.objects import Obj
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import Base, own_key

LIFE_SECONDS = 3600.0


class EventExpiry(Base):
    table = "events"
    watches = ("events",)

    def keys(self, table: str, obj: Obj) -> Iterable[WorkKey]:
        return [("expire", *own_key(obj))]

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        _, namespace, name = key
        event = self.store.get("events", namespace, name)
        if event is None:
            return None
        age = seconds_since(
            event.get("lastTimestamp") or event["metadata"]["creationTimestamp"], now
        )
        if age < LIFE_SECONDS:
            return LIFE_SECONDS - age + 1
        self.store.remove("events", namespace, name)
        return None
