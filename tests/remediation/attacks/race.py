"""One racing process: claims attempts, pulls the stop switch, or accepts, in a shared database.

python -m tests.remediation.attacks.race make → tables, and incidents that are decided
python -m tests.remediation.attacks.race claim START → claims each; prints those it got
python -m tests.remediation.attacks.race claim-without-caps START
python -m tests.remediation.attacks.race claim-by-hour START     → no caps, but for BY_HOUR an hour
python -m tests.remediation.attacks.race lease START → takes the lease of each incident
python -m tests.remediation.attacks.race stop START → pulls the stop switch a moment later
python -m tests.remediation.attacks.race accept START → accepts what it can; prints which
python -m tests.remediation.attacks.race report → what the database holds, as JSON
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import django
from django.conf import settings

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
APPS = ("detection", "remediation", "auth", "contenttypes", "access", "sessions", "admin",
        "django_celery_beat", "kubewise_site")  # fmt: skip
INCIDENTS, OWNERS = 40, 8
MANY = 1000
BY_HOUR = 5
A_MOMENT_SECONDS = 0.25
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def make() -> None:
    from django.core.management import call_command

    from detection.models import Cluster, Incident
    from remediation.controls import mode_and_stop
    from remediation.planning import plans
    from tests.remediation.cases import candidate

    call_command("migrate", run_syncdb=True, verbosity=0)
    cluster = Cluster.objects.create(name="default")
    mode_and_stop.set_mode(cluster, "AUTO", "ada", "", NOW)
    for number in range(INCIDENTS):
        incident = Incident.objects.create(
            cluster=cluster, open_key=f"k{number}", owner_kind="Deployment",
            owner_namespace="shop", owner_name="cart", owner_uid=f"uid-{number % OWNERS}",
            cause="BAD_RELEASE", severity="warning", status="Analyzing", summary="x",
            onset=NOW, first_seen=NOW, last_seen=NOW, decided_version=1,
        )  # fmt: skip
        plans.new_plan(incident, [candidate()], "h", "rules", NOW)


def claim_all(start: float) -> list[int]:
    from detection.models import Incident
    from remediation.execution.attempts import Work, claim_attempt
    from remediation.planning.plans import candidates_of

    time.sleep(max(0.0, start - time.time()))
    won = []
    for incident in Incident.objects.select_related("cluster"):
        plan = incident.plans.get()
        work = Work(incident, plan, 0, candidates_of(plan)[0])
        if claim_attempt(work, NOW).attempt is not None:
            won.append(incident.pk)
    return won


def without_caps(**changes: int) -> None:
    """Only owners are held apart: the stop switch alone is to end it."""
    from remediation.controls import budgets

    wide = budgets.BudgetLimits(*[MANY] * 3, 1, MANY, MANY, MANY)
    budgets.BudgetLimits = lambda: replace(wide, **changes)  # type: ignore[assignment,misc]


def lease_all(start: float) -> list[int]:
    from detection.models import Incident
    from detection.runtime import leases

    time.sleep(max(0.0, start - time.time()))
    until = NOW + timedelta(seconds=60)
    ids = Incident.objects.order_by("pk").values_list("pk", flat=True)
    return [pk for pk in ids if leases.claim_lease(Incident.objects.filter(pk=pk), NOW, until)]


def stop(start: float) -> None:
    from detection.models import Cluster
    from remediation.controls import mode_and_stop

    time.sleep(max(0.0, start + A_MOMENT_SECONDS - time.time()))
    mode_and_stop.set_stop(Cluster.objects.get(), True, "ada", "hold it", NOW)


def accept_all(start: float) -> list[int]:
    """From the other end, so that it meets those that claim."""
    from detection.models import Incident
    from remediation.controls import acceptances

    time.sleep(max(0.0, start - time.time()))
    won = []
    for incident in Incident.objects.order_by("-pk"):
        try:
            acceptances.accept(incident, "ada", "known", NOW + timedelta(days=9), NOW)
        except acceptances.NotAcceptable:
            continue
        won.append(incident.pk)
    return won


def report() -> dict[str, Any]:
    from detection.models import Incident
    from remediation.audit import trail
    from remediation.models import Attempt, AuditEntry, Budget

    return {
        "attempts": list(Attempt.objects.values_list("incident_id", "open_target")),
        "moved": list(
            Incident.objects.filter(status="RemediationAttempted").values_list("pk", flat=True)
        ),
        "spent": dict(Budget.objects.values_list("name", "spent")),
        "trail": list(AuditEntry.objects.order_by("seq").values_list("kind", flat=True)),
        "owners": _owners(),
        "tampered": trail.verify_trail(),
    }


def _owners() -> list[tuple[str, str]]:
    """Each claim and each acceptance on the trail, oldest first, with the owner's UID."""
    from detection.models import Incident
    from remediation.models import AuditEntry

    uids = dict(Incident.objects.values_list("pk", "owner_uid"))
    rows = AuditEntry.objects.filter(kind__in=("attempt claimed", "acceptance added"))
    told = [(row.kind, row.payload) for row in rows.order_by("seq")]
    return [(kind, said.get("owner_uid") or uids[said["incident_id"]]) for kind, said in told]


if __name__ == "__main__":
    settings.MIGRATION_MODULES = dict.fromkeys(APPS)
    django.setup()
    word, start = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    if word == "make":
        make()
    elif word == "stop":
        stop(start)
    elif word == "accept":
        sys.stdout.write(" ".join(map(str, accept_all(start))))
    elif word == "lease":
        sys.stdout.write(" ".join(map(str, lease_all(start))))
    elif word == "report":
        sys.stdout.write(json.dumps(report()))
    else:
        if word == "claim-without-caps":
            without_caps()
        if word == "claim-by-hour":
            without_caps(an_hour=BY_HOUR)
        sys.stdout.write(" ".join(map(str, claim_all(start))))
