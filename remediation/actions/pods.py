"""Actions on single pods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from detection.domain.facts import PressureFacts
from detection.domain.findings import ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from remediation.actions.base import (
    LOGS,
    Action,
    AutoContext,
    Diagnosed,
    IncidentRecord,
    Line,
    Parameters,
    Right,
    Risk,
    Trait,
)
from remediation.actions.parameters import CONTAINER, NAME, NAMESPACE, optional


class RestartPod(Action):
    """An eviction with normal grace and UID precondition; never a delete, never grace 0."""

    name = "restart_pod"
    aliases = ("delete_pod",)
    family = "restart_pod"
    kinds = ("Pod",)
    parameters = (NAME, NAMESPACE)
    description = "Evict one pod that has a controller, so that it is made anew."
    impact = "One pod ends with its normal grace; PodDisruptionBudgets are kept."
    estimated_duration = "1–2 min"
    risk = Risk.LOW
    strategy = "evict"
    traits = frozenset({Trait.ENDS_ONE_POD})
    recognised_by = "the pod with that UID is ending or gone"
    contexts = frozenset({AutoContext.STANDARD, AutoContext.CRITICAL})
    rights = (Right("", "pods", "get"), Right("", "pods/eviction", "create"))

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return f"kubectl delete pod {parameters['name']} -n {parameters['namespace']}"

    def target_for(self, situation: Diagnosed) -> ObjectRef | None:
        """The one wedged pod."""
        return situation.pod

    def describe(self, target: ObjectRef, parameters: Parameters, situation: Diagnosed) -> str:
        return f"Evict the wedged pod {target.name}; its siblings go on serving."

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        found = snapshot.get(target)
        return [found] if isinstance(found, Pod) else []

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        return [evicted(target)]


class ViewLogs(Action):
    name = "view_logs"
    family = "view_logs"
    kinds = ("Pod",)
    parameters = (NAME, NAMESPACE, optional(CONTAINER))
    description = "Read the last log lines of a pod."
    impact = "It changes nothing."
    estimated_duration = "seconds"
    risk = Risk.NONE
    strategy = LOGS
    traits = frozenset()
    reversible = True
    rights = (Right("", "pods/log", "get"),)

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        line = f"kubectl logs {parameters['name']} -n {parameters['namespace']} --tail=100"
        container = parameters.get("container")
        return f"{line} -c {container}" if container else line


class CleanFailedPods(Action):
    """By eviction: the server ends no more than what is over, and no right to delete is needed."""

    name = "clean_failed_pods"
    family = "clean_failed_pods"
    kinds = ("Deployment", "StatefulSet", "DaemonSet", "Node")
    parameters = (NAMESPACE,)
    description = "Remove the owner's pods that are over (phase Failed), Job pods excepted."
    impact = "Leftover pod objects disappear, and their logs with them."
    estimated_duration = "seconds"
    risk = Risk.LOW
    strategy = "clean"
    traits = frozenset()
    contexts = frozenset({AutoContext.STANDARD})
    recognised_by = "one of the pods that the dry run named is gone"
    rights = (Right("", "pods", "list"), Right("", "pods/eviction", "create"))

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        selector = "--field-selector=status.phase=Failed -l '!job-name'"
        return f"kubectl delete pods {selector} -n {parameters['namespace']}"

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        """A node has no namespace: then it is the one in which pods were evicted."""
        elsewhere = situation.finding.facts.of(PressureFacts).evicted_namespace
        return {"namespace": target.namespace or elsewhere}

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        """None: its pods are over already."""
        return ()

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        return [evicted(target)]


def evicted(target: str) -> Line:
    return {"path": f"{target}: evicted; its controller makes a new one where one is due"}
