"""The Simulator: cluster, controllers, API server, metrics and faults in one object."""

import os
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from simulator.apimachinery.clock import Clock, utc_now
from simulator.apimachinery.objects import Obj
from simulator.apimachinery.store import Change, Store
from simulator.cluster import Cluster, LogKey
from simulator.controllers import all_controllers
from simulator.controllers.nodes.scheduler import Scheduler
from simulator.controllers.work_queue import Engine
from simulator.exporters.scrape import Sampler
from simulator.faults import Fault, make_fault, parse_target
from simulator.http.api import Api
from simulator.http.control import Front
from simulator.http.recorder import Write
from simulator.http.server import Server
from simulator.prometheus.storage.store import MetricStore

TICK_SECONDS = 0.1
CONTEXTS = {"admin": "simulator", "read": "simulator-read", "act": "simulator-act"}
TIMED = (
    "nodes",
    "cronjobs.batch",
    "horizontalpodautoscalers.autoscaling",
    "events",
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "services",
    "poddisruptionbudgets.policy",
    "resourcequotas",
    "namespaces",
)


class Simulator:
    """A context manager that serves while it is open.

    `controllers=False` is the static mode: objects stay exactly as loaded. `background=False`
    moves only by `tick`. `now` is the source of time; `tick(now)` sets it for good.
    """

    def __init__(
        self,
        port: int = 0,
        controllers: bool = True,
        background: bool = True,
        seed: int = 0,
        now: Callable[[], datetime] = utc_now,
        host: str = "127.0.0.1",
    ) -> None:
        self.cluster = Cluster(clock=Clock(now))
        self.cluster.random.seed(seed)
        self.controllers = controllers
        self.background = background
        self.engine = Engine(self.cluster, all_controllers(self.cluster) if controllers else [])
        self.api = Api(self.cluster)
        self.metric_store = MetricStore()
        self.sampler = Sampler(self.cluster, self.metric_store)
        self.prometheus_away = False
        self.faults: list[Fault] = []
        self.scheduled: list[tuple[datetime, str, str | None]] = []
        self.server = Server(host, port, Front(self).handle)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._loop, daemon=True)

    # -- life ------------------------------------------------------------------------------

    def __enter__(self) -> "Simulator":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self.server.start()
        if self.background:
            self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.api.closing.set()
        self.api.switches.released.set()
        with self.store.changed:
            self.store.changed.notify_all()
        if self.thread.is_alive():
            self.thread.join()
        self.server.stop()

    def _loop(self) -> None:
        while not self.stopping.wait(TICK_SECONDS):
            try:
                with self.store.lock:  # so that this moment is not older than what a fault replays
                    self.step(self.cluster.clock.now())
            except Exception:
                traceback.print_exc()

    # -- where it is -----------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def prometheus_url(self) -> str:
        return f"{self.url}/prometheus"

    def kubeconfig(self, path: str | Path, user: str = "admin") -> Path:
        """Writes a kubeconfig (mode 0600): a context for each account, `user`'s is the current."""
        return write_kubeconfig(Path(path), self.url, user)

    # -- state -----------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        return self.cluster.store

    @property
    def writes(self) -> list[Write]:
        return list(self.api.recorder.writes)

    @property
    def reads(self) -> dict[str, int]:
        return dict(self.api.recorder.reads)

    def reset_counters(self) -> None:
        self.api.recorder.reset()

    def load(
        self,
        objects: Iterable[Obj],
        logs: dict[LogKey, str] | None = None,
        metrics: Iterable[Obj] = (),
    ) -> None:
        """Objects exactly as given; see simulator.world.static_objects."""
        from simulator.world.static_objects import load

        load(self.cluster, self.metric_store, objects, logs or {}, metrics)

    def wake_controllers(self) -> None:
        """From now on controllers look at whatever changes.

        What was loaded stays as it is until something of it changes.
        """
        self.controllers = True
        self.engine = Engine(self.cluster, all_controllers(self.cluster))
        for controller in self.engine.controllers:
            if isinstance(controller, Scheduler):
                controller.remember_pending()

    # -- time ------------------------------------------------------------------------------

    def tick(self, now: datetime) -> None:
        """Sets the clock to `now` and does everything that is due until then."""
        self.step(now)
        self.cluster.clock.set(now)

    def step(self, now: datetime) -> None:
        with self.store.lock:
            self._inject_due(now)
            self.engine.run_until(now)
            if not self.prometheus_away:
                self.sampler.sample(now)

    def settle(self, seconds: float = 60.0) -> datetime:
        """Lets `seconds` of simulated time pass at once; returns the new now."""
        now = self.cluster.clock.now() + timedelta(seconds=seconds)
        self.tick(now)
        return now

    def poke(self, table: str, obj: Obj) -> None:
        """Has the controllers look at an object that did not change."""
        self.engine.notice(Change(self.store.revision, table, obj, obj, obj))

    def seed_timers(self) -> None:
        self.engine.seed(TIMED)

    # -- faults ----------------------------------------------------------------------------

    def inject(self, name: str, target: str | None = None, began_seconds_ago: float = 0.0) -> Fault:
        """Injects a fault of simulator.faults.

        Target is "namespace/kind/name" or None for its own.
        """
        with self.store.lock:
            now = self.cluster.clock.now()
            fault = make_fault(name)(self, parse_target(target))
            began = now - timedelta(seconds=began_seconds_ago)
            if began_seconds_ago > 0:
                self.sampler.forget_since(began)
            with self.cluster.clock.at(began):
                fault.inject(began)
            self._replay(began, now)
            self.faults.append(fault)
            return fault

    def _replay(self, began: datetime, now: datetime) -> None:
        """Runs the controllers from then to now, with a sample of the metrics each minute."""
        engine = (
            self.engine
            if self.engine.controllers
            else Engine(self.cluster, all_controllers(self.cluster))
        )
        moment = began
        while moment < now:
            moment = min(now, moment + timedelta(seconds=60))
            engine.run_until(moment)
            with self.cluster.clock.at(moment):
                self.sampler.sample(moment)
        engine.run_until(now)
        if engine is not self.engine:
            self.store.listeners.remove(engine.notice)

    def clear(self, name: str | None = None) -> None:
        """Takes faults back (all, or those of that name).

        The controllers then repair what is left.
        """
        with self.store.lock:
            now = self.cluster.clock.now()
            for fault in [f for f in self.faults if name in (None, f.name)]:
                fault.clear(now)
                self.faults.remove(fault)

    def schedule_fault(self, name: str, target: str | None, after_seconds: float) -> None:
        at = self.cluster.clock.now() + timedelta(seconds=after_seconds)
        self.scheduled.append((at, name, target))

    def _inject_due(self, now: datetime) -> None:
        due = [item for item in self.scheduled if item[0] <= now]
        for item in due:
            self.scheduled.remove(item)
            self.inject(item[1], item[2])


def write_kubeconfig(path: Path, url: str, user: str) -> Path:
    """kubectl sends no token over plain HTTP, so the server's path names it too: /as/TOKEN."""
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": n, "cluster": {"server": f"{url}/as/{key}-token"}}
            for key, n in CONTEXTS.items()
        ],
        "users": [{"name": n, "user": {"token": f"{key}-token"}} for key, n in CONTEXTS.items()],
        "contexts": [{"name": n, "context": {"cluster": n, "user": n}} for n in CONTEXTS.values()],
        "current-context": CONTEXTS[user],
    }
    path = path.absolute()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        yaml.safe_dump(document, file)
    os.chmod(temporary, 0o600)
    os.replace(temporary, path)
    return path
