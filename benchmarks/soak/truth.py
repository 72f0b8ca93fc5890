"""What is really wrong, and since when: read from the simulator's objects at each step.

Nothing here asks the product. A span is one fault, from its injection until all is well again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulator.apimachinery.clock import parse, seconds_since
from simulator.apimachinery.object_selectors import selects
from simulator.apimachinery.objects import (
    Obj,
    condition_of,
    controller_of,
    labels_of,
    name_of,
    namespace_of,
)
from simulator.apimachinery.store import Change, Store

Owner = tuple[str, str, str]
"""(kind, namespace, name) of a top owner, a node, a Job."""

STARTING = frozenset({"ContainerCreating", "PodInitializing"})
START_SECONDS = 20.0
RECENT_SECONDS = 30.0
CANNOT_MEND_ITSELF = frozenset({"image_not_found", "bad_config", "exec_format_error"})
TABLES = {
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "DaemonSet": "daemonsets.apps",
    "Job": "jobs.batch",
    "Node": "nodes",
}
NAMED_AFTER_THEIR_OWNER = ("Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress")


@dataclass
class Span:
    """One fault. `affected` are its owner and whoever it takes along.

    `lasting`: it is there until it is taken back, also where no object shows it.
    """

    number: int
    fault: str
    cause: str
    owner: Owner
    began: datetime
    affected: set[Owner] = field(default_factory=set)
    lasting: bool = False
    taken_back: datetime | None = None
    first_bad: datetime | None = None
    last_bad: datetime | None = None
    bad_seconds: float = 0.0
    words: str = ""
    half_lost: bool = False

    def look(self, store: Store, now: datetime, step_seconds: float) -> None:
        """Note whether anything that it concerns is abnormal now."""
        words = next(filter(None, (trouble(store, one, now) for one in self._watched())), "")
        if words:
            self.first_bad, self.words = self.first_bad or now, self.words or words
            self.last_bad = now + timedelta(seconds=step_seconds)
            self.bad_seconds += step_seconds
            self.half_lost = self.half_lost or lost_half(store, self.owner)

    def _watched(self) -> list[Owner]:
        return [self.owner, *sorted(self.affected - {self.owner})]

    @property
    def urgent(self) -> bool:
        """It cannot mend itself, or its Service has lost half of its ready endpoints or more."""
        return self.fault in CANNOT_MEND_ITSELF or self.half_lost

    @property
    def well_at(self) -> datetime:
        """Since when nothing is wrong; the far future while the fault is on."""
        over = self.taken_back or datetime.max.replace(tzinfo=self.began.tzinfo)
        if self.last_bad is None or self.lasting:
            return max(over, self.last_bad) if self.last_bad else over
        return self.last_bad

    def over(self, now: datetime, quiet: timedelta) -> bool:
        """Taken back or mended by somebody, and quiet since: what comes then is of another."""
        mended = None if self.lasting else self.last_bad
        if self.taken_back is None and mended is None:
            return False
        return now - max(filter(None, (self.taken_back, self.last_bad))) >= quiet


class Owners:
    """Whose everything is, or was: also of what is gone by now."""

    def __init__(self, store: Store) -> None:
        self._above: dict[Owner, Owner] = {}
        for table in list(store.tables.values()):
            for obj in table.objects.values():
                self._note(obj)
        store.listeners.append(self._heard)

    def _heard(self, change: Change) -> None:
        self._note(change.last)

    def _note(self, obj: Obj) -> None:
        above = controller_of(obj)
        if above is not None:
            key = (obj.get("kind", ""), namespace_of(obj), name_of(obj))
            self._above[key] = (above["kind"], namespace_of(obj), above["name"])

    def top(self, one: Owner) -> Owner:
        """The top controller of an object of which only kind and name are known."""
        while one in self._above:
            one = self._above[one]
        return one

    def aliases(self, one: Owner) -> set[Owner]:
        """Whom an incident on that object may concern."""
        kind, namespace, name = self.top(one)
        found = {(kind, namespace, name)}
        if kind in NAMED_AFTER_THEIR_OWNER:
            found |= {(other, namespace, name) for other in ("Deployment", "StatefulSet")}
        if kind == "PersistentVolumeClaim":
            owner = name.removeprefix("data-").rpartition("-")[0]
            found.add(("StatefulSet", namespace, owner))
        return found


def owners_on(store: Store, owners: Owners, node: str) -> set[Owner]:
    return {owners.top(("Pod", namespace_of(pod), name_of(pod))) for pod in store.pods_on(node)}


def trouble(store: Store, owner: Owner, now: datetime) -> str:
    """The first abnormal state that the API shows of it; '' where there is none."""
    kind, namespace, name = owner
    held = store.get(TABLES[kind], namespace, name) if kind in TABLES else None
    if held is None:
        return ""
    if kind == "Node":
        return _node(held)
    if kind == "Job":
        return _job(held)
    if held["spec"].get("replicas") == 0:
        return "no replicas wanted"
    return next(filter(None, (_pod(pod, now) for pod in pods_of(store, held))), "")


def lost_half(store: Store, owner: Owner) -> bool:
    """Whether a Service of its name has at most half of the endpoints that it should have."""
    kind, namespace, name = owner
    held = store.get(TABLES[kind], namespace, name) if kind in TABLES else None
    if held is None or store.get("services", namespace, name) is None:
        return False
    wanted = int(held["spec"].get("replicas", 1))
    ready = [
        pod for pod in pods_of(store, held) if condition_of(pod, "Ready").get("status") == "True"
    ]
    return len(ready) * 2 <= wanted


def pods_of(store: Store, workload: Obj) -> Iterator[Obj]:
    selector = workload["spec"].get("selector")
    for pod in store.items("pods", namespace_of(workload)):
        if selects(selector, labels_of(pod)) and not pod["metadata"].get("deletionTimestamp"):
            yield pod


def _node(node: Obj) -> str:
    for one in (node.get("status") or {}).get("conditions") or ():
        good = "True" if one["type"] == "Ready" else "False"
        if one["status"] != good:
            return f"{one['type']} is {one['status']}"
    return ""


def _job(job: Obj) -> str:
    status = job.get("status") or {}
    if condition_of(job, "Complete").get("status") == "True":
        return ""
    return f"{status['failed']} pods failed" if status.get("failed") else ""


def _pod(pod: Obj, now: datetime) -> str:
    status: dict[str, Any] = pod.get("status") or {}
    if status.get("phase") == "Succeeded":
        return ""
    if condition_of(pod, "PodScheduled").get("status") == "False":
        return "cannot be scheduled"
    containers = status.get("containerStatuses") or ()
    said = next(filter(None, (_container(one, now) for one in containers)), "")
    old = seconds_since(pod["metadata"]["creationTimestamp"], now) > START_SECONDS
    running = any("running" in one["state"] for one in containers)
    if not said and old and running and condition_of(pod, "Ready").get("status") != "True":
        return "running and not ready"
    return said


def _container(status: Obj, now: datetime) -> str:
    waiting = status["state"].get("waiting") or {}
    if waiting and waiting.get("reason") not in STARTING:
        return f"waiting: {waiting.get('reason')}"
    ended = status["state"].get("terminated") or {}
    last = (status.get("lastState") or {}).get("terminated") or {}
    for one in (ended, last):
        if one.get("exitCode") and now - parse(one["finishedAt"]) < timedelta(
            seconds=RECENT_SECONDS
        ):
            return f"ended with {one['exitCode']}"
    return ""
