"""What a snapshot says about a finding's owner, for the playbooks' conditions."""

from __future__ import annotations

from datetime import datetime

from detection.domain.findings import Finding, ObjectRef
from detection.kubernetes.objects.core import (
    DaemonSet,
    Deployment,
    Node,
    Object,
    Pod,
    StatefulSet,
    condition,
)
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_active, is_ready
from detection.snapshot.selectors import selecting_in
from remediation.playbooks.base import Situation

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


def situation_of(finding: Finding, snapshot: Snapshot, now: datetime) -> Situation:
    found = snapshot.get(finding.owner)
    unready = _unready(finding, snapshot)
    return Situation(
        finding=finding,
        replicas=snapshot.ready_of(finding.owner)[1],
        paused=isinstance(found, Deployment) and found.spec.paused,
        update_running=update_running(found),
        pod=unready[0].ref if len(unready) == 1 else None,
        unready=len(unready),
        last_schedulable=is_last_schedulable(finding.owner, snapshot),
        vertical_scaler=selecting_in(snapshot).vertical_scaler_of(finding.owner) is not None,
        annotations=dict(found.metadata.annotations) if found else {},
    )


def update_running(found: Object | None) -> bool:
    """Whether a rollout is under way: not all pods belong to the newest revision yet."""
    if isinstance(found, StatefulSet):
        return found.status.update_revision != found.status.current_revision
    if isinstance(found, Deployment):
        return _deployment_rolls(found)
    if isinstance(found, DaemonSet):
        status = found.status
        return status.updated_number_scheduled < status.desired_number_scheduled
    return False


def _deployment_rolls(found: Deployment) -> bool:
    status, wanted = found.status, found.spec.replicas
    if status.observed_generation < found.metadata.generation:
        return True
    return status.updated_replicas < wanted or status.replicas > status.updated_replicas


def _unready(finding: Finding, snapshot: Snapshot) -> list[Pod]:
    """The workload's pods that should be ready and are not."""
    if not finding.owner.uid or finding.owner.kind not in WORKLOADS:
        return []
    pods = [pod for pod in snapshot.pods_of(finding.owner.uid) if is_active(pod)]
    return [pod for pod in pods if not is_ready(pod)]


def is_last_schedulable(owner: ObjectRef, snapshot: Snapshot) -> bool:
    """Whether no other node would take pods."""
    if owner.kind != "Node":
        return False
    others = [node for node in snapshot.nodes if node.metadata.uid != owner.uid]
    return not any(_takes_pods(node) for node in others)


def _takes_pods(node: Node) -> bool:
    ready = condition(node.status.conditions, "Ready")
    return not node.spec.unschedulable and bool(ready and ready.status == "True")
