"""Actions on single pods."""

from __future__ import annotations

from remediation.actions.base import Action, Context, Effect, Parameters, Right, Risk
from remediation.actions.parameters import CONTAINER, NAME, NAMESPACE, optional


class RestartPod(Action):
    """An eviction with normal grace and UID precondition; never a delete, never grace 0."""

    name = "restart_pod"
    family = "restart_pod"
    kinds = ("Pod",)
    parameters = (NAME, NAMESPACE)
    description = "Evict one pod that has a controller, so that it is made anew."
    impact = "One pod ends with its normal grace; PodDisruptionBudgets are kept."
    estimated_duration = "1–2 min"
    risk = Risk.LOW
    effect = Effect.EVICT
    contexts = frozenset({Context.STANDARD, Context.CRITICAL})
    rights = (Right("", "pods", "get"), Right("", "pods/eviction", "create"))

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return f"kubectl delete pod {parameters['name']} -n {parameters['namespace']}"


class ViewLogs(Action):
    name = "view_logs"
    family = "view_logs"
    kinds = ("Pod",)
    parameters = (NAME, NAMESPACE, optional(CONTAINER))
    description = "Read the last log lines of a pod."
    impact = "None: it only reads."
    estimated_duration = "seconds"
    risk = Risk.NONE
    effect = Effect.READ
    reversible = True
    rights = (Right("", "pods/log", "get"),)

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        line = f"kubectl logs {parameters['name']} -n {parameters['namespace']} --tail=100"
        container = parameters.get("container")
        return f"{line} -c {container}" if container else line


class CleanFailedPods(Action):
    name = "clean_failed_pods"
    family = "clean_failed_pods"
    kinds = ("Node", "Namespace", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
    parameters = (NAMESPACE,)
    description = "Delete pods that are over (phase Failed), Job pods excepted."
    impact = "Leftover pod objects disappear, and their logs with them."
    estimated_duration = "seconds"
    risk = Risk.LOW
    effect = Effect.TEXT
    rights = (Right("", "pods", "list"), Right("", "pods", "delete"))

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        selector = "--field-selector=status.phase=Failed -l '!job-name'"
        return f"kubectl delete pods {selector} -n {parameters['namespace']}"
