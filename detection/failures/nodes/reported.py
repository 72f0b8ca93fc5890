"""What a node or its problem detector says that nothing here knows: quoted, never judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import NodeFacts
from detection.domain.findings import Evidence, Finding
from detection.failures.context import Context
from detection.failures.finding_builder import observed
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot

# The kubelet's own and those that have a failure of their own here.
KNOWN = frozenset(
    {
        "Ready", "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable",
        "KernelDeadlock", "ReadonlyFilesystem", "FrequentKubeletRestart", "FrequentDockerRestart",
        "FrequentContainerdRestart", "CorruptDockerOverlay2", "FrequentUnregisterNetDevice",
    }
)  # fmt: skip
# What the kubelet and the node controller write in the course of things, or with a condition.
USUAL = frozenset(
    {
        "NodeNotReady", "NodeReady", "Rebooted", "Starting", "NodeNotSchedulable",
        "NodeSchedulable", "RegisteredNode", "RemovingNode", "InvalidDiskCapacity",
        "EvictionThresholdMet", "FreeDiskSpaceFailed", "ImageGCFailed", "NodeHasDiskPressure",
        "NodeHasInsufficientMemory", "NodeHasInsufficientPID", "SystemOOM", "OOMKilling",
        "ContainerGCFailed", "CheckLimitsForResolvConf", "Shutdown", "NodeShutdown",
    }
)  # fmt: skip
OFTEN = 3
LATELY = timedelta(minutes=30)


@failure(Cause.NODE_REPORTED)
def node_reported(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F71: information only: who knows the words may judge them."""
    for node in snapshot.nodes:
        conditions = [c for c in node.status.conditions if _is_unknown(c)]
        events = [e for e in _events(snapshot, node) if _is_telling(e, context)]
        if conditions or events:
            yield _finding(context, node, conditions, events)


def _is_unknown(found: o.Condition) -> bool:
    """Problem detectors write True for a problem; the name alone does not say so."""
    return found.type not in KNOWN and found.status == "True" and not found.type.endswith("Ready")


def _events(snapshot: Snapshot, node: o.Node) -> list[o.Event]:
    """A kubelet names its node by the name in place of the UID."""
    meta = node.metadata
    return [*snapshot.events_of(meta.uid), *snapshot.events_of(meta.name)]


def _is_telling(event: o.Event, context: Context) -> bool:
    late = event.at is not None and context.now - event.at <= LATELY
    return event.type == "Warning" and event.reason not in USUAL and late and event.times >= OFTEN


def _finding(
    context: Context, node: o.Node, conditions: Sequence[o.Condition], events: Sequence[o.Event]
) -> Finding:
    name = node.metadata.name
    lines: list[Evidence] = [
        *(observed("nodes", f"{name}: {c.type}=True/{c.reason}: {c.message}", True)
            for c in conditions[:3]),
        *(observed("events", f"{e.reason}: {e.message} (×{e.times})", True) for e in events[-3:]),
    ]  # fmt: skip
    times = [*(c.last_transition_time for c in conditions), *(e.began for e in events)]
    onset = min((time for time in times if time is not None), default=context.now)
    words = [c.type for c in conditions] + [e.reason for e in events]
    return Finding(
        cause=Cause.NODE_REPORTED,
        owner=node.ref,
        severity=Severity.INFO,
        summary=f"Node {name} reports {', '.join(dict.fromkeys(words))}",
        onset=onset,
        opens_at=onset + timedelta(seconds=context.dwell.node_condition_seconds),
        evidence=tuple(lines),
        facts=NodeFacts(reason=words[0]),
    )
