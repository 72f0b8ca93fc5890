"""Nodes that run, but are short of something or faulty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import NodeFacts, PressureFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.domain.quantities import amount_of
from detection.failures.context import Context
from detection.failures.finding_builder import observed
from detection.failures.nodes.not_ready import not_ready_since
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import began, containers, is_active, is_ready

CAUSE_OF = {
    "DiskPressure": Cause.DISK_PRESSURE,
    "MemoryPressure": Cause.MEMORY_PRESSURE,
    "PIDPressure": Cause.PID_PRESSURE,
}
FAULTS = frozenset(
    {
        "KernelDeadlock",
        "ReadonlyFilesystem",
        "FrequentKubeletRestart",
        "FrequentDockerRestart",
        "FrequentContainerdRestart",
        "CorruptDockerOverlay2",
        "ContainerRuntimeUnhealthy",
        "KubeletUnhealthy",
    }
)
SYSTEM_OOM = "SystemOOM"
LATELY = timedelta(minutes=30)


@failure(Cause.DISK_PRESSURE, Cause.MEMORY_PRESSURE, Cause.PID_PRESSURE)
def node_pressure(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F53, F54."""
    for node in snapshot.nodes:
        for found in node.status.conditions:
            if found.status == "True" and found.type in CAUSE_OF:
                yield _pressed(snapshot, context, node, found)
        if (event := _system_oom(snapshot, node, context)) and not _pressed_by(node, "Memory"):
            yield _pressed(snapshot, context, node, event)


def _pressed_by(node: o.Node, what: str) -> bool:
    found = o.condition(node.status.conditions, f"{what}Pressure")
    return found is not None and found.status == "True"


def _system_oom(snapshot: Snapshot, node: o.Node, context: Context) -> o.Condition | None:
    """The kernel killed processes of the node itself, more than once and lately."""
    name = node.metadata.name
    events = [*snapshot.events_of(node.metadata.uid), *snapshot.events_of(name)]
    killed = [e for e in events if e.reason == SYSTEM_OOM and e.at and context.now - e.at < LATELY]
    if sum(event.times for event in killed) < 2:
        return None
    last = killed[-1]
    return o.Condition("MemoryPressure", "True", SYSTEM_OOM, last.message, last.began)


def _pressed(snapshot: Snapshot, context: Context, node: o.Node, found: o.Condition) -> Finding:
    onset = found.last_transition_time or context.now
    evicted = [
        pod
        for pod in snapshot.pods_on(node.metadata.name)
        if pod.status.phase == "Failed" and pod.status.reason == "Evicted"
    ]
    owners = {key_of(ref): ref for ref in map(snapshot.top_owner, evicted)}
    hog = _hog(snapshot, node) if found.type == "MemoryPressure" else None
    related = [*([hog] if hog else []), *owners.values()]
    said = [observed("pods", f"{p.metadata.name}: {p.status.message}") for p in evicted[:5]]
    text = f"{node.metadata.name}: {found.type}=True/{found.reason}: {found.message}"
    return Finding(
        cause=CAUSE_OF[found.type],
        owner=node.ref,
        severity=Severity.WARNING,
        summary=f"Node {node.metadata.name} reports {found.type}",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.node_condition_seconds),
        evidence=(observed("nodes", text, decisive=True), *said),
        related=tuple(dict.fromkeys(related)),
        facts=PressureFacts(
            node=node.metadata.name,
            reason=found.reason,
            evicted=len(evicted),
            evicted_namespace=evicted[0].metadata.namespace if evicted else "",
            job_pods=_of_jobs(snapshot, evicted),
        ),
    )


def _of_jobs(snapshot: Snapshot, pods: list[o.Pod]) -> int:
    owners = Counter(snapshot.top_owner(pod).kind for pod in pods)
    return owners["Job"] + owners["CronJob"]


def _hog(snapshot: Snapshot, node: o.Node) -> ObjectRef | None:
    """Who may use the most beyond what it asked for: no limit first, then the widest gap."""
    pods = [pod for pod in snapshot.pods_on(node.metadata.name) if is_active(pod)]
    top = max(pods, key=_gap, default=None)
    return snapshot.top_owner(top) if top and _gap(top) > 0 else None


def _gap(pod: o.Pod) -> float:
    """Bytes between the limits and the requests of memory."""
    found = 0.0
    for container in pod.spec.containers:
        asked = container.resources.requests.get("memory")
        limit = container.resources.limits.get("memory")
        if limit is not None:
            found += float(amount_of(str(limit))) - float(amount_of(str(asked or "0")))
    return found


@failure(Cause.KERNEL_FAULT)
def kernel_fault(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F55. Such a condition never clears by itself, so what corroborates it is named."""
    for node in snapshot.nodes:
        for found in node.status.conditions:
            if found.status == "True" and found.type in FAULTS:
                yield _faulty(snapshot, context, node, found)


def _faulty(snapshot: Snapshot, context: Context, node: o.Node, found: o.Condition) -> Finding:
    onset = found.last_transition_time or context.now
    signs = _corroboration(snapshot, node, onset)
    failing = _failing_on(snapshot, node, onset)
    text = f"{node.metadata.name}: {found.type}=True/{found.reason}: {found.message}"
    return Finding(
        cause=Cause.KERNEL_FAULT,
        owner=node.ref,
        severity=Severity.CRITICAL if not_ready_since(node, snapshot.at) else Severity.WARNING,
        summary=f"Node {node.metadata.name} reports {found.type}",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.node_condition_seconds),
        evidence=(observed("nodes", text, decisive=True), *signs),
        related=tuple({key_of(r): r for r in map(snapshot.top_owner, failing)}.values()),
        facts=NodeFacts(
            node=node.metadata.name,
            reason=found.reason,
            corroborated=bool(signs),
            cordoned=node.spec.unschedulable,
        ),
    )


def _corroboration(snapshot: Snapshot, node: o.Node, onset: object) -> list[Evidence]:
    """Its readiness, or pods that fail there and nowhere else."""
    signs: list[Evidence] = []
    if not_ready_since(node, snapshot.at) is not None:
        signs.append(observed("nodes", f"{node.metadata.name} is not ready"))
    ready = o.condition(node.status.conditions, "Ready")
    if ready is not None and ready.status == "Unknown":
        signs.append(observed("nodes", f"{node.metadata.name} sends no heartbeat"))
    failing = _failing_on(snapshot, node, onset)
    if failing:
        names = ", ".join(pod.metadata.name for pod in failing[:5])
        signs.append(observed("pods", f"not ready on {node.metadata.name} since: {names}"))
    return signs


def _failing_on(snapshot: Snapshot, node: o.Node, onset: object) -> list[o.Pod]:
    return [
        pod
        for pod in snapshot.pods_on(node.metadata.name)
        if is_active(pod) and not is_ready(pod) and _is_placeds_fault(snapshot, pod)
    ]


def _is_placeds_fault(snapshot: Snapshot, pod: o.Pod) -> bool:
    """Its siblings elsewhere are ready; or it could not even be started there."""
    owner = snapshot.top_owner(pod)
    others = [
        p
        for p in snapshot.pods_below(owner)
        if is_active(p) and p.spec.node_name not in ("", pod.spec.node_name)
    ]
    begun = any(view.last_end or view.status.state.running for view in containers(pod))
    return (bool(others) and all(map(is_ready, others))) or (not begun and began(pod) is not None)
