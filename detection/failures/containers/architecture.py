"""Images that were built for another processor than the node has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detection.domain.findings import ObjectRef
from detection.failures.containers.crash_loops import Loop
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_active, is_ready

FORMAT = "exec format error"
CODES = frozenset({1, 126, 127, 128, 255})
AT_ONCE_SECONDS = 2.0


def is_foreign(snapshot: Snapshot, owner: ObjectRef, found: Sequence[Loop]) -> bool:
    """It says so, in its status or its log; or it ends at once on nodes of one architecture while
    the same image runs on nodes of another."""
    if any(loop.is_wrong_arch or _logs_say_so(snapshot, loop) for loop in found):
        return True
    if not all(_ends_at_once(loop) for loop in found):
        return False
    failing = _architectures(snapshot, (loop.pod for loop in found))
    images = {loop.view.spec.image for loop in found}
    running = [
        pod
        for pod in snapshot.pods_below(owner)
        if is_active(pod) and is_ready(pod) and images & {c.image for c in pod.spec.containers}
    ]
    fine = _architectures(snapshot, running)
    return bool(failing and fine) and "" not in failing | fine and not failing & fine


def _logs_say_so(snapshot: Snapshot, loop: Loop) -> bool:
    meta = loop.pod.metadata
    text = snapshot.logs.get((meta.namespace, meta.name, loop.view.name), "")
    return FORMAT in text[-4000:].lower()


def _ends_at_once(loop: Loop) -> bool:
    end = loop.end
    if end is None or end.exit_code not in CODES:
        return False
    if end.started_at is None or end.finished_at is None:
        return True
    return (end.finished_at - end.started_at).total_seconds() <= AT_ONCE_SECONDS


def _architectures(snapshot: Snapshot, pods: Iterable[Pod]) -> set[str]:
    nodes = [snapshot.node(pod.spec.node_name) for pod in pods]
    return {node.status.node_info.architecture if node else "" for node in nodes}
