"""The steps of the pipeline by hand, with the time passed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from detection.models import Incident
from remediation.analysis.analyze import analyze
from remediation.clients import Clients
from remediation.execution.act import act
from remediation.models import Attempt
from remediation.policy.decisions import decide_incident
from remediation.verification.verify import Timing, verify

T = TypeVar("T")
QUICK = Timing(soak=timedelta(seconds=1), again=timedelta(seconds=0), lease=timedelta(seconds=0))


def wait_for(what: str, look: Callable[[], T | None], seconds: float = 30) -> T:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := look():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for: {what}")


def planned(incident: Incident, clients: Clients, now: datetime) -> Incident:
    analyze(incident.pk, clients, now)
    decide_incident(incident.pk, clients, now)
    return fresh(incident)


def acted(incident: Incident, clients: Clients, now: datetime) -> Attempt:
    act(incident.pk, clients, now)
    attempt = Attempt.objects.select_related("incident").filter(incident=incident).last()
    assert attempt is not None, fresh(incident).decision
    return attempt


def verified(attempt: Attempt, clients: Clients) -> Attempt:
    """Look until it is concluded."""
    Attempt.objects.filter(pk=attempt.pk).update(verify_due_at=attempt.created_at)

    def look() -> Attempt | None:
        verify(attempt.pk, clients, datetime.now(UTC), QUICK)
        attempt.refresh_from_db()
        return attempt if attempt.outcome else None

    return wait_for("the verification to conclude", look)


def fresh(incident: Incident) -> Incident:
    return Incident.objects.select_related("cluster").get(pk=incident.pk)


def real_writes(simulator: Any) -> list[Any]:
    """What changed anything at the API server."""
    return [write for write in simulator.writes if not write.dry_run and write.code < 300]


def statuses(incident: Incident) -> list[str]:
    rows = incident.transitions.filter(kind="status")
    return [row.after for row in rows]
