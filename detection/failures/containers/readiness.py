"""Pods that run but are not ready: one wedged replica, flapping, or nothing that explains it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import ReadinessFacts, ReplicaFacts
from detection.domain.findings import Evidence, Finding, ObjectRef
from detection.domain.units import counted
from detection.failures.containers.crash_loops import loops
from detection.failures.context import Context
from detection.failures.finding_builder import about_pods, full_name, observed, troubled
from detection.failures.nodes.not_ready import not_ready_since
from detection.failures.registry import failure
from detection.failures.rollback_evidence import key_of_pod
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import (
    condition_since,
    containers,
    is_active,
    is_ready,
    was_ready,
)

PRESSURES = frozenset({"MemoryPressure", "DiskPressure", "PIDPressure"})
MEMBERS = frozenset({"Job", "CronJob", "DaemonSet", "Pod"})
FLAPS = 10
FLAPPING_FOR = timedelta(minutes=10)
LATELY = timedelta(minutes=5)
METRIC_WINDOW_SECONDS = 3600
ONE_FLAP_IN = timedelta(minutes=5)


@failure(Cause.HUNG_REPLICA)
def hung_replica(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F16: exactly one pod lost its readiness, its siblings of the same revision have theirs."""
    for owner, pods in troubled(snapshot):
        unready = [pod for pod in pods if not is_ready(pod)]
        if owner.kind in MEMBERS or len(unready) != 1:
            continue
        pod = unready[0]
        since = condition_since(pod, "Ready")
        if since and _is_wedged(snapshot, owner, pod, context):
            yield _hung(snapshot, context, owner, pod, since)


def _is_wedged(snapshot: Snapshot, owner: ObjectRef, pod: o.Pod, context: Context) -> bool:
    siblings = [
        other
        for other in snapshot.pods_below(owner)
        if other.metadata.uid != pod.metadata.uid and is_active(other)
    ]
    return (
        all(map(is_ready, siblings))
        and any(key_of_pod(other) == key_of_pod(pod) for other in siblings)
        and runs_without_trouble(pod, context)
        and was_ready(pod)
        and _on_ready_node(snapshot, pod)
    )


def runs_without_trouble(pod: o.Pod, context: Context) -> bool:
    """All containers run, none crashes, and no readiness gate is what is missing."""
    gated = o.condition(pod.status.conditions, "ContainersReady")
    regular = [view for view in containers(pod) if not view.is_init]
    return (
        pod.status.phase == "Running"
        and (gated is None or gated.status != "True")
        and bool(regular)
        and all(view.status.state.running is not None for view in regular)
        and next(loops([pod], context), None) is None
    )


def _on_ready_node(snapshot: Snapshot, pod: o.Pod) -> bool:
    """Ready and without pressure. A node that can't be looked at is none."""
    if not snapshot.nodes and "kubernetes/nodes" not in snapshot.blind:
        return True
    node = snapshot.node(pod.spec.node_name)
    return (
        node is not None
        and not_ready_since(node, snapshot.at) is None
        and not any(c.status == "True" and c.type in PRESSURES for c in node.status.conditions)
    )


def _hung(
    snapshot: Snapshot, context: Context, owner: ObjectRef, pod: o.Pod, since: datetime
) -> Finding:
    ready, desired = snapshot.ready_of(owner)
    unready = [view.name for view in containers(pod) if not view.status.ready and not view.is_init]
    return about_pods(
        snapshot,
        Cause.HUNG_REPLICA,
        owner,
        [pod],
        f"{full_name(owner)}: pod {pod.metadata.name} is not ready, {ready} of {desired} are",
        since,
        since + timedelta(seconds=context.dwell.not_ready_seconds),
        [
            observed(
                "pods",
                f"{pod.metadata.name}: not ready since {since:%H:%M:%S}, was ready before, "
                f"no restart; containers {', '.join(unready) or 'unknown'}",
                decisive=True,
            ),
            *_probe_failures(snapshot, pod),
        ],
        facts=ReplicaFacts(
            container=unready[0] if unready else "",
            log_container=unready[0] if unready else "",
            replicas=desired,
            node=pod.spec.node_name,
        ),
    )


def _probe_failures(snapshot: Snapshot, pod: o.Pod) -> list[Evidence]:
    found = [e for e in snapshot.events_of(pod.metadata.uid) if e.reason == "Unhealthy"]
    return [
        observed("events", f"Unhealthy: {event.message} (×{event.times})") for event in found[-2:]
    ]


@failure(Cause.UNCLASSIFIED)
def flapping_readiness(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """C13: readiness that comes and goes: the probe fails often, yet never for long."""
    for owner, pods in _running(snapshot):
        flapping = [pod for pod in pods if _flaps(snapshot, pod, context)]
        if flapping:
            yield _flapping(snapshot, context, owner, flapping)


def _running(snapshot: Snapshot) -> Iterator[tuple[ObjectRef, list[o.Pod]]]:
    """Owners of pods that have failing probes, or that metrics saw flip."""
    for owner in snapshot.owners_of_pods:
        pods = [p for p in snapshot.pods_below(owner) if p.status.phase == "Running"]
        if active := [pod for pod in pods if is_active(pod)]:
            yield owner, active


def _flaps(snapshot: Snapshot, pod: o.Pod, context: Context) -> bool:
    since = condition_since(pod, "Ready")
    if since is None or context.now - since > LATELY or not was_ready(pod):
        return False
    seen = context.metrics.readiness_changes
    if seen.get((pod.metadata.namespace, pod.metadata.name), 0) >= FLAPS:
        return True
    return any(_is_steady_failing(e, context) for e in snapshot.events_of(pod.metadata.uid))


def _is_steady_failing(event: o.Event, context: Context) -> bool:
    first, last = event.began, event.at
    return (
        event.reason == "Unhealthy"
        and "readiness" in event.message.lower()
        and event.times >= FLAPS
        and first is not None
        and last is not None
        and FLAPPING_FOR <= last - first <= event.times * ONE_FLAP_IN
        and context.now - last <= LATELY
    )


def _flapping(
    snapshot: Snapshot, context: Context, owner: ObjectRef, pods: Sequence[o.Pod]
) -> Finding:
    events = [
        event
        for pod in pods
        for event in snapshot.events_of(pod.metadata.uid)
        if event.reason == "Unhealthy"
    ]
    onset = min((e.began for e in events if e.began), default=context.ago(METRIC_WINDOW_SECONDS))
    found = about_pods(
        snapshot,
        Cause.UNCLASSIFIED,
        owner,
        pods,
        f"{full_name(owner)}: the readiness of {counted(len(pods), 'pod')} comes and goes",
        onset,
        onset + timedelta(seconds=context.dwell.flapping_seconds),
        [line for pod in pods[:3] for line in _probe_failures(snapshot, pod)],
        facts=ReadinessFacts(reason="ReadinessFlapping"),
    )
    return replace(found, flapping=True)
