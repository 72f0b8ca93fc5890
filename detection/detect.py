"""One pass: scan → failures and detectors → correlate → record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from detection.baselines import load_baselines, observe, save_baselines
from detection.correlate import correlate
from detection.detectors import find_in_metrics
from detection.failures import Context, find_all
from detection.findings import Finding
from detection.history import save_owner_map
from detection.kubernetes import Connection
from detection.models import Cluster
from detection.record import Recorded, record
from detection.scan import scan
from detection.snapshot import Snapshot
from detection.sources import blind_sources, save_sources


def detect(cluster: Cluster, connection: Connection, now: datetime) -> Recorded:
    """Raises KubernetesError only where the cluster can't be read at all."""
    snapshot = scan(connection, now)
    context = Context(now=now, baselines=load_baselines(cluster))
    findings = find_all(snapshot, context) + find_in_metrics(cluster, now)
    _save_what_was_seen(cluster, snapshot, now)
    opened = [f for f in correlate(findings, snapshot) if f.opens_at <= now]
    return record(cluster, opened, blind_sources(cluster), now)


def _save_what_was_seen(cluster: Cluster, snapshot: Snapshot, now: datetime) -> None:
    save_sources(cluster, snapshot.seen, snapshot.blind, snapshot.not_installed, now)
    save_baselines(cluster, observe(snapshot), now)
    save_owner_map(cluster.pk, snapshot.owner_map())
