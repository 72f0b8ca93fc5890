"""The servers of an hour: Prometheus, PostgreSQL with Redis, and KubeWise as its users start it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

DEBIAN = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"
JOBS = ("kube-state-metrics", "kubelet", "node-exporter")
WAIT_SECONDS = 180.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, look: Callable[[], bool]) -> None:
    """Raises TimeoutError."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {WAIT_SECONDS:g} s in vain for {what}")
        time.sleep(0.5)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


@dataclass
class Prometheus:
    """One that can be stopped and started again on its data."""

    folder: Path
    target: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "prometheus.yml"
        config.write_text("scrape_configs:\n" + "".join(map(self._job, JOBS)))
        command = [
            _program("prometheus"), f"--config.file={config}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error",
        ]  # fmt: skip
        self.process = subprocess.Popen(command)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def _job(self, job: str) -> str:
        return (
            f"  - job_name: {job}\n    scrape_interval: 15s\n    honor_labels: true\n"
            f"    params: {{job: [{job}]}}\n"
            f"    static_configs: [{{targets: ['{self.target}']}}]\n"
        )


@contextmanager
def pair(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """The settings of a pair: `sqlite` with the embedded broker, or `postgres` with Redis."""
    if name == "sqlite":
        yield {"DATABASE_URL": f"sqlite:///{folder}/soak.sqlite3"}
        return
    with _postgres() as database, _redis(folder) as broker:
        yield {"DATABASE_URL": database, "CELERY_BROKER_URL": broker}


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [_program("redis-server"), "--port", str(port), "--bind", "127.0.0.1",
               "--appendonly", "yes", "--dir", str(folder), "--loglevel", "warning"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _postgres() -> Iterator[str]:
    """As the server's own account where we are root, which it refuses to run as."""
    folder, port = Path(tempfile.mkdtemp(prefix="soak-postgres-")), free_port()
    if os.getuid() == 0:
        shutil.chown(folder, ACCOUNT, ACCOUNT)
    data = str(folder / "data")
    try:
        _as_account("initdb", "-D", data, "-U", ACCOUNT, "--auth=trust", "-E", "UTF8")
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder}"
        _as_account("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
        yield f"postgres://{ACCOUNT}@127.0.0.1:{port}/postgres"
    finally:
        _as_account("pg_ctl", "-D", data, "-m", "fast", "stop", check=False)
        shutil.rmtree(folder)


def _as_account(name: str, *arguments: str, check: bool = True) -> None:
    account = {"user": ACCOUNT, "group": ACCOUNT} if os.getuid() == 0 else {}
    subprocess.run(
        [_program(name), *arguments], check=check, stdout=subprocess.DEVNULL, cwd="/",
        **account,  # type: ignore[call-overload]
    )  # fmt: skip


def _program(name: str) -> str:
    found = shutil.which(name) or next(map(str, DEBIAN.glob(f"*/bin/{name}")), None)
    if found is None:
        raise FileNotFoundError(f"{name} is missing")
    return found


@contextmanager
def product(environment: Mapping[str, str], console: Path) -> Iterator[int]:
    """`manage.py up` with these settings; its process id. Ends as Ctrl-C ends it."""
    port = free_port()
    command = [sys.executable, "manage.py", "up", "--port", str(port)]
    with console.open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        wait_for("the web process", lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
