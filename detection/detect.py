"""One pass: scan → failures and detectors → correlate → record."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from detection.alerts import find_in_alerts
from detection.baselines import load_baselines, observe, save_baselines
from detection.clients import prometheus
from detection.context import Dwell
from detection.correlate import correlate
from detection.detectors import find_in_metrics
from detection.failures import Context, find_all
from detection.history import save_owner_map
from detection.kubernetes import Connection
from detection.logs import with_logs
from detection.metric_evidence import evidence
from detection.models import Cluster
from detection.record import Recorded, record
from detection.scan import scan
from detection.snapshot import Snapshot
from detection.sources import (
    ACCOUNT,
    DETECTION,
    KUBERNETES,
    OWNER_SOURCES,
    blind_sources,
    forget_sources,
    save_sources,
)


def detect(cluster: Cluster, connection: Connection, now: datetime) -> Recorded:
    """Raises KubernetesError only where the cluster can't be read at all."""
    snapshot = with_logs(connection, scan(connection, now))
    client = prometheus()
    metrics = evidence(cluster.pk, client, now)
    dwell = Dwell().scaled(settings.DWELL_FACTOR)
    context = Context(now=now, dwell=dwell, baselines=load_baselines(cluster), metrics=metrics)
    _save_what_was_seen(cluster, snapshot, now)
    findings = find_all(snapshot, context) + find_in_metrics(cluster, now, client)
    findings += find_in_alerts(cluster, snapshot, now)
    opened = [f for f in correlate(findings, snapshot) if f.opens_at <= now]
    return record(cluster, opened, blind_sources(cluster, now), now)


def _save_what_was_seen(cluster: Cluster, snapshot: Snapshot, now: datetime) -> None:
    seen = {ACCOUNT, *snapshot.seen}
    save_sources(cluster, seen, snapshot.blind, snapshot.not_installed, now)
    forget_sources(cluster, DETECTION, keep=snapshot.blind)
    forget_sources(cluster, KUBERNETES, keep=seen | snapshot.blind.keys() | snapshot.not_installed)
    save_baselines(cluster, observe(snapshot), now)
    if not OWNER_SOURCES & snapshot.blind.keys():  # an older map beats one with holes
        save_owner_map(cluster.pk, snapshot.owner_map(), snapshot.uids())
