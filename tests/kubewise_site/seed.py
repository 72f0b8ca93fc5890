"""Records and tokens for a server that tests talk to from outside; prints them as JSON.

Signs of life are dated into the future, so that health stays healthy without any worker.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

EVENTS = 60
VERSIONS = ("first", "second", "third")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
    django.setup()
    from django.contrib.auth.models import User

    from detection.models import SourceState
    from detection.runtime import heartbeats
    from kubewise_site.core.access import issuing
    from kubewise_site.core.access.scopes import TokenScope
    from kubewise_site.ops import health, queues
    from tests.kubewise_site import records

    later = datetime.now(UTC) + timedelta(hours=1)
    admin = User.objects.create_superuser("admin", password="secret-of-tests")
    events = [_event(number) for number in range(EVENTS)]
    records.source("kubernetes/pods")
    SourceState.objects.update(checked_at=later)
    ticks = [health.heartbeat_name(tick) for tick in health.frequent_ticks()]
    for name in ("beat", "database", "broker", *ticks):
        heartbeats.beat(name, later)
    heartbeats.beat("worker/all@host", later, queues=list(queues.NAMES))
    scopes = {"read": [], "operate": list(TokenScope)}
    tokens = {
        name: issuing.issue(admin, name, given, 1, datetime.now(UTC))[1]
        for name, given in scopes.items()
    }
    _models()
    more = {"anomaly": _event(EVENTS, "METRIC_ANOMALY"), "version": VERSIONS[-1]}
    sys.stdout.write(json.dumps({"events": events, "tokens": tokens} | more))


def _event(number: int, cause: str = "THRESHOLD_BREACH") -> dict[str, Any]:
    """An event on Deployment my-app in dev that waits for a person."""
    from tests.kubewise_site import records

    owner = {"owner_name": "my-app", "owner_namespace": "dev", "cause": cause}
    found = records.incident(f"my-app-{number}", **owner)
    plan = records.plan(found)
    return {"id": str(found.anomaly_id), "plan": plan.pk, "digest": plan.digest}


def _models() -> None:
    """Three versions of a model; the second is in force, and the first was before it."""
    from django.conf import settings

    from detection.training.model import versions
    from tests.detection.anomaly.model.test_autoencoder import install_version

    for name in VERSIONS:
        kept = Path(settings.AUTOENCODER_MODEL_PATH).parent / "versions" / name
        install_version(kept, name)
    for name in VERSIONS[:2]:
        versions.use(name, "seed", datetime.now(UTC))


if __name__ == "__main__":
    main()
