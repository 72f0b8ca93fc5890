"""Rows for the benchmarks of admin and API: a year of incidents, transitions, plans, attempts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from benchmarks.load.bulk_insert import without_indexes, write
from detection.clients import current_cluster
from detection.domain.causes import Cause, Severity
from detection.domain.statuses import OPEN, Status
from detection.models import Incident, Transition
from remediation.models import Approval, Attempt, Plan

YEAR_SECONDS = 365 * 86_400
KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "Pod", "Node")
SOURCES = ("kubernetes", "kubernetes", "kubernetes", "threshold", "anomaly", "forecast")
WITH_PLAN = 5
NAMES = 50_000
NAMESPACES = 200
ENDED = (Status.RESOLVED,) * 9 + (Status.DISMISSED,)
DIGEST = "d" * 64
STEPS = (
    ("status", "", Status.DETECTED, "2 of 3 pods of it crash in a loop"),
    ("status", Status.DETECTED, Status.ANALYZING, "the next step is due"),
    ("analysis", "", "BAD_RELEASE", "by rules, confidence 0.9"),
    ("status", Status.ANALYZING, Status.AWAITING_APPROVAL, "mode: ask: the mode is MANUAL"),
    ("status", Status.AWAITING_APPROVAL, Status.RESOLVED, "its signal is gone for 2 minutes"),
)
EVIDENCE = [
    {"source": "kubernetes/pods", "text": "back-off restarting failed container", "decisive": True},
    {"source": "kubernetes/workloads", "text": "3 of 4 ready", "decisive": False},
]
DIAGNOSIS = {
    "root_cause": "The container app exits with code 1 right after it starts, since revision 7.",
    "impact": "1 of 4 replicas is not ready; the rest serve.", "severity": "critical",
    "confidence": 0.9, "recommendations": ["Roll back to revision 6.", "Read its last lines."],
    "source": "rules", "evidence": ["E1", "E2"],
}  # fmt: skip
DECISION = {
    "verdict": "ask", "action": "rollback_deployment", "reasons": ["mode: ask: the mode is MANUAL"],
    "not_evaluated": ["dry run", "approval"], "index": 0,
}  # fmt: skip
TARGET = {"kind": "Deployment", "namespace": "b", "name": "a", "uid": "u"}
ROLLBACK = {
    "action": "rollback_deployment", "action_type": "rollback_deployment",
    "parameters": {"name": "a", "namespace": "b", "revision": 2}, "target": TARGET,
    "command": "rollback_deployment name=a namespace=b revision=2", "risk": "medium",
    "kubectl": "kubectl rollout undo deployment/a -n b", "description": "Roll it back.",
    "resource_type": "deployment", "resource_name": "a", "namespace": "b",
}  # fmt: skip
ESCALATE = ROLLBACK | {"action": "escalate", "action_type": "escalate", "parameters": {},
                       "command": "escalate", "risk": "none"}  # fmt: skip
SAME: dict[str, Any] = {
    "sources": ["kubernetes"], "evidence": EVIDENCE, "diagnosis": DIAGNOSIS, "decision": DECISION,
    "related": [{"kind": "Pod", "namespace": "b", "name": "a-7d9f-x2x", "uid": "u"}],
    "metric_snapshot": {"deployment_replicas": 4, "container_restarts": 12.0},
    "analyzed_version": 1, "decided_version": 1,
}  # fmt: skip
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Year:
    """Incident n of 0, 1, … began evenly over the year before `now`; the last `still` are open."""

    incidents: int
    transitions: int
    still: int
    now: datetime

    def began(self, number: int) -> datetime:
        """Without a zone, in UTC, as the databases read it."""
        ago = (self.incidents - 1 - number) * YEAR_SECONDS / self.incidents
        return self.now.astimezone(UTC).replace(tzinfo=None) - timedelta(seconds=ago)

    def is_open(self, number: int) -> bool:
        return number >= self.incidents - self.still


def fill(year: Year) -> None:
    """Write everything; ids begin with 1, the newest incident has the highest."""
    with without_indexes(Incident, Transition, Plan, Approval, Attempt):
        write_all(year)


def write_all(year: Year) -> None:
    """The same with the indexes in place, for few rows. There is a user."""
    columns: tuple[str, ...] = (
        "id", "anomaly_id", "open_key", "owner_kind", "owner_namespace", "owner_name",
        "owner_uid", "cause", "severity", "status", "summary", "source", "onset", "first_seen",
        "last_seen", "closed_at",
    )  # fmt: skip
    same = SAME | {"cluster_id": current_cluster().pk}
    write(Incident, columns, _incidents(year), year.incidents, same)
    columns = ("id", "incident_id", "at", "kind", "before", "after", "reason")
    write(Transition, columns, _transitions(year), year.transitions, {"actor": "KubeWise"})
    _plans(year)


def _incidents(year: Year) -> Iterator[Row]:
    chance = random.Random(7)
    opened, severities, causes = (
        sorted(OPEN),
        [*map(str, Severity)],
        [cause.value for cause in Cause],
    )
    for number in range(year.incidents):
        seen, is_open = year.began(number), year.is_open(number)
        last = year.began(year.incidents - 1) if is_open else seen + timedelta(
            seconds=120 + 5_000 * chance.random())  # fmt: skip
        name = f"app-{int(chance.random() * NAMES)}"
        yield (
            number + 1, f"{chance.getrandbits(128):032x}", f"1|{number}" if is_open else None,
            _one(chance, KINDS), f"team-{int(min(chance.random(), chance.random()) * NAMESPACES)}",
            name, f"uid-{number}", _one(chance, causes), _one(chance, severities),
            str(_one(chance, opened if is_open else ENDED)),
            f"container {name} crashes in a loop (exit code 1) in 2 of its pods",
            _one(chance, SOURCES), _text(seen - timedelta(minutes=2)), _text(seen), _text(last),
            None if is_open else _text(last),
        )  # fmt: skip


def _one(chance: random.Random, among: Any) -> Any:
    """As `choice`, in a fifth of its time."""
    return among[int(chance.random() * len(among))]


def _transitions(year: Year) -> Iterator[Row]:
    """As many for each incident; the newest has what is left."""
    each = max(1, year.transitions // year.incidents)
    steps = [(kind, str(a), str(b), reason) for kind, a, b, reason in STEPS]
    for number in range(year.transitions):
        incident, step = divmod(number, each)
        incident = min(incident, year.incidents - 1)
        moment = year.began(incident) + timedelta(seconds=step)
        yield (number + 1, incident + 1, _text(moment), *steps[step % len(steps)])


def _plans(year: Year) -> None:
    """For one incident in five, and each that is open; half of those that are over by a person."""
    numbers = [n for n in range(year.incidents) if n % WITH_PLAN == 0 or year.is_open(n)]
    moments = [_text(year.began(number)) for number in numbers]
    ids = range(1, len(numbers) + 1)
    rows = ((pk, n + 1, at) for pk, n, at in zip(ids, numbers, moments, strict=True))
    same: dict[str, Any] = {"incident_version": 1, "digest": DIGEST, "target_uid": "u",
                            "spec_hash": DIGEST, "candidates": [ROLLBACK, ESCALATE]}  # fmt: skip
    write(Plan, ("id", "incident_id", "created_at"), rows, len(numbers), same)
    over = [pk for pk in ids if not year.is_open(numbers[pk - 1])]
    _approvals([pk for pk in over if pk % 2], moments)
    _attempts(over, numbers, moments)


def _approvals(plans: list[int], moments: list[str]) -> None:
    same = {"user_id": User.objects.order_by("pk").values_list("pk", flat=True)[0],
            "verdict": "approved", "digest": DIGEST}  # fmt: skip
    rows = ((pk, pk, moments[pk - 1], moments[pk - 1]) for pk in plans)
    write(Approval, ("id", "plan_id", "at", "expires_at"), rows, len(plans), same)


def _attempts(plans: list[int], numbers: list[int], moments: list[str]) -> None:
    rows = (
        (pk, numbers[pk - 1] + 1, pk, f"key-{pk}", pk if pk % 2 else None,
         "anna" if pk % 2 else "AUTO", *[moments[pk - 1]] * 4)
        for pk in plans
    )  # fmt: skip
    columns = ("id", "incident_id", "plan_id", "idempotency_key", "approval_id", "executor",
               "lease_until", "created_at", "executed_at", "settled_at")  # fmt: skip
    same = {"state": "verified", "outcome": "resolved", "action": "rollback_deployment",
            "command": ROLLBACK["command"], "parameters": ROLLBACK["parameters"],
            "target": TARGET, "outcome_reason": "4 of 4 replicas are ready and stayed so",
            "diff": ["spec.template.spec.containers[app].image: a:2 → a:1"]}  # fmt: skip
    write(Attempt, columns, rows, len(plans), same)


def _text(moment: datetime) -> str:
    return moment.isoformat(" ")
