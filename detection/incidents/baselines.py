"""Which revisions were seen fully available: the proof that Kubernetes itself does not keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from detection.domain.baselines import Baseline
from detection.domain.findings import ObjectRef
from detection.kubernetes.objects import core as o
from detection.models import Cluster, WorkloadBaseline
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import condition_since, is_active, is_ready
from detection.snapshot.pod_templates import (
    Template,
    container_names,
    container_of,
    normalized,
    template_hash,
)

SOAK = timedelta(seconds=60)


def available_workloads(snapshot: Snapshot) -> list[Baseline]:
    """The workloads that are fully available now, and have been for a minute.

    A pod that crashes in a loop is ready for moments, which is why the minute is asked for.
    """
    seen = (_observed(snapshot, item) for item in snapshot.workloads if item.metadata.uid)
    return [baseline for baseline in seen if baseline is not None]


def _observed(snapshot: Snapshot, item: o.Workload) -> Baseline | None:
    replicas = _replicas_where_complete(item)
    since = _ready_since(snapshot, item)
    if not replicas or since is None or snapshot.at - since < SOAK:
        return None
    template = normalized(bytes(item.spec.template))
    if not template:
        return None
    return Baseline(
        owner=item.ref,
        template_hash=template_hash(template),
        first_available=since,
        last_available=snapshot.at,
        replicas=replicas,
        resources=_resources(template),
    )


def _replicas_where_complete(item: o.Workload) -> int:
    """The count where all replicas are of the newest revision and available, else 0."""
    status = item.status
    if status.observed_generation < item.metadata.generation:
        return 0
    if isinstance(status, o.DaemonSetStatus):
        wanted = status.desired_number_scheduled
        counts = {status.number_available, status.updated_number_scheduled, status.number_ready}
        return wanted if counts == {wanted} else 0
    counts = {status.replicas, status.available_replicas, status.ready_replicas}
    if not isinstance(item, o.ReplicaSet):
        counts.add(status.updated_replicas)
    return item.spec.replicas if counts == {item.spec.replicas} else 0


def _ready_since(snapshot: Snapshot, item: o.Workload) -> datetime | None:
    """Since when all its pods are ready; None where one is not, or none can be seen."""
    pods = [pod for pod in snapshot.pods_of(item.metadata.uid) if is_active(pod)]
    times = [condition_since(pod, "Ready") if is_ready(pod) else None for pod in pods]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _resources(template: Template) -> dict[str, Any]:
    return {
        name: container_of(template, name).get("resources") or {}
        for name in container_names(template)
    }


def load_baselines(cluster: Cluster) -> dict[str, list[Baseline]]:
    """Owner UID → what was recorded of its revisions."""
    found: defaultdict[str, list[Baseline]] = defaultdict(list)
    for row in WorkloadBaseline.objects.filter(cluster=cluster).iterator():
        owner = ObjectRef(row.owner_kind, row.owner_namespace, row.owner_name, row.owner_uid)
        found[row.owner_uid].append(
            Baseline(
                owner,
                row.template_hash,
                row.first_available,
                row.last_available,
                row.replicas,
                row.resources,
            )
        )
    return dict(found)


def save_baselines(cluster: Cluster, baselines: Sequence[Baseline], now: datetime) -> None:
    """Write one row a revision; the first time it was available stays as it was."""
    WorkloadBaseline.objects.bulk_create(
        [_row(cluster, baseline) for baseline in baselines],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["cluster", "owner_uid", "template_hash"],
        update_fields=["last_available", "replicas", "resources"],
    )


def _row(cluster: Cluster, baseline: Baseline) -> WorkloadBaseline:
    return WorkloadBaseline(
        cluster=cluster,
        owner_uid=baseline.owner.uid,
        owner_kind=baseline.owner.kind,
        owner_namespace=baseline.owner.namespace,
        owner_name=baseline.owner.name,
        template_hash=baseline.template_hash,
        first_available=baseline.first_available,
        last_available=baseline.last_available,
        replicas=baseline.replicas,
        resources=baseline.resources,
    )
