"""The blast radius of a candidate: which pods it disturbs, computed from the cluster."""

from __future__ import annotations

from collections.abc import Iterable

from detection.domain.findings import ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_active, is_ready
from remediation.planning.candidates import Candidate
from remediation.policy.case import Reach

REPLACES_ALL = frozenset({"restart", "rollback", "adjust_resources"})


def reach_of(candidate: Candidate, owner: ObjectRef, snapshot: Snapshot) -> Reach:
    """Pods that end because of it, whatever the update strategy spreads over time."""
    pods = [pod for pod in _disturbed(candidate, owner, snapshot) if is_active(pod)]
    owners = {snapshot.top_owner(pod) for pod in pods}
    ready = sum(map(is_ready, pods))
    whole = sum(is_ready(pod) for each in owners for pod in snapshot.pods_below(each))
    return Reach(
        pods=len(pods),
        ready=ready,
        ready_ratio=ready / whole if whole else 0.0,
        owners=len(owners),
        nodes=len({pod.spec.node_name for pod in pods if pod.spec.node_name}),
        namespaces=len({pod.metadata.namespace for pod in pods}),
    )


def _disturbed(candidate: Candidate, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
    family = candidate.entry.family
    if family == "restart_pod":
        found = snapshot.get(candidate.target)
        return [found] if isinstance(found, Pod) else []
    if family == "drain_node":
        pods = snapshot.pods_on(owner.name)
        return [pod for pod in pods if snapshot.top_owner(pod).kind != "DaemonSet"]
    return snapshot.pods_below(owner) if family in REPLACES_ALL else []
