"""How many anomalies a day may open something: the worst first, one an owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from detection.anomaly.context import Owner
from detection.domain.causes import Cause
from detection.domain.findings import Finding
from detection.models import Cluster, Incident


def within_budget(cluster: Cluster, findings: Sequence[Finding], now: datetime) -> list[Finding]:
    """Anomalies alone open at most ANOMALY_INCIDENTS_PER_DAY incidents a day, strongest first.

    Findings of an owner that has an open incident, or other findings now, cost nothing.
    """
    open_now = set(
        Incident.objects.filter(cluster=cluster, open_key__isnull=False).values_list(
            "owner_kind", "owner_namespace", "owner_name"
        )
    )
    free = open_now | {_owner(f) for f in findings if f.cause != Cause.METRIC_ANOMALY}
    costly = [f for f in findings if f.cause == Cause.METRIC_ANOMALY and _owner(f) not in free]
    if not costly:
        return list(findings)
    opened = Incident.objects.filter(
        cluster=cluster, cause=Cause.METRIC_ANOMALY, first_seen__gt=now - timedelta(days=1)
    ).count()
    left = max(settings.ANOMALY_INCIDENTS_PER_DAY - opened, 0)
    dropped = sorted(costly, key=lambda f: -f.score)[left:]
    return [finding for finding in findings if finding not in dropped]


def _owner(finding: Finding) -> Owner:
    return finding.owner.kind, finding.owner.namespace, finding.owner.name
