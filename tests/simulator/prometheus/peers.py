"""A real Prometheus over a history, and requests to either side."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.simulator.prometheus.history import Series, openmetrics

READY_SECONDS = 30.0
RETENTION = "--storage.tsdb.retention.time=100y"


@contextmanager
def real_prometheus(history: list[Series], directory: Path) -> Iterator[str]:
    """The address of a Prometheus that has the history; needs Debian's package `prometheus`."""
    _backfill(history, directory)
    (directory / "prometheus.yml").write_text("global: {}\n")
    port = _free_port()
    log = (directory / "log").open("wb")
    process = subprocess.Popen(_command(directory, port), stdout=log, stderr=log)
    try:
        yield _ready(f"http://127.0.0.1:{port}", process, directory)
    finally:
        process.terminate()
        process.wait(timeout=READY_SECONDS)
        log.close()


def answer(url: str, path: str, params: dict[str, str]) -> tuple[int, Any]:
    """Status and JSON of a GET."""
    response = requests.get(url + path, params=params, timeout=30)
    return response.status_code, response.json()


def _backfill(history: list[Series], directory: Path) -> None:
    text = directory / "history.om"
    text.write_text("".join(openmetrics(history)))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics"]
    command += [str(text), str(directory / "data")]
    subprocess.run(command, check=True, capture_output=True)


def _command(directory: Path, port: int) -> list[str]:
    return [
        "prometheus",
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        RETENTION,
        "--web.enable-remote-write-receiver",
    ]


def _ready(url: str, process: subprocess.Popen[bytes], directory: Path) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/-/ready", timeout=1).ok:
                return url
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError((directory / "log").read_text())


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
