"""Faults of the API server itself: refuse, delay, hang, drop, conflict, stale."""

import threading
from dataclasses import dataclass, field
from typing import Any

from simulator.apimachinery.errors import ApiError, conflict, forbidden, internal, too_many_requests
from simulator.apimachinery.resources import Resource
from simulator.http.request import RequestTarget

MODES = ("refuse", "delay", "hang", "hang_after", "drop", "conflict", "stale")
AFTERWARDS = ("hang_after", "stale")
FOREVER_SECONDS = 3600.0


class Dropped(Exception):
    """The connection is closed without an answer."""


@dataclass
class Switch:
    """`resource` is a qualified name, or "*"; `times` None means until cleared.

    `hang` holds a request that then never arrives; `hang_after` applies it and holds the answer.
    `dry_run` None concerns both kinds of write.
    """

    mode: str
    resource: str = "*"
    verbs: tuple[str, ...] = ()
    code: int = 500
    seconds: float = 0.0
    times: int | None = None
    message: str = ""
    dry_run: bool | None = None

    def concerns(self, resource: str, verb: str, dry_run: bool = False) -> bool:
        if self.dry_run is not None and self.dry_run != dry_run:
            return False
        return self.resource in ("*", resource) and (not self.verbs or verb in self.verbs)


@dataclass
class Switches:
    active: list[Switch] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)
    seen: dict[str, bytes] = field(default_factory=dict)
    held: int = 0

    def add(self, **values: Any) -> Switch:
        switch = Switch(**values)
        if switch.mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}")
        switch.verbs = tuple(switch.verbs)
        self.released.clear()
        self.seen.clear()
        self.active.append(switch)
        return switch

    def clear(self) -> None:
        self.active.clear()
        self.released.set()

    def take(
        self, resource: str, verb: str, mode: str = "", dry_run: bool = False
    ) -> Switch | None:
        """The switch that concerns this request; spends one of its times."""
        with self.lock:
            for switch in self.active:
                wanted = switch.mode == mode if mode else switch.mode not in AFTERWARDS
                if wanted and switch.concerns(resource, verb, dry_run):
                    self._spend(switch)
                    return switch
        return None

    def _spend(self, switch: Switch) -> None:
        if switch.times is not None:
            switch.times -= 1
            if switch.times <= 0:
                self.active.remove(switch)

    def apply(self, target: RequestTarget, verb: str, user: str, dry_run: bool) -> None:
        """Raises, waits, or returns at once."""
        if (
            dry_run
            and verb in ("update", "patch", "create", "delete")
            and self._only_conflict(target, verb)
        ):
            return
        switch = self.take(_label(target), verb, dry_run=dry_run)
        if switch is None:
            return
        if switch.mode == "delay":
            self.released.wait(switch.seconds)
            return
        if switch.mode == "hang":
            self._hold(switch)
        if switch.mode in ("hang", "drop"):
            raise Dropped
        raise self._error(switch, target, verb, user)

    def apply_afterwards(self, target: RequestTarget, verb: str, dry_run: bool) -> None:
        """Holds the answer of a request that has been carried out."""
        switch = self.take(_label(target), verb, "hang_after", dry_run)
        if switch is not None:
            self._hold(switch)

    def _hold(self, switch: Switch) -> None:
        with self.lock:
            self.held += 1
        self.released.wait(switch.seconds or FOREVER_SECONDS)
        with self.lock:
            self.held -= 1

    def _only_conflict(self, target: RequestTarget, verb: str) -> bool:
        label = _label(target)
        found = [
            s for s in self.active if s.mode not in AFTERWARDS and s.concerns(label, verb, True)
        ]
        return bool(found) and all(s.mode == "conflict" for s in found)

    def _error(self, switch: Switch, target: RequestTarget, verb: str, user: str) -> ApiError:
        resource: Resource = target.resource
        if switch.mode == "conflict":
            return conflict(resource, target.name)
        if switch.code == 403:
            return forbidden(
                user, verb, resource, target.subresource, target.namespace, target.name
            )
        if switch.code == 429:
            return too_many_requests("Too many requests, please try again later.")
        return internal(switch.message or "etcdserver: request timed out")


def _label(target: RequestTarget) -> str:
    sub = f"/{target.subresource}" if target.subresource not in ("", "status") else ""
    return target.resource.qualified + sub
