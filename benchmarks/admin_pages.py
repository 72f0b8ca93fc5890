"""How fast the admin answers with a million incidents: `python -m benchmarks.admin_pages`.

Makes a database of its own (SQLite in a temporary directory, or DATABASE_URL, which must be empty),
then asks each page through the whole of Django. Prints a table; exits 1 where a page is over its
time or its number of queries.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any

BAR_SECONDS = 0.3
LIST = "/admin/detection/incident/"
Path = Callable[[random.Random], str]


def _list(query: str) -> Path:
    return lambda _: f"{LIST}?{query}"


def pages(first: int, incidents: int) -> dict[str, tuple[Path, int]]:
    """Page → how its path is made, and the most queries that it may take."""
    filters = {
        "list": "",
        "needs me": "state=waiting",
        "over": "state=over",
        "all": "state=all",
        "severity": "state=all&severity__exact=critical",
        "status": "state=all&status__exact=Escalated",
        "cause": "state=all&cause=BAD_RELEASE",
        "namespace": "state=all&namespace=team-17",
        "rare namespace": "state=all&namespace=team-199",
        "kind": "state=all&kind=Node",
        "source": "state=all&source=forecast",
        "mode auto": "state=all&mode=auto",
        "open, severity": "severity__exact=critical",
        "open, namespace": "namespace=team-17",
        "page 100": "state=all&p=100",
    }
    found: dict[str, tuple[Path, int]] = {
        f"incidents: {name}": (_list(query), 9) for name, query in filters.items()
    }
    searches: dict[str, Path] = {
        "search: name": lambda chance: f"{LIST}?state=all&q=app-{chance.randrange(50_000)}",
        "search: prefix": lambda chance: f"{LIST}?state=all&q=app-{chance.randrange(10)}",
        "search: namespace/name": lambda chance: f"{LIST}?state=all&q=team-3/app-1",
    }
    found |= {name: (path, 9) for name, path in searches.items()}
    found["incident"] = (lambda chance: f"{LIST}{first + chance.randrange(incidents)}/change/", 12)
    return {"dashboard": (lambda _: "/admin/", 20), "dashboard: refresh": (
        lambda _: "/admin/fragment/", 20), "dashboard: charts": (lambda _: "/admin/charts/", 6),
        **found}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """Seconds of each answer after one to warm up; CPU seconds of all; the queries of one."""

    seconds: list[float]
    cpu_seconds: float
    queries: int


def measure(client: Any, path: Path, times: int) -> Measured:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    chance, seconds = random.Random(11), list[float]()
    with CaptureQueriesContext(connection) as captured:
        _checked(client.get(path(chance)), path)
    queries, cpu = len(captured), time.process_time()
    for _ in range(times):
        asked = path(chance)
        began = time.perf_counter()
        answer = client.get(asked)
        seconds.append(time.perf_counter() - began)
        _checked(answer, asked)
    return Measured(seconds, time.process_time() - cpu, queries)


def _checked(answer: Any, asked: object) -> None:
    if answer.status_code != 200:
        raise SystemExit(f"{asked} answers {answer.status_code}")


def run(incidents: int, transitions: int, open_now: int, times: int) -> int:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from benchmarks import million
    from detection.models import Incident

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    admin = User.objects.create_superuser("bench", password=None)
    began = time.perf_counter()
    million.fill(incidents, transitions, open_now, datetime.now(UTC))
    print(f"{connection.vendor}: {incidents:,} incidents, {transitions:,} transitions, "
          f"{open_now:,} open; written in {time.perf_counter() - began:.0f} s")  # fmt: skip
    client = Client()
    client.force_login(admin)
    first = Incident.objects.order_by("pk").values_list("pk", flat=True)[0]
    return _report(client, pages(first, incidents), times)


def _report(client: Any, asked: dict[str, tuple[Path, int]], times: int) -> int:
    wrong = 0
    print("| page | p50 | p95 | CPU, mean | queries | most |\n|---|---|---|---|---|---|")
    for name, (path, most) in asked.items():
        found = measure(client, path, times)
        parts, cpu = quantiles(found.seconds, n=20), found.cpu_seconds / times
        bad = parts[18] > BAR_SECONDS or found.queries > most
        wrong += bad
        print(f"| {name} | {parts[9] * 1000:.0f} ms | {parts[18] * 1000:.0f} ms "
              f"| {cpu * 1000:.0f} ms | {found.queries} "
              f"| {most} |{' OVER' if bad else ''}", flush=True)  # fmt: skip
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=1_000_000)
    parser.add_argument("--transitions", type=int, default=5_000_000)
    parser.add_argument("--open", type=int, default=3_000, help="of the incidents, the newest")
    parser.add_argument("--times", type=int, default=40, help="answers of each page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kubewise-bench-") as directory:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
        os.environ["KUBEWISE_ENV_FILE"] = os.devnull
        os.environ["KUBEWISE_DATA_DIR"] = directory
        os.environ["LOG_LEVEL"] = "ERROR"
        import django

        django.setup()
        return run(given.incidents, given.transitions, given.open, given.times)


if __name__ == "__main__":
    sys.exit(main())
