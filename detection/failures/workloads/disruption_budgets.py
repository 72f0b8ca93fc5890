"""Disruption budgets that allow no eviction while a node is drained, or for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from detection.domain.causes import Cause
from detection.domain.facts import BudgetFacts
from detection.domain.findings import Finding
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import observed
from detection.failures.registry import failure
from detection.failures.scheduling.cordons import cordoned_since
from detection.failures.shared_cause import on_thing
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.network_storage_scaling import PodDisruptionBudget
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_active
from detection.snapshot.selectors import selecting_in

ALLOWED = "DisruptionAllowed"
TOO_FEW = "InsufficientPods"


@failure(Cause.PDB_BLOCKS_DRAIN)
def blocks_drain(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F40."""
    for budget in snapshot.pdbs:
        allowed = o.condition(budget.status.conditions, ALLOWED)
        refused = allowed is None or (allowed.status == "False" and allowed.reason == TOO_FEW)
        if budget.status.disruptions_allowed or not refused or budget.is_terminating:
            continue
        pods = [pod for pod in selecting_in(snapshot).pods_of_budget(budget) if is_active(pod)]
        if pods and budget.status.expected_pods:
            yield _finding(snapshot, context, budget, pods, allowed)


def _finding(
    snapshot: Snapshot,
    context: Context,
    budget: PodDisruptionBudget,
    pods: Sequence[o.Pod],
    allowed: o.Condition | None,
) -> Finding:
    drained = [node for pod in pods if (node := _cordoned(snapshot, pod)) is not None]
    since = allowed.last_transition_time if allowed else None
    onset = since or budget.metadata.creation_timestamp or context.now
    if drained:
        onset = max(onset, min((_cordon_time(n, onset) for n in drained), default=onset))
    dwell = context.dwell.drain_seconds if drained else context.dwell.disruption_seconds
    status, ref = budget.status, budget.ref
    counts = f"{status.current_healthy} of {counted(status.expected_pods, 'pod')} healthy"
    names = sorted({node.metadata.name for node in drained})
    return on_thing(
        snapshot,
        Cause.PDB_BLOCKS_DRAIN,
        ref,
        [snapshot.top_owner(pod) for pod in pods] if drained else [],
        f"PodDisruptionBudget {ref.namespace}/{ref.name} allows no eviction: {counts}",
        onset,
        dwell,
        [
            observed("poddisruptionbudgets", f"{ref.name}: disruptionsAllowed 0, {counts}, "
                f"{status.desired_healthy} must be", decisive=True),
            *([observed("nodes", f"being drained: {', '.join(names)}")] if names else []),
        ],
        related=[snapshot.top_owner(pod) for pod in pods],
        facts=BudgetFacts(
            draining=tuple(names), healthy=status.current_healthy,
            must=status.desired_healthy, reason=TOO_FEW),
    )  # fmt: skip


def _cordoned(snapshot: Snapshot, pod: o.Pod) -> o.Node | None:
    node = snapshot.node(pod.spec.node_name)
    return node if node is not None and node.spec.unschedulable else None


def _cordon_time(node: o.Node, otherwise: datetime) -> datetime:
    return cordoned_since(node) or otherwise
