"""Real peers from Debian's packages; a missing one is an error, never a skip."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import redis
import requests

from tests.system.product import free_port, wait_for


@contextmanager
def debian_redis(directory: Path) -> Iterator[str]:
    """A redis-server as docker-compose.yml runs it; yields its address."""
    port = free_port()
    command = [
        _binary("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes",
        "--maxmemory-policy", "noeviction", "--dir", str(directory),
    ]  # fmt: skip
    with _process(command, directory / "redis.log"):
        client = redis.Redis(port=port)
        wait_for("redis-server", lambda: _pings(client))
        client.close()
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def debian_prometheus(directory: Path, target: str) -> Iterator[str]:
    """A Prometheus that scrapes `target`/metrics every second; yields its address."""
    port, config = free_port(), directory / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: kubernetes\n"
        "    honor_labels: true\n"
        f"    static_configs: [{{targets: ['{target}']}}]\n"
    )
    command = [
        _binary("prometheus"), f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with _process(command, directory / "prometheus.log"):
        wait_for("Prometheus", lambda: _answers(f"{url}/-/ready"))
        yield url


@contextmanager
def exporter(text: str) -> Iterator[str]:
    """A tiny exporter that always answers `text`; yields host and port."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Metrics) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextmanager
def _process(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _binary(name: str) -> str:
    path = shutil.which(name)
    assert path, f"{name} is not installed: apt-get install {name}"
    return path


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
