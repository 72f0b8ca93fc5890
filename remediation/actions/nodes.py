"""Node actions. None of them is ever done without a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from detection.domain.findings import ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from remediation.actions.base import (
    Action,
    IncidentRecord,
    Line,
    Object,
    Parameters,
    Patch,
    Right,
    Risk,
    Trait,
    Wish,
    line,
    put,
)
from remediation.actions.parameters import GRACE_PERIOD, NAME, TIMEOUT, Parameter

UNSCHEDULABLE = ("spec", "unschedulable")


class NodeAction(Action):
    """`cordons` is what `spec.unschedulable` becomes."""

    kinds = ("Node",)
    parameters: ClassVar[tuple[Parameter, ...]] = (NAME,)
    strategy = "patch"
    traits = frozenset({Trait.CORDONS})
    reversible = True
    contains = True
    rights: ClassVar[tuple[Right, ...]] = (Right("", "nodes", "patch"),)
    cordons: ClassVar[bool] = True
    undone_by: ClassVar[str] = "uncordon_node"

    def change(self, target: Object, wish: Wish) -> Patch:
        if is_cordoned(target) is self.cordons:
            return []
        return put(target, UNSCHEDULABLE, self.cordons)

    def inverse(self, target: Object, parameters: Parameters) -> dict[str, Any] | None:
        """A cordon that stood before is not ours to lift."""
        if is_cordoned(target) is self.cordons:
            return None
        return {"action": self.undone_by, "parameters": {"name": parameters["name"]}}

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        return ()

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        before, after = ("false", "true") if self.cordons else ("true", "false")
        return [line("spec.unschedulable", before, after)]


class CordonNode(NodeAction):
    name = "cordon_node"
    family = "cordon_node"
    description = "Keep new pods away from a node."
    impact = "No new pod is placed on the node; running ones stay."
    estimated_duration = "seconds"
    risk = Risk.LOW

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return f"kubectl cordon {parameters['name']}"


class UncordonNode(NodeAction):
    name = "uncordon_node"
    family = "uncordon_node"
    description = "Let pods be placed on a node again."
    impact = "New pods may be placed on the node."
    estimated_duration = "seconds"
    risk = Risk.LOW
    traits = frozenset({Trait.UNCORDONS})
    cordons = False
    contains = False
    undone_by = "cordon_node"

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return f"kubectl uncordon {parameters['name']}"


class DrainNode(NodeAction):
    """Evicts, never deletes, and only what was there at the dry run, by UID."""

    name = "drain_node"
    family = "drain_node"
    parameters = (NAME, GRACE_PERIOD, TIMEOUT)
    description = "Cordon a node and evict its pods, within their PodDisruptionBudgets."
    impact = "Every pod of the node moves elsewhere."
    estimated_duration = "5–30 min"
    risk = Risk.HIGH
    strategy = "drain"
    traits = frozenset({Trait.CORDONS, Trait.EMPTIES_NODE})
    recognised_by = "the node is cordoned with the attempt's annotation; its pods end"
    rights = (
        Right("", "nodes", "patch"),
        Right("", "pods", "list"),
        Right("", "pods/eviction", "create"),
    )

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        text = f"kubectl drain {parameters['name']} --ignore-daemonsets"
        if grace := parameters.get("grace_period"):
            text += f" --grace-period={grace}"
        if timeout := parameters.get("timeout"):
            text += f" --timeout={timeout}s"
        return text

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        pods = snapshot.pods_on(owner.name)
        return [pod for pod in pods if snapshot.top_owner(pod).kind != "DaemonSet"]

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        cordon = super().preview(recorded, parameters, target)
        return [*cordon, {"path": "its pods: evicted, one at a time"}]


def is_cordoned(node: Object) -> bool:
    return bool((node.get("spec") or {}).get("unschedulable"))
