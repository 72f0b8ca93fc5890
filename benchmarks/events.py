"""The list of events with a million rows: time in the server for the first page and one deep in.

`python -m benchmarks.events [ROWS]`. The database is made anew in a temporary directory; what is
measured is the whole request in the server (routing, token, permission, queries, serializing),
without the network: Django's test client in this process.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

ROWS_DEFAULT = 1_000_000
SEEDED = 1_000
REQUESTS = 200
LIMIT = 20
BAR_SECONDS = 0.050


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS_DEFAULT
    with tempfile.TemporaryDirectory() as directory:
        os.environ |= {
            "KUBEWISE_DATA_DIR": directory,
            "KUBEWISE_ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "kubewise_site.settings",
            "ALLOWED_HOSTS": "testserver",
            "LOG_LEVEL": "ERROR",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        _fill(rows)
        return _measure(rows)


def _fill(rows: int) -> None:
    """Incidents of many owners, each with two transitions, one in ten still open.

    The first ones are written by the ORM, the rest are copies of them, doubled in the database.
    """
    from detection.clients import current_cluster
    from detection.models import Incident, Transition

    cluster, now = current_cluster(), datetime.now(UTC)
    first = min(rows, SEEDED)
    made = Incident.objects.bulk_create(
        _incident(cluster, number, now - timedelta(seconds=rows - number))
        for number in range(first)
    )
    Transition.objects.bulk_create(
        Transition(incident=row, at=row.first_seen, actor="KubeWise", after="Detected")
        for row in made
    )
    while (there := Incident.objects.count()) < rows:
        _double(min(there, rows - there), there)


def _double(number: int, offset: int) -> None:
    """Copy the oldest `number` incidents and their transitions; SQLite only."""
    from django.db import connection

    from detection.models import Incident, Transition

    fresh = {"id": f"id + {offset}", "anomaly_id": "lower(hex(randomblob(16)))", "open_key": "NULL"}
    moved = {"id": f"id + {offset}", "incident_id": f"incident_id + {offset}"}
    with connection.cursor() as cursor:
        for model, changed, key in ((Incident, fresh, "id"), (Transition, moved, "incident_id")):
            columns = [str(field.column) for field in model._meta.concrete_fields]
            values = ", ".join(changed.get(column, column) for column in columns)
            table, names = model._meta.db_table, ", ".join(columns)
            cursor.execute(
                f"INSERT INTO {table} ({names}) "  # noqa: S608 names of our own tables
                f"SELECT {values} FROM {table} WHERE {key} <= {number}"
            )


def _incident(cluster: Any, number: int, at: datetime) -> Any:
    from detection.models import Incident

    still_open = number % 10 == 0
    return Incident(
        cluster=cluster, open_key=f"k{number}" if still_open else None,
        owner_kind="Deployment", owner_namespace=f"team-{number % 50}", owner_name=f"app-{number}",
        cause=("BAD_RELEASE", "IMAGE_NOT_FOUND", "OOM_LIMIT_LOW")[number % 3],
        severity=("info", "warning", "critical")[number % 3],
        status="AwaitingApproval" if still_open else "Resolved",
        summary=f"1 of 2 replicas of app-{number} is ready", onset=at, first_seen=at, last_seen=at,
        evidence=[{"source": "pod", "text": "it fails", "decisive": True}],
    )  # fmt: skip


def _measure(rows: int) -> int:
    from django.contrib.auth.models import User
    from django.test import Client

    from kubewise_site.access import issuing

    user = User.objects.create_superuser("bench")
    _, token = issuing.issue(user, "bench", (), 1, datetime.now(UTC))
    client = Client(headers={"Authorization": f"Bearer {token}"})
    base = f"/api/v1/remediation/events?limit={LIMIT}"
    deep = _deep(base, rows)
    print(f"{rows:,} events, {LIMIT} a page, {REQUESTS} requests each, SQLite\n")
    print("| request | p50 | p95 | p95 of CPU |\n|---|---|---|---|")
    judged = [
        _row("first page", partial(client.get, base)),
        _row("a page deep in", partial(client.get, deep)),
    ]
    for name in ("status=AwaitingApproval", "severity=critical", "namespace=team-7",
                 "cause=BAD_RELEASE", "status=Escalated"):  # fmt: skip
        _row(name, partial(client.get, f"{base}&{name}"))
    return 0 if max(judged) < BAR_SECONDS else 1


def _deep(base: str, rows: int) -> str:
    """The address of a page in the middle, as `next` would give it."""
    from base64 import b64encode
    from urllib.parse import urlencode

    position = urlencode({"p": str(rows // 2)})
    return f"{base}&{urlencode({'cursor': b64encode(position.encode()).decode()})}"


def _row(name: str, call: Callable[[], Any]) -> float:
    """Print the row; p95 in seconds."""
    times, cpu = [], []
    for _ in range(REQUESTS):
        began, spent = time.perf_counter(), time.process_time()
        answer = call()
        cpu.append(time.process_time() - spent)
        times.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise SystemExit(answer.content.decode())
    p95 = statistics.quantiles(times, n=20)[-1]
    shown = (statistics.median(times), p95, statistics.quantiles(cpu, n=20)[-1])
    told = " | ".join(f"{seconds * 1000:.1f} ms" for seconds in shown)
    print(f"| {name} | {told} |", flush=True)
    return p95


if __name__ == "__main__":
    raise SystemExit(main())
