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
    recognised_by = "the pod with that UID is ending or gone"
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
    """By eviction: the server ends no more than what is over, and no right to delete is needed."""

    name = "clean_failed_pods"
    family = "clean_failed_pods"
    kinds = ("Deployment", "StatefulSet", "DaemonSet", "Node")
    parameters = (NAMESPACE,)
    description = "Remove the owner's pods that are over (phase Failed), Job pods excepted."
    impact = "Leftover pod objects disappear, and their logs with them."
    estimated_duration = "seconds"
    risk = Risk.LOW
    effect = Effect.CLEAN
    contexts = frozenset({Context.STANDARD})
    recognised_by = "one of the pods that the dry run named is gone"
    rights = (Right("", "pods", "list"), Right("", "pods/eviction", "create"))

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        selector = "--field-selector=status.phase=Failed -l '!job-name'"
        return f"kubectl delete pods {selector} -n {parameters['namespace']}"
