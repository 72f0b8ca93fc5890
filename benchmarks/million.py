"""Rows for the benchmark of the admin: a year of incidents, their transitions, plans, attempts.

Rows are written by `executemany` of plain tuples, which works alike on SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, models, transaction

from detection.causes import Cause, Severity
from detection.clients import current_cluster
from detection.models import Incident, Transition
from detection.states import OPEN, Status
from remediation.models import Approval, Attempt, Plan

BATCH = 20_000
YEAR_SECONDS = 365 * 86_400
KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "Pod", "Node")
SOURCES = ("kubernetes", "kubernetes", "kubernetes", "threshold", "anomaly", "forecast")
WITH_PLAN = 5
ENDED = (Status.RESOLVED,) * 9 + (Status.DISMISSED,)
EVIDENCE = [
    {"source": "kubernetes/pods", "text": "back-off restarting failed container", "decisive": True},
    {"source": "kubernetes/workloads", "text": "3 of 4 ready", "decisive": False},
]
DECISION = {
    "verdict": "ask", "action": "rollback_deployment", "reasons": ["mode: ask: the mode is MANUAL"],
    "not_evaluated": ["dry run", "approval"], "index": 0,
}  # fmt: skip
CANDIDATE = {
    "action": "rollback_deployment", "parameters": {"name": "a", "namespace": "b", "revision": 2},
    "command": "rollback_deployment name=a namespace=b revision=2", "risk": "medium",
    "kubectl": "kubectl rollout undo deployment/a -n b", "description": "Roll it back.",
    "target": {"kind": "Deployment", "namespace": "b", "name": "a", "uid": "u"},
}  # fmt: skip


def fill(incidents: int, transitions: int, open_now: int, now: datetime) -> None:
    """Write everything, the newest incident last. The tables are empty before."""
    rows = _incidents(incidents, open_now, now)
    _insert(Incident, rows)
    first = Incident.objects.order_by("pk").values_list("pk", flat=True)[0]
    _insert(Transition, _transitions(first, incidents, transitions, now))
    _plans(first, incidents, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def at(number: int, total: int, now: datetime) -> datetime:
    """When the incident of that number began: evenly over the year, the last one now."""
    return now - timedelta(seconds=(total - 1 - number) * YEAR_SECONDS / total)


def _incidents(total: int, open_now: int, now: datetime) -> Iterator[dict[str, Any]]:
    chance, cluster = random.Random(7), current_cluster().pk
    opened, severities, causes = sorted(OPEN), list(Severity), list(Cause)
    for number in range(total):
        seen, is_open = at(number, total, now), number >= total - open_now
        last = now if is_open else seen + timedelta(minutes=chance.randint(2, 90))
        yield {
            "anomaly_id": uuid.UUID(int=chance.getrandbits(128)),
            "cluster_id": cluster,
            "open_key": f"1|{number}" if is_open else None,
            "owner_kind": chance.choice(KINDS),
            "owner_namespace": f"team-{min(chance.randrange(200), chance.randrange(200))}",
            "owner_name": f"app-{chance.randrange(50_000)}",
            "owner_uid": str(number),
            "cause": chance.choice(causes).value,
            "severity": chance.choice(severities).value,
            "status": chance.choice(opened if is_open else ENDED),
            "summary": "container app crashes in a loop (exit code 1) in 2 of its pods",
            "source": chance.choice(SOURCES),
            "sources": ["kubernetes"],
            "onset": seen - timedelta(minutes=2),
            "first_seen": seen,
            "last_seen": last,
            "closed_at": None if is_open else last,
            "evidence": EVIDENCE,
            "decision": DECISION,
        }


def _transitions(first: int, incidents: int, total: int, now: datetime) -> Iterator[dict[str, Any]]:
    steps = ("", Status.ANALYZING, "", Status.AWAITING_APPROVAL, Status.RESOLVED)
    for number in range(total):
        incident, step = divmod(number, max(1, total // incidents))
        incident = min(incident, incidents - 1)
        yield {
            "incident_id": first + incident,
            "at": at(incident, incidents, now) + timedelta(seconds=step),
            "actor": "KubeWise",
            "kind": "analysis" if step == 2 else "status",
            "after": steps[step % len(steps)],
            "reason": "ask: rollback_deployment; mode: ask: the mode is MANUAL",
        }


def _plans(first: int, incidents: int, now: datetime) -> None:
    numbers = range(0, incidents, WITH_PLAN)
    moments = [(number, at(number, incidents, now)) for number in numbers]
    _insert(Plan, ({"incident_id": first + number, "incident_version": 1, "created_at": moment,
                    "digest": "d" * 64, "candidates": [CANDIDATE]}
                   for number, moment in moments))  # fmt: skip
    plan = Plan.objects.order_by("pk").values_list("pk", flat=True)[0]
    user = User.objects.order_by("pk").values_list("pk", flat=True)[0]
    by_people = [(row, moment) for row, (_, moment) in enumerate(moments) if row % 2]
    _insert(Approval, ({"plan_id": plan + row, "user_id": user, "verdict": "approved",
                        "digest": "d" * 64, "at": moment, "expires_at": moment}
                       for row, moment in by_people))  # fmt: skip
    approval = Approval.objects.order_by("pk").values_list("pk", flat=True)[0]
    _insert(Attempt, (_attempt(first, plan, approval, row, *moments[row])
                      for row in range(len(moments))))  # fmt: skip


def _attempt(
    first: int, plan: int, approval: int, row: int, number: int, moment: datetime
) -> dict[str, Any]:
    return {
        "incident_id": first + number, "plan_id": plan + row, "idempotency_key": f"key-{row}",
        "approval_id": approval + row // 2 if row % 2 else None, "state": "verified",
        "lease_until": moment, "action": "rollback_deployment", "command": "rollback_deployment",
        "executor": "anna" if row % 2 else "AUTO", "created_at": moment, "executed_at": moment,
        "settled_at": moment, "outcome": "resolved",
    }  # fmt: skip


def _insert(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> None:
    """`rows` name some fields; the others get their defaults."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(model._meta.db_table)
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names are ours
    defaults = {str(field.column): field.get_default() for field in fields}
    waiting = iter(rows)
    while batch := [_values(fields, defaults | row) for row in islice(waiting, BATCH)]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, batch)


def _values(fields: list[Any], row: dict[str, Any]) -> list[Any]:
    return [_stored(field, row[str(field.column)]) for field in fields]


def _stored(field: Any, value: Any) -> Any:
    if isinstance(field, models.JSONField):
        return None if value is None else json.dumps(value)
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value.astimezone(UTC))
    if isinstance(value, uuid.UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    return value
