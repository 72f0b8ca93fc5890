"""Pods that no scheduler has looked at: they wait without any condition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from detection.domain.causes import Cause
from detection.domain.facts import BackedFacts
from detection.domain.findings import Evidence, Finding, key_of
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import observed, words_of
from detection.failures.nodes.not_ready import CLUSTER
from detection.failures.registry import failure
from detection.failures.shared_cause import on_thing
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_ready

DEFAULT = "default-scheduler"
SYSTEM = "kube-system"


@failure(Cause.NO_SCHEDULER)
def no_scheduler(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F72: on the scheduler's own pods where they are seen, else on the cluster.

    A scheduler that works writes a condition within a second, whether it finds a node or not.
    """
    waiting: defaultdict[str, list[o.Pod]] = defaultdict(list)
    for pod in snapshot.pods:
        if _is_unseen(pod) and _age(pod, context) >= context.dwell.none_ready_seconds:
            waiting[pod.spec.scheduler_name or DEFAULT].append(pod)
    for name, pods in waiting.items():
        yield _finding(snapshot, context, name, pods)


def _is_unseen(pod: o.Pod) -> bool:
    bare = not pod.spec.node_name and not pod.status.conditions and not pod.is_terminating
    return bare and pod.status.phase in ("", "Pending")


def _age(pod: o.Pod, context: Context) -> float:
    return (context.now - _born(pod, context)).total_seconds()


def _born(pod: o.Pod, context: Context) -> datetime:
    return pod.metadata.creation_timestamp or context.now


def _finding(snapshot: Snapshot, context: Context, name: str, pods: Sequence[o.Pod]) -> Finding:
    own = _pods_of_scheduler(snapshot, name)
    owners = list({key_of(ref): ref for ref in map(snapshot.top_owner, own)}.values())
    broken = [pod for pod in own if not is_ready(pod)]
    waits = counted(len(pods), "pod waits", "pods wait")
    lines = [
        observed("pods", f"{waits} without any condition: {_names(pods)}", decisive=True),
        *_lines_of(broken, own, name),
        *words_of(snapshot, broken),
    ]
    return on_thing(
        snapshot,
        Cause.NO_SCHEDULER,
        owners[0] if owners else CLUSTER,
        [snapshot.top_owner(pod) for pod in pods],
        f"The scheduler {name} does not place pods: {waits}, and it has said nothing of them",
        min(_born(pod, context) for pod in pods),
        context.dwell.none_ready_seconds,
        lines,
        pods=pods,
        related=owners[1:],
        facts=BackedFacts(reason="NotScheduled", backend=tuple(key_of(ref) for ref in owners)),
    )


def _pods_of_scheduler(snapshot: Snapshot, name: str) -> list[o.Pod]:
    """By what names it: the default one is kube-scheduler in kube-system, where it is seen."""
    wanted = "kube-scheduler" if name == DEFAULT else name
    return [
        pod
        for pod in (snapshot.all_pods_in(SYSTEM) if name == DEFAULT else snapshot.pods)
        if pod.metadata.name.startswith(wanted) and pod.spec.node_name
    ]


def _lines_of(broken: Sequence[o.Pod], own: Sequence[o.Pod], name: str) -> list[Evidence]:
    if broken:
        return [observed("pods", f"{_names(broken)} is not ready", decisive=True)]
    if own:
        return [observed("pods", f"{_names(own)} is ready; whether it holds its lease is not read")]
    return [observed("pods", f"no pod of {name} is seen: it may run outside the cluster")]


def _names(pods: Sequence[o.Pod]) -> str:
    return ", ".join(pod.metadata.name for pod in pods[:5])
