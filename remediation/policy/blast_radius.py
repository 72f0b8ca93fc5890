"""The blast radius of a candidate: which pods it disturbs, computed from the cluster."""

from __future__ import annotations

from detection.domain.findings import ObjectRef
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_active, is_ready
from remediation.planning.candidates import Candidate
from remediation.policy.case import Reach


def reach_of(candidate: Candidate, owner: ObjectRef, snapshot: Snapshot) -> Reach:
    """Pods that end because of it, whatever the update strategy spreads over time."""
    disturbed = candidate.entry.disturbs(candidate.target, owner, snapshot)
    pods = [pod for pod in disturbed if is_active(pod)]
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
