"""Records and tokens for a server that tests talk to from outside; prints them as JSON.

Signs of life are dated into the future, so that health stays healthy without any worker.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
    django.setup()
    from django.contrib.auth.models import User

    from detection import heartbeats
    from detection.models import SourceState
    from kubewise_site import health
    from kubewise_site.access import issuing
    from kubewise_site.access.scopes import Scope
    from tests.site import records

    later = datetime.now(UTC) + timedelta(hours=1)
    admin = User.objects.create_superuser("admin", password="secret-of-tests")
    found = records.incident()
    plan = records.plan(found)
    records.source("kubernetes/pods")
    SourceState.objects.update(checked_at=later)
    ticks = [health.row_of(tick) for tick in health.frequent_ticks()]
    for name in ("beat", *ticks, *(f"worker/{role}@host" for role in health.WORKERS)):
        heartbeats.beat(name, later)
    scopes = {"read": [], "operate": list(Scope)}
    tokens = {
        name: issuing.issue(admin, name, given, 1, datetime.now(UTC))[1]
        for name, given in scopes.items()
    }
    body = {"id": str(found.anomaly_id), "plan": plan.pk, "digest": plan.digest, "tokens": tokens}
    sys.stdout.write(json.dumps(body))


if __name__ == "__main__":
    main()
