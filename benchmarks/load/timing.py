"""What an answer of the server takes: wall time, CPU time and queries, beside their bars."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from tqdm import tqdm

Address = Callable[[random.Random], str]
HEAD = "| {} | p50 | p95 | CPU, p95 | queries | pinned |\n|---|---|---|---|---|---|"
SEED = 11


@dataclass(frozen=True)
class TimedRequest:
    """One kind of request; `address` makes one of many, so that no answer is just remembered."""

    name: str
    address: Address
    queries: int


@dataclass(frozen=True)
class Measured:
    """Seconds of each answer after the first; CPU seconds of each; the queries of the first."""

    seconds: list[float]
    cpu_seconds: list[float]
    queries: int


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def report(
    client: Any, asked: Iterable[TimedRequest], times: int, bar_seconds: float, what: str
) -> int:
    """Print the table; the number of rows over the bar or off their pinned queries."""
    from kubewise_site.core.garbage_collector import settle_garbage

    settle_garbage()  # as the web process does when it starts
    rows = [(one, _measured(client, one, times)) for one in tqdm(list(asked), desc="answers")]
    print(HEAD.format(what))
    wrong = 0
    for one, found in rows:
        bad = _p95(found.seconds) > bar_seconds or found.queries != one.queries
        wrong += bad
        shown = (median(found.seconds), _p95(found.seconds), _p95(found.cpu_seconds))
        told = " | ".join(f"{seconds * 1000:.0f} ms" for seconds in shown)
        end = " MISSED" if bad else ""
        print(f"| {one.name} | {told} | {found.queries} | {one.queries} |{end}", flush=True)
    print(f"\n{times} answers of each; bar: p95 {bar_seconds * 1000:.0f} ms and the pinned number "
          f"of queries; load of the machine {os.getloadavg()[0]:.1f}; {wrong} missed")  # fmt: skip
    return wrong


def _measured(client: Any, asked: TimedRequest, times: int) -> Measured:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    chance, seconds, spent = random.Random(SEED), list[float](), list[float]()
    address = asked.address(chance)
    with CaptureQueriesContext(connection) as captured:
        _answered(client, address)
    queries = len(captured)  # now: the next request begins a new log
    for _ in range(times):
        address = asked.address(chance)
        began, cpu = time.perf_counter(), time.process_time()
        _answered(client, address)
        seconds.append(time.perf_counter() - began)
        spent.append(time.process_time() - cpu)
    return Measured(seconds, spent, queries)


def _answered(client: Any, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address} answers {answer.status_code}: {answer.content[:500]!r}")
