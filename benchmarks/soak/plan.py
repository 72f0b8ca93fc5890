"""What happens on a day, by its seed: faults with their lengths, and what is no fault at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from benchmarks.soak.stage import MORE
from simulator.world import DEPLOYMENTS, STATEFULSETS

QUIET_NAMESPACES = ("kube-system", "monitoring")
LEAD, TAIL = timedelta(minutes=15), timedelta(minutes=20)
LEAD_RATIO, TAIL_RATIO = 1 / 8, 1 / 6
APART = timedelta(minutes=45)
SHORTEST_SECONDS, LONGEST_SECONDS = 60.0, 3600.0
WORKLOAD_FAULTS = (
    "image_not_found", "pull_unauthorized", "crash_loop", "bad_config", "readiness_misconfig",
    "rollout_stalled", "insufficient_capacity", "oom", "memory_leak", "hung_replica",
    "hung_replica", "hung_workload", "flapping", "scaled_to_zero", "exec_format_error",
)  # fmt: skip
ONE_OF_A_KIND = {
    "job_failed": "payments/job/settlement",
    "crash_no_history": "shop/deployment/recommender",
}
NODE_FAULTS = ("node_not_ready", "node_not_ready", "node_disk_pressure")
KINDS = (*WORKLOAD_FAULTS, *ONE_OF_A_KIND, *NODE_FAULTS)
STATEFUL = ("hung_replica", "oom", "image_not_found", "crash_loop", "bad_config")
EVENTS_A_DAY = {
    "rollout": 24, "scale": 20, "job_with_retry": 6, "drain": 3, "node_exchange": 2,
    "prometheus_restart": 2, "kube_state_metrics_restart": 2,
}  # fmt: skip
ON_NODES = ("drain", "node_exchange")


@dataclass(frozen=True)
class Planned:
    """`seconds` is how long a fault lasts unless somebody ends it earlier; 0 for events."""

    at: datetime
    name: str
    target: str
    seconds: float = 0.0


def workloads() -> list[str]:
    """Whose owners may be struck, as namespace/kind/name."""
    found = [f"{n}/deployment/{m}" for n, m, _ in (*DEPLOYMENTS, *MORE) if _may(n)]
    return found + [f"{n}/statefulset/{m}" for n, m, *_ in STATEFULSETS]


def _may(namespace: str) -> bool:
    return namespace not in QUIET_NAMESPACES


def plan(seed: int, begin: datetime, hours: float, faults: int) -> list[Planned]:
    """Faults and events in the order of their time; nothing strikes one target twice at a time."""
    random, length = Random(seed), timedelta(hours=hours)
    first = begin + min(LEAD, length * LEAD_RATIO)
    maker = _Maker(random, first, begin + length - min(TAIL, length * TAIL_RATIO))
    made = [maker.fault(kind) for kind in _kinds(random, faults)]
    for name, often in EVENTS_A_DAY.items():
        made += [maker.event(name) for _ in range(_number(random, often * hours / 24))]
    return sorted(filter(None, made), key=lambda one: one.at)


def _kinds(random: Random, faults: int) -> list[str]:
    """Every kind as often as every other, in a random order."""
    bag: list[str] = []
    while len(bag) < faults:
        bag += random.sample(KINDS, len(KINDS))
    return bag[:faults]


def _number(random: Random, expected: float) -> int:
    return int(expected) + (random.random() < expected % 1)


class _Maker:
    def __init__(self, random: Random, first: datetime, last: datetime) -> None:
        self.random, self.first, self.last = random, first, last
        self.taken: list[tuple[str, datetime, datetime]] = []

    def fault(self, kind: str) -> Planned | None:
        ratio = LONGEST_SECONDS / SHORTEST_SECONDS
        seconds = round(SHORTEST_SECONDS * ratio ** self.random.random())
        return self._placed(kind, self._targets(kind), float(seconds))

    def event(self, name: str) -> Planned | None:
        targets: Sequence[str] = ("",)
        if name in ("rollout", "scale"):
            targets = [one for one in workloads() if "/deployment/" in one]
        if name in ON_NODES:
            targets = [f"/node/node-{number}" for number in range(1, 6)]
        return self._placed(name, targets, 0.0)

    def _targets(self, kind: str) -> list[str]:
        if kind in ONE_OF_A_KIND:
            return [ONE_OF_A_KIND[kind]]
        if kind in NODE_FAULTS:
            return [f"/node/node-{number}" for number in range(1, 6)]
        return [one for one in workloads() if "/deployment/" in one or kind in STATEFUL]

    def _placed(self, name: str, targets: Sequence[str], seconds: float) -> Planned | None:
        """At a random time at which the target is free; None where there is none."""
        room = max((self.last - self.first).total_seconds() - min(seconds, 1800), 0)
        for _ in range(200):
            at = self.first + timedelta(seconds=round(self.random.random() * room))
            target = self.random.choice(targets)
            place = self._place(name, target)
            end = at + timedelta(seconds=seconds) + APART
            if self._is_free(place, at, end):
                self.taken.append((place, at, end))
                return Planned(at, name, target, seconds)
        return None

    def _place(self, name: str, target: str) -> str:
        """All that is done to nodes happens one after the other."""
        return "nodes" if name in (*NODE_FAULTS, *ON_NODES) else target or name

    def _is_free(self, place: str, at: datetime, end: datetime) -> bool:
        others = (one for one in self.taken if one[0] == place)
        return all(end <= begin or at >= until for _, begin, until in others)


def only_faults(planned: Iterable[Planned]) -> list[Planned]:
    return [one for one in planned if one.name in KINDS]
