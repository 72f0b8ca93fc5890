"""One pass: scan → failures and detectors → correlate → record."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from detection.clients import prometheus
from detection.correlation import correlate
from detection.detectors import find_in_metrics
from detection.failures import Context, find_all
from detection.failures.context import Dwell
from detection.incidents.alertmanager import find_in_alerts
from detection.incidents.baselines import load_baselines, observe, save_baselines
from detection.incidents.record import Recorded, record
from detection.kubernetes.client import Connection
from detection.metric_evidence import evidence
from detection.metrics.history import save_owner_map
from detection.models import Cluster
from detection.runtime.source_visibility import (
    ACCOUNT,
    DETECTION,
    KUBERNETES,
    OWNER_SOURCES,
    blind_sources,
    forget_sources,
    save_sources,
)
from detection.snapshot import Snapshot
from detection.snapshot.logs import with_logs
from detection.snapshot.scan import scan


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
