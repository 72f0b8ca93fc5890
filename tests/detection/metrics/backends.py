"""The two things that answer PromQL in tests: the simulator's evaluator and the real Prometheus."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from detection.metrics.prometheus import Prometheus
from simulator.prometheus.faults import Faults
from simulator.prometheus.http.server import PrometheusServer
from simulator.prometheus.storage.store import MetricStore
from tests.detection.metrics.dataset import NOW, Line, for_store, openmetrics

READY_SECONDS = 30


@contextmanager
def simulated(lines: list[Line], faults: Faults | None = None) -> Iterator[Prometheus]:
    store = MetricStore()
    store.load(for_store(lines))
    with PrometheusServer(store, faults=faults, clock=NOW.timestamp) as server:
        client = Prometheus(server.url)
        yield client
        client.close()


@contextmanager
def real(lines: list[Line], directory: Path) -> Iterator[Prometheus]:
    """Debian's Prometheus over blocks that promtool makes of `lines`."""
    with real_over(openmetrics(lines), directory) as client:
        yield client


@contextmanager
def real_over(text: str, directory: Path) -> Iterator[Prometheus]:
    """The same over series in the OpenMetrics format; '' for none."""
    blocks = _blocks(text, directory) if text else directory / "data"
    port = _free_port()
    program = _program("prometheus")
    config = directory / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    command = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={blocks}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (directory / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, directory)
        client = Prometheus(url)
        yield client
        client.close()
    finally:
        process.terminate()
        process.wait(30)


def _blocks(series: str, directory: Path) -> Path:
    text, blocks = directory / "series.txt", directory / "data"
    text.write_text(series)
    command = [_program("promtool"), "tsdb", "create-blocks-from", "openmetrics"]
    done = subprocess.run([*command, str(text), str(blocks)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return blocks


def _program(name: str) -> str:
    path = shutil.which(name)
    assert path, f"this test needs {name} (Debian's package prometheus)"
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], directory: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, (directory / "prometheus.log").read_text()
        try:
            if requests.get(f"{url}/-/ready", timeout=1).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.05)
    raise AssertionError("Prometheus did not get ready")
