"""Node actions: text for people until they have their own guards."""

from __future__ import annotations

from typing import ClassVar

from remediation.actions.base import Action, Effect, Parameters, Right, Risk
from remediation.actions.parameters import GRACE_PERIOD, NAME, TIMEOUT, Parameter


class NodeAction(Action):
    kinds = ("Node",)
    parameters: ClassVar[tuple[Parameter, ...]] = (NAME,)
    effect = Effect.TEXT
    spec_write = False
    rights: ClassVar[tuple[Right, ...]] = (Right("", "nodes", "patch"),)


class CordonNode(NodeAction):
    name = "cordon_node"
    family = "cordon_node"
    description = "Keep new pods away from a node."
    impact = "No new pod is placed on the node; running ones stay."
    estimated_duration = "seconds"
    risk = Risk.LOW
    reversible = True

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return f"kubectl cordon {parameters['name']}"


class UncordonNode(NodeAction):
    name = "uncordon_node"
    family = "uncordon_node"
    description = "Let pods be placed on a node again."
    impact = "New pods may be placed on the node."
    estimated_duration = "seconds"
    risk = Risk.LOW
    reversible = True

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return f"kubectl uncordon {parameters['name']}"


class DrainNode(NodeAction):
    name = "drain_node"
    family = "drain_node"
    parameters = (NAME, GRACE_PERIOD, TIMEOUT)
    description = "Cordon a node and evict its pods, within their PodDisruptionBudgets."
    impact = "Every pod of the node moves elsewhere."
    estimated_duration = "5–30 min"
    risk = Risk.HIGH
    rights = (
        Right("", "nodes", "patch"),
        Right("", "pods", "list"),
        Right("", "pods/eviction", "create"),
    )

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        line = f"kubectl drain {parameters['name']} --ignore-daemonsets"
        if grace := parameters.get("grace_period"):
            line += f" --grace-period={grace}"
        if timeout := parameters.get("timeout"):
            line += f" --timeout={timeout}s"
        return line
