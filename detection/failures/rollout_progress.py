"""Whether a workload's rollout goes on, and whether its new pods get ready in their time."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median_low

from detection.domain.findings import ObjectRef
from detection.failures.context import Context
from detection.failures.rollback_evidence import history_of, key_of_pod
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import condition_since, is_active, is_ready

ROLLED_OUT = "NewReplicaSetAvailable"
BY_HAND = "OnDelete"
# How long a pod may take to become ready for the first time before that is a failure.
STARTING_SECONDS = 120.0
# One that takes twice as long as its siblings did is late.
TIMES_THE_SIBLINGS = 2
NOT_STARTED = frozenset({"", "ContainerCreating", "PodInitializing"})


def makes_progress(snapshot: Snapshot, owner: ObjectRef, context: Context) -> bool:
    """Whether a rollout is under way and none of its new pods is late."""
    return _rolls(snapshot.get(owner)) and not is_stuck(snapshot, owner, context)


def is_stuck(snapshot: Snapshot, owner: ObjectRef, context: Context) -> bool:
    """Whether a rollout is under way and a new pod is not ready past its time to start."""
    if not _rolls(snapshot.get(owner)):
        return False
    newest = next((known.keys for known in history_of(snapshot, owner)), frozenset())
    new = [pod for pod in snapshot.pods_below(owner) if key_of_pod(pod) in newest]
    missing = [pod for pod in new if is_active(pod) and not is_ready(pod)]
    limit = _start_seconds(snapshot.pods_below(owner))
    return any(
        _runs(pod) and not _is_within(pod, max(limit, _patience(pod)), context) for pod in missing
    )


def is_starting(snapshot: Snapshot, owner: ObjectRef, context: Context) -> bool:
    """Whether every pod that is not ready is young, and none of its containers has failed."""
    pods = snapshot.pods_below(owner)
    missing = [pod for pod in pods if is_active(pod) and not is_ready(pod)]
    limit = _start_seconds(pods)
    return bool(missing) and all(
        _has_not_failed(pod) and _is_within(pod, limit, context) for pod in missing
    )


def _rolls(item: o.Object | None) -> bool:
    """Whether its controller is replacing pods and does not call that stuck."""
    if isinstance(item, o.Deployment):
        told = o.condition(item.status.conditions, "Progressing")
        going = told is not None and told.status == "True" and told.reason != ROLLED_OUT
        return going and not item.spec.paused
    return isinstance(item, o.StatefulSet) and _statefulset_rolls(item)


def _statefulset_rolls(item: o.StatefulSet) -> bool:
    """Pods below the partition stay of the former revision, and with OnDelete all of them do,
    for as long as nobody does anything: no rollout goes on then."""
    strategy, status = item.spec.update_strategy, item.status
    if strategy.type == BY_HAND or status.update_revision == status.current_revision:
        return False
    rolling = strategy.rolling_update
    kept = rolling.partition if rolling else 0
    return status.updated_replicas < item.spec.replicas - kept


def _start_seconds(pods: Iterable[o.Pod]) -> float:
    """How long a pod of this owner may start: by the time that its ready siblings took."""
    took = [seconds for pod in pods if (seconds := _took(pod)) is not None]
    usual = TIMES_THE_SIBLINGS * median_low(took) if took else 0.0
    return max(STARTING_SECONDS, usual)


def _patience(pod: o.Pod) -> float:
    """How long its own probes let it start."""
    probes = [
        probe
        for container in pod.spec.containers
        for probe in (container.readiness_probe, container.startup_probe)
        if probe is not None
    ]
    return max((float(probe.patience_seconds) for probe in probes), default=0.0)


def _took(pod: o.Pod) -> float | None:
    """From its creation until it became ready; longer where it lost its readiness meanwhile."""
    since, created = condition_since(pod, "Ready"), pod.metadata.creation_timestamp
    if not is_ready(pod) or since is None or created is None:
        return None
    return (since - created).total_seconds()


def _is_within(pod: o.Pod, seconds: float, context: Context) -> bool:
    created = pod.metadata.creation_timestamp
    return created is not None and created > context.ago(seconds)


def _runs(pod: o.Pod) -> bool:
    """A pod that waits for a node, a volume or an image has a reason outside its readiness."""
    found = pod.status.container_statuses
    return bool(found) and all(status.state.running is not None for status in found)


def _has_not_failed(pod: o.Pod) -> bool:
    found = pod.status.container_statuses
    waits = any(
        status.state.waiting and status.state.waiting.reason not in NOT_STARTED for status in found
    )
    return not waits and not any(status.restart_count for status in found)
