"""`make bench-slow`: pages, API and stop switch while 1,000 slow connections are open.

    python -m benchmarks.slow --command "gunicorn app --bind 127.0.0.1:{port}"    # another server

One process holds the slow connections, another asks; the exit code is 1 where an answer is missing
or the 95th percentile is over the bar.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shlex
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median, quantiles

import requests

from benchmarks.slow.clients import PLAYS, crowd
from tests.kubewise_site.server import Server, running
from tests.pairs.own import SMALL

BAR_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
Asked = tuple[str, str, str]  # what it is, method, path
ASKED: tuple[Asked, ...] = (
    ("log-in page", "GET", "/admin/login/"),
    ("API, events", "GET", "/api/v1/remediation/events"),
    ("stop switch", "PUT", "/api/v1/setup/stop"),
)


def main() -> None:
    given = _arguments()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with (
        tempfile.TemporaryDirectory() as directory,
        running(Path(directory), SMALL, shlex.split(given.command)) as server,
    ):
        missed = sum(_under(server, given, names) for names in _crowds(given.kinds))
    sys.exit(1 if missed else 0)


def _arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--kinds", nargs="*", choices=[*PLAYS, "all"], default=["all"])
    parser.add_argument("--command", default="", help="another server; {port} is put in")
    return parser.parse_args()


def _crowds(kinds: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(PLAYS) if kind == "all" else (kind,) for kind in kinds]


def _under(server: Server, given: Namespace, names: tuple[str, ...]) -> int:
    """Print a row for each kind of request; how many rows are not as wanted."""
    with _besieged(server, given.number, names) as settled:
        settled.wait(60)
        found = _ask(server, time.monotonic() + given.seconds)
    print(f"  load of the machine: {os.getloadavg()[0]:.1f}")
    return sum(_told(" + ".join(names), what, seconds) for what, seconds in found.items())


@contextmanager
def _besieged(server: Server, number: int, names: tuple[str, ...]) -> Iterator[Event]:
    context = multiprocessing.get_context("fork")
    settled, over = context.Event(), context.Event()
    port = int(server.base.rpartition(":")[2])
    process = context.Process(target=_besiege, args=(port, number, names, settled, over))
    process.start()
    try:
        yield settled
    finally:
        over.set()
        process.join()


def _besiege(port: int, number: int, names: tuple[str, ...], settled: Event, over: Event) -> None:
    with crowd(port, number, names) as found:
        deadline = time.monotonic() + 20
        while found.open.total() < number and time.monotonic() < deadline:
            time.sleep(0.1)
        settled.set()
        over.wait()
        print(
            f"  slow connections open: {dict(found.open)}; ended by the server: {dict(found.cut)}"
        )


def _ask(server: Server, until: float) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {what: [] for what, _, _ in ASKED}
    while time.monotonic() < until:
        for what, method, path in ASKED:
            found[what].append(_seconds(server, method, path))
    return found


def _seconds(server: Server, method: str, path: str) -> float:
    """Infinite where no answer came."""
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {server.token('operate')}", "Connection": "close"}
    body = {"stopped": True, "reason": "a benchmark"} if method == "PUT" else None
    try:
        answer = requests.request(
            method, server.base + path, json=body, headers=headers, timeout=PATIENCE_SECONDS
        )
    except requests.RequestException:
        return float("inf")
    return time.monotonic() - began if answer.ok else float("inf")


def _told(crowd_name: str, what: str, seconds: list[float]) -> int:
    answered = [one for one in seconds if one < float("inf")]
    p95 = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else float("inf")
    wrong = len(answered) < len(seconds) or not p95 <= BAR_SECONDS
    cells = (f"{len(answered)} of {len(seconds)}", f"{median(seconds):.3f} s", f"{p95:.3f} s")
    print(
        f"| {crowd_name} | {what} | {' | '.join(cells)} |{' MISSED' if wrong else ''}", flush=True
    )
    return int(wrong)


main()
