"""Replica counts: absolute, bounded, never 0."""

from __future__ import annotations

from typing import Any

from remediation.actions.base import (
    Action,
    Context,
    Effect,
    Object,
    Parameters,
    Patch,
    Right,
    Risk,
    Wish,
    put,
)
from remediation.actions.parameters import MAX_REPLICAS, NAME, NAMESPACE, REPLICAS

MOST_FACTOR = 2


class Scale(Action):
    family = "scale"
    parameters = (NAME, NAMESPACE, REPLICAS)
    impact = "Pods are added or removed until the count is reached."
    estimated_duration = "1–5 min"
    risk = Risk.MEDIUM
    effect = Effect.PATCH
    reversible = True
    spec_write = True

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        what = f"{(kind or self.kinds[0]).lower()}/{parameters['name']}"
        count = parameters["replicas"]
        return f"kubectl scale {what} -n {parameters['namespace']} --replicas={count}"

    def change(self, target: Object, wish: Wish) -> Patch:
        return put(target, ("spec", "replicas"), wish.parameters["replicas"])

    def inverse(self, target: Object, parameters: Parameters) -> dict[str, Any] | None:
        """Back to the former count; never to 0."""
        former = target.get("spec", {}).get("replicas", 1)
        if not former:
            return None
        return {"action": self.name, "parameters": {**parameters, "replicas": former}}


class ScaleDeployment(Scale):
    name = "scale_deployment"
    kinds = ("Deployment",)
    description = "Set a Deployment's replica count."
    contexts = frozenset({Context.STANDARD, Context.PREDICTED})
    rights = (Right("apps", "deployments", "patch"),)


class ScaleStatefulSet(Scale):
    name = "scale_statefulset"
    kinds = ("StatefulSet",)
    description = "Set a StatefulSet's replica count."
    rights = (Right("apps", "statefulsets", "patch"),)


class RestoreReplicas(Scale):
    name = "restore_replicas"
    family = "restore_replicas"
    kinds = ("Deployment", "StatefulSet")
    description = "Set the replica count back to the last recorded one that was not 0."
    contexts = frozenset({Context.STANDARD, Context.CRITICAL})
    rights = (Right("apps", "deployments", "patch"), Right("apps", "statefulsets", "patch"))


class RaiseHpaMax(Action):
    """Acts on the HorizontalPodAutoscaler of the incident's owner; at most twice what stands."""

    name = "raise_hpa_max"
    family = "raise_hpa_max"
    kinds = ("HorizontalPodAutoscaler",)
    parameters = (NAME, NAMESPACE, MAX_REPLICAS)
    description = "Raise the maximum of a HorizontalPodAutoscaler."
    impact = "The autoscaler may add pods up to the new maximum."
    estimated_duration = "1–5 min"
    risk = Risk.MEDIUM
    effect = Effect.PATCH
    spec_write = True
    rights = (
        Right("autoscaling", "horizontalpodautoscalers", "get"),
        Right("autoscaling", "horizontalpodautoscalers", "patch"),
    )

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        patch = f'{{"spec":{{"maxReplicas":{parameters["max_replicas"]}}}}}'
        name, namespace = parameters["name"], parameters["namespace"]
        return f"kubectl patch hpa {name} -n {namespace} --type=merge -p '{patch}'"

    def bounds(self, target: Object, parameters: Parameters) -> str:
        now, wanted = int(target["spec"]["maxReplicas"]), int(parameters["max_replicas"])
        if wanted < now:
            return f"{wanted} is below the present maximum of {now}: it only raises"
        if wanted > now * MOST_FACTOR:
            return f"{wanted} is more than {MOST_FACTOR} times the present maximum of {now}"
        return ""

    def change(self, target: Object, wish: Wish) -> Patch:
        return put(target, ("spec", "maxReplicas"), wish.parameters["max_replicas"])
