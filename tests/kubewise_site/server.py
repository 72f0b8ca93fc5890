"""The web process with its own database and broker, for tests that talk to it over a socket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from kubewise_site.core.config.reading import BASE_DIR
from kubewise_site.up.programs import web
from tests.pairs.own import Pair
from tests.system.product import clean_environment, free_port

UNLIMITED = "1000000"


@dataclass
class Server:
    """`seeded` is what `tests.kubewise_site.seed` printed: ids, the digest, and tokens by scope."""

    base: str
    environment: dict[str, str]
    seeded: dict[str, Any] = field(default_factory=dict)
    pid: int = 0

    def token(self, scope: str) -> str:
        return str(self.seeded["tokens"][scope])


@contextmanager
def running(directory: Path, pair: Pair, command: Sequence[str] | None = None) -> Iterator[Server]:
    """Migrated, seeded, answering; nothing of it is left afterwards.

    `command` starts another web server; {port} is put in.
    """
    port = free_port()
    environment = clean_environment() | {
        "KUBEWISE_ENV_FILE": os.devnull,
        "KUBEWISE_DATA_DIR": str(directory / "var"),
        "PROMETHEUS_URL": "",
        "AUTOENCODER_MODEL_PATH": str(directory / "models" / "kube_anomaly_autoencoder.keras"),
        "API_WRITES_PER_MINUTE": UNLIMITED,
        "FAILED_LOGINS_MOST": UNLIMITED,
        "LOG_LEVEL": "ERROR",
    }
    server = Server(f"http://127.0.0.1:{port}", environment)
    with pair.servers() as servers:
        environment |= servers
        _manage(environment, "manage.py", "migrate", "--verbosity", "0")
        server.seeded = json.loads(_manage(environment, "-m", "tests.kubewise_site.seed"))
        started = [part.format(port=port) for part in command or web(port)]
        with _process(started, environment, directory / "web.log") as server.pid:
            _wait(server.base)
            yield server


@contextmanager
def _process(command: list[str], environment: dict[str, str], log: Path) -> Iterator[int]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=BASE_DIR, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)


def _manage(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _wait(base: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{base}/readyz", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError(f"the web process does not answer at {base}")
