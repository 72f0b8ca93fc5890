"""One racing worker: claims attempts in a database that it shares with others.

python -m tests.remediation.race make            → tables, and incidents that are decided
python -m tests.remediation.race claim START     → claims each incident; prints those it got
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime

import django
from django.conf import settings

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
APPS = ("detection", "remediation", "auth", "contenttypes", "access", "sessions", "admin",
        "django_celery_beat")  # fmt: skip
INCIDENTS, OWNERS = 40, 8
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def make() -> None:
    from django.core.management import call_command

    from detection.models import Cluster, Incident
    from remediation import modes, planning
    from tests.remediation.cases import candidate

    call_command("migrate", run_syncdb=True, verbosity=0)
    cluster = Cluster.objects.create(name="default")
    modes.set_mode(cluster, "AUTO", "ada", "", NOW)
    for number in range(INCIDENTS):
        incident = Incident.objects.create(
            cluster=cluster, open_key=f"k{number}", owner_kind="Deployment",
            owner_namespace="shop", owner_name="cart", owner_uid=f"uid-{number % OWNERS}",
            cause="BAD_RELEASE", severity="warning", status="Analyzing", summary="x",
            onset=NOW, first_seen=NOW, last_seen=NOW, decided_version=1,
        )  # fmt: skip
        planning.new_plan(incident, [candidate()], "h", "rules", NOW)


def claim_all(start: float) -> list[int]:
    from detection.models import Incident
    from remediation.attempts import Work, claim
    from remediation.planning import candidates_of

    time.sleep(max(0.0, start - time.time()))
    won = []
    for incident in Incident.objects.select_related("cluster"):
        plan = incident.plans.get()
        work = Work(incident, plan, 0, candidates_of(plan)[0])
        if claim(work, NOW).attempt is not None:
            won.append(incident.pk)
    return won


if __name__ == "__main__":
    settings.MIGRATION_MODULES = dict.fromkeys(APPS)
    django.setup()
    if sys.argv[1] == "make":
        make()
    else:
        sys.stdout.write(" ".join(map(str, claim_all(float(sys.argv[2])))))
