"""What stands before a day begins: the cluster, the product's settings, a target for messages."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from simulator import world
from simulator.cluster.container_behaviour import Image
from simulator.cluster.load import Load
from simulator.simulator import Simulator
from simulator.world.manifests import cronjob

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HISTORY_SECONDS, HISTORY_STEP_SECONDS = 3600.0, 15.0
CRONJOBS = (("shop", "send-mails", "*/10 * * * *"), ("team-a", "export", "5 * * * *"))
MORE = tuple(
    (namespace, name, replicas)
    for namespace, rows in {
        "team-a": (("api", 3), ("worker", 4), ("scheduler", 2), ("frontend", 3), ("mailer", 2)),
        "team-b": (("api", 3), ("indexer", 3), ("billing", 2), ("quotes", 2), ("reports", 2)),
        "data": (("ingest", 4), ("enrich", 3), ("publish", 3), ("schema", 2), ("gateway", 2)),
    }.items()
    for name, replicas in rows
)


def stage(seed: int, begin: datetime = BEGIN, background: bool = False) -> Simulator:
    """About a hundred pods with an hour of past; it moves only when it is told to.

    `background`: by itself, once it is entered and its clock released.
    """
    simulator = Simulator(background=background, seed=seed)
    simulator.tick(begin)
    simulator.cluster.behaviour.load = Load()
    world.build(simulator, history_seconds=0, more=MORE)
    _cronjobs(simulator, begin)
    simulator.sampler.live.clear()
    simulator.sampler.last = None
    simulator.sampler.forget_since(datetime.fromtimestamp(0, UTC))
    simulator.sampler.backfill(begin, HISTORY_SECONDS, HISTORY_STEP_SECONDS)
    return simulator


def _cronjobs(simulator: Simulator, now: datetime) -> None:
    builder = world.World(simulator)
    for namespace, name, schedule in CRONJOBS:
        image = world.image_of(namespace, name, 1)
        simulator.cluster.behaviour.add_image(image, Image(run_seconds=25, log=("INFO done",)))
        builder.create("cronjobs.batch", cronjob(namespace, name, image, schedule), now)


def settings_of(folder: Path, database_url: str = "") -> dict[str, str]:
    """The product as it ships, in AUTO; nothing of the environment's settings counts."""
    return {
        "DJANGO_SETTINGS_MODULE": "kubewise_site.settings",
        "KUBEWISE_ENV_FILE": os.devnull,
        "KUBEWISE_DATA_DIR": str(folder),
        "DATABASE_URL": database_url or f"sqlite:///{folder}/soak.sqlite3",
        "SECRET_KEY": "only-for-this-benchmark-0123456789",
        "DEFAULT_REMEDIATION_MODE": "AUTO",
        "LLM_PROVIDER": "none",
        "CLUSTER_NAME": "soak",
        "LOG_LEVEL": "ERROR",
    }


class _Counting(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.received += 1  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Inbox(ThreadingHTTPServer):
    """Where messages arrive and are counted."""

    received = 0

    @property
    def target(self) -> str:
        return f"json://127.0.0.1:{self.server_address[1]}/"


@contextmanager
def inbox() -> Iterator[Inbox]:
    server = Inbox(("127.0.0.1", 0), _Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
