"""One pass over the whole cluster: observe, with detectors and alerts, then record."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from detection.clients import prometheus
from detection.detectors import find_in_metrics
from detection.domain.findings import Finding
from detection.domain.unjudged import OBJECT
from detection.incidents.alertmanager import find_in_alerts
from detection.incidents.baselines import available_workloads as available_now
from detection.incidents.baselines import save_baselines
from detection.incidents.happenings import happenings, of_sources
from detection.incidents.record import RecordResult, record_findings
from detection.incidents.watched import watch
from detection.kubernetes.client import Connection
from detection.metrics.history import save_owner_map
from detection.metrics.other_clusters import remember
from detection.models import Cluster
from detection.pipeline.inputs import from_records
from detection.pipeline.observe import observe
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
from detection.snapshot.scope import EVERYTHING


def detect(cluster: Cluster, connection: Connection, now: datetime) -> RecordResult:
    """Raises KubernetesError only where the cluster can't be read at all."""
    inputs = from_records(cluster, partial(_of_metrics_and_alerts, cluster, now))
    seen = observe(connection, EVERYTHING, now, inputs)
    happened = [*happenings(seen.snapshot), *of_sources(cluster, now)]
    watch(cluster, seen.signs, seen.opened, now, is_blind=bool(seen.blind))
    return record_findings(cluster, seen.opened, blind_sources(cluster, now), now, happened)


def _of_metrics_and_alerts(cluster: Cluster, now: datetime, snapshot: Snapshot) -> list[Finding]:
    """What the pass saw is saved first: detectors look the owners of pods up in it."""
    _save_what_was_seen(cluster, snapshot, now)
    found = find_in_metrics(cluster, now, prometheus())
    return found + find_in_alerts(cluster, snapshot, now)


def _save_what_was_seen(cluster: Cluster, snapshot: Snapshot, now: datetime) -> None:
    seen = {ACCOUNT, *snapshot.seen}
    save_sources(cluster, seen, snapshot.blind, snapshot.not_installed, now)
    for prefix in (DETECTION, OBJECT):
        forget_sources(cluster, prefix, keep=snapshot.blind)
    forget_sources(cluster, KUBERNETES, keep=seen | snapshot.blind.keys() | snapshot.not_installed)
    save_baselines(cluster, available_now(snapshot), now)
    if not OWNER_SOURCES & snapshot.blind.keys():  # an older map beats one with holes
        whole = None if snapshot.blind else snapshot.at
        save_owner_map(cluster.pk, snapshot.owner_map(), snapshot.uids(), whole)
        if whole:
            remember(cluster.pk, snapshot.uids(), whole)
