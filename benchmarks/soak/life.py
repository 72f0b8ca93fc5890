"""A day lived in one process: time moves, the tasks that beat would publish are called in order."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from celery.signals import task_failure
from django.conf import settings
from django.test.utils import override_settings

from benchmarks.soak import happenings
from benchmarks.soak.plan import KINDS, Planned
from benchmarks.soak.records import Watcher, prepare
from benchmarks.soak.truth import Owners, Span, owners_on
from detection import clients
from kubewise_site import pipeline
from kubewise_site.celery import app
from kubewise_site.core import clock
from remediation import clients as remediation_clients
from remediation.execution.strategies import drain
from simulator.apimachinery.errors import ApiError
from simulator.faults import Fault
from simulator.http.in_process import answered_in_process
from simulator.simulator import Simulator

STEP_SECONDS, STEPS_A_PASS, DAY_SECONDS = 5.0, 3, 86_400
QUIET = timedelta(minutes=4)
LASTING = frozenset({"memory_leak", "flapping"})
CACHE = "benchmarks.soak.cache.ClockCache"


@dataclass
class Struck:
    """A fault that is on: what was injected, and the template that it brought."""

    planned: Planned
    fault: Fault
    span: Span
    template: Any = None


@dataclass
class Life:
    """One simulated cluster and KubeWise on it, moved step by step."""

    simulator: Simulator
    planned: list[Planned]
    owners: Owners
    watcher: Watcher = field(default_factory=Watcher)
    spans: list[Span] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    passes: int = 0
    pass_seconds: list[float] = field(default_factory=list)
    _struck: list[Struck] = field(default_factory=list)
    _watched: list[Span] = field(default_factory=list)
    _going: list[tuple[datetime, happenings.Steps]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.simulator.cluster.clock.now()

    def live(self, until: datetime) -> Iterator[datetime]:
        """Takes every pass until then; yields the time after each."""
        while self.now < until:
            self._pass()
            yield self.now

    def _pass(self) -> None:
        began = time.process_time()
        for step in range(STEPS_A_PASS):
            self.move(STEP_SECONDS)
            if step == 0:
                _run(pipeline.SCRAPE)
                _run(pipeline.DETECT)
            _run(pipeline.SWEEP)
        self.watcher.look(self.now, STEP_SECONDS * STEPS_A_PASS)
        if self.passes % (DAY_SECONDS // 15) == DAY_SECONDS // 15 - 1:
            _run(pipeline.PRUNE)
        self.passes += 1
        self.pass_seconds.append(time.process_time() - began)

    def move(self, seconds: float) -> None:
        """The cluster goes on for `seconds`."""
        self.simulator.settle(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Whatever is due happens, and the truth looks on, `seconds` after the former time."""
        self._start_due()
        self._go_on()
        self._take_back()
        for span in self._watched:
            span.look(self.simulator.store, self.now, seconds)
        self._watched = [one for one in self._watched if not one.over(self.now, QUIET)]

    def _start_due(self) -> None:
        while self.planned and self.planned[0].at <= self.now:
            one = self.planned.pop(0)
            self.happened[one.name] += 1
            if one.name in KINDS:
                self._strike(one)
            else:
                self._going.append((self.now, happenings.begin(self.simulator, one)))

    def _strike(self, planned: Planned) -> None:
        if self._is_missing(planned):
            return
        fault = self.simulator.inject(planned.name, planned.target)
        kind = self.simulator.cluster.resource(fault.target.table).kind
        owner = (kind, fault.target.namespace, fault.target.name)
        span = Span(len(self.spans) + 1, planned.name, fault.cause, owner, self.now, {owner},
                    planned.name in LASTING)  # fmt: skip
        if kind == "Node":
            span.affected |= owners_on(self.simulator.store, self.owners, owner[2])
        self.spans.append(span)
        self._watched.append(span)
        self._struck.append(Struck(planned, fault, span, _template(fault)))

    def _is_missing(self, planned: Planned) -> bool:
        """A node that was exchanged meanwhile."""
        kind, _, name = planned.target.removeprefix("/").partition("/")
        return kind == "node" and self.simulator.store.get("nodes", "", name) is None

    def _go_on(self) -> None:
        waiting, self._going = self._going, []
        for due, steps in waiting:
            if due > self.now:
                self._going.append((due, steps))
                continue
            try:
                pause = next(steps, None)
            except ApiError as error:
                self.failures[f"event: {error}"] += 1
                continue
            if pause is not None:
                self._going.append((self.now + timedelta(seconds=pause), steps))

    def _take_back(self) -> None:
        for struck in self._struck:
            due = struck.planned.at + timedelta(seconds=struck.planned.seconds)
            if struck.span.taken_back is None and due <= self.now:
                self._clear(struck)
        self._struck = [one for one in self._struck if one.span.taken_back is None]

    def _clear(self, struck: Struck) -> None:
        """Whoever mended the template already keeps it as it is."""
        self.simulator.faults.remove(struck.fault)
        struck.span.taken_back = self.now
        try:
            if struck.template is None or struck.template == _template(struck.fault):
                struck.fault.clear(self.now)
            if struck.span.owner[0] == "Node":
                happenings.uncordon(self.simulator, struck.span.owner[2])
        except ApiError as error:
            self.failures[f"clear {struck.planned.name}: {error}"] += 1


def _template(fault: Fault) -> Any:
    """What a release brought; None for faults that are none."""
    if fault.before is None:
        return None
    try:
        spec = fault.obj()["spec"]
    except ApiError:
        return None
    return (spec.get("replicas") == 0, spec["template"])


def _run(task: str) -> None:
    app.tasks[task].apply()


@contextmanager
def born(simulator: Simulator, planned: list[Planned], folder: Path, target: str) -> Iterator[Life]:
    """The product, started anew on an empty database, reading the simulator's clock."""
    caches = {name: {"BACKEND": CACHE, "LOCATION": "soak"} for name in settings.CACHES}
    reader = simulator.kubeconfig(folder / "read.yaml", "read")
    writer = simulator.kubeconfig(folder / "act.yaml", "act")
    moved = override_settings(
        CACHES=caches, PROMETHEUS_URL=simulator.prometheus_url, NOTIFY_URLS=[target],
        KUBE_READ_KUBECONFIG=str(reader), KUBE_ACT_KUBECONFIG=str(writer),
    )  # fmt: skip
    life = Life(simulator, planned, Owners(simulator.store))
    with ExitStack() as stack:
        stack.enter_context(moved)
        stack.enter_context(answered_in_process(simulator))
        stack.enter_context(patch("kubernetes.client.configuration.getproxies", dict))
        stack.enter_context(_eager(life))
        stack.enter_context(_moved_clock(life))
        prepare(life.now)
        yield life


@contextmanager
def _moved_clock(life: Life) -> Iterator[None]:
    """The wall clock, and the pauses of a drain, are the simulator's."""
    clock.use(lambda: life.now)
    pauses = SimpleNamespace(sleep=life.move, monotonic=time.monotonic)
    connections = (clients.reader, clients.prometheus, remediation_clients._writer)
    for one in connections:
        one.cache_clear()
    try:
        with patch.object(drain, "time", pauses):
            yield
    finally:
        clock.use()
        for one in connections:
            one.cache_clear()


@contextmanager
def _eager(life: Life) -> Iterator[None]:
    """Whatever is published runs at once; a task that raises is counted."""

    def failed(sender: Any = None, exception: Any = None, einfo: Any = None, **_: Any) -> None:
        life.failures[f"{sender.name}: {type(exception).__name__}: {exception}"[:200]] += 1
        if life.failures.total() <= 3:
            traceback.print_exception(exception)

    app.loader.import_default_modules()
    task_failure.connect(failed)
    app.conf.task_always_eager = True
    try:
        yield
    finally:
        app.conf.task_always_eager = False
        task_failure.disconnect(failed)
