"""The commands of docker-compose.yml, started as processes: no Docker engine is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import yaml

from kubewise_site.core.config.reading import BASE_DIR
from tests.system.peers import debian_redis
from tests.system.product import clean_environment, free_port, wait_for

pytestmark = [pytest.mark.system, pytest.mark.live, pytest.mark.timeout(300)]
SERVICES = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())["services"]
DEFAULT_WEB = ["python", "-m", "kubewise_site.web", "--host", "0.0.0.0", "--port", "8000",
               "--workers", "2"]  # fmt: skip
COPIES = {"worker-detect": 4}


def test_every_service_starts_and_passes_its_own_health_check(tmp_path: Path) -> None:
    with debian_redis(tmp_path) as url, ExitStack() as stack:
        environment = _environment(tmp_path, url)
        subprocess.run(_command("migrate", 0, 0), cwd=BASE_DIR, env=environment, check=True)
        port = free_port()
        checks = []
        for service in (
            "web",
            "worker-detect",
            "worker-analyze",
            "worker-consult",
            "worker-act",
            "beat",
        ):
            for copy in range(COPIES.get(service, 1)):
                command = _command(service, port, copy)
                stack.enter_context(_process(command, environment, tmp_path / f"{service}{copy}"))
                checks.append(_health_check(service, port, copy))
        for check in checks:
            wait_for(" ".join(check), lambda check=check: _passes(check, environment), 120)


def _environment(directory: Path, url: str) -> dict[str, str]:
    given = clean_environment() | {"KUBEWISE_ENV_FILE": os.devnull, "CELERY_BROKER_URL": url}
    return given | {
        "DATABASE_URL": f"sqlite:///{directory / 'kubewise.sqlite3'}",
        "KUBEWISE_DATA_DIR": str(directory),
    }


def _command(service: str, port: int, copy: int) -> list[str]:
    """Copies on one host need names of their own; containers have host names."""
    parts = SERVICES[service].get("command", DEFAULT_WEB)
    own = {"python": sys.executable, "0.0.0.0": "127.0.0.1", "8000": str(port)}
    return [own.get(part, part.replace("@%h", f"{copy}@%h")) for part in parts]


def _health_check(service: str, port: int, copy: int) -> list[str]:
    test = SERVICES[service]["healthcheck"]["test"][1:]
    role = f"{test[-1]}{copy}" if service.startswith("worker") else test[-1]
    return [sys.executable, *test[1:-1], role, "--port", str(port)]


def _passes(check: list[str], environment: dict[str, str]) -> bool:
    ended = subprocess.run(check, cwd=BASE_DIR, env=environment, capture_output=True)
    return ended.returncode == 0


@contextmanager
def _process(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.with_suffix(".log").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=BASE_DIR, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
