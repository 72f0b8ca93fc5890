"""Replica counts: absolute, bounded, never 0."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from detection.domain.causes import Cause
from detection.domain.facts import AutoscalerFacts, ScaledDownFacts
from detection.domain.findings import ObjectRef
from detection.domain.units import counted
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from remediation.actions.base import (
    Action,
    AutoContext,
    Diagnosed,
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
    of_owner,
    put,
)
from remediation.actions.parameters import MAX_REPLICAS, NAME, NAMESPACE, REPLICAS

MOST_FACTOR = 2
RAISE_FACTOR = 1.5


class Scale(Action):
    family = "scale"
    parameters = (NAME, NAMESPACE, REPLICAS)
    impact = "Pods are added or removed until the count is reached."
    estimated_duration = "1–5 min"
    risk = Risk.MEDIUM
    strategy = "patch"
    traits = frozenset({Trait.SETS_REPLICAS})
    reversible = True
    spec_write = True

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        what = f"{(kind or self.kinds[0]).lower()}/{parameters['name']}"
        count = parameters["replicas"]
        return f"kubectl scale {what} -n {parameters['namespace']} --replicas={count}"

    def change(self, target: Object, wish: Wish) -> Patch:
        return put(target, ("spec", "replicas"), wish.parameters["replicas"])

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        """None: how many pods are needed is for people to say."""
        return None

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        return ()

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        before = replicas_on(recorded)
        known = "?" if before is None else before
        return [line("spec.replicas", known, parameters.get("replicas"))]

    def undo_in_words(self, recorded: IncidentRecord) -> str:
        before = replicas_on(recorded)
        if before is None:
            return super().undo_in_words(recorded)
        return (
            f"{self.name} back to {counted(before, 'replica')}"
            if before
            else "none: never back to 0"
        )

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
    contexts = frozenset({AutoContext.STANDARD, AutoContext.PREDICTED})
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
    contexts = frozenset({AutoContext.STANDARD, AutoContext.CRITICAL})
    rights = (Right("apps", "deployments", "patch"), Right("apps", "statefulsets", "patch"))

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        count = situation.finding.facts.of(ScaledDownFacts).recorded_replicas
        return self.names(target) | {"replicas": count}

    def describe(self, target: ObjectRef, parameters: Parameters, situation: Diagnosed) -> str:
        count = parameters["replicas"]
        return (
            f"Set {of_owner(situation)} back to {counted(int(count), 'replica')}, its last count."
        )


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
    strategy = "patch"
    traits = frozenset({Trait.RAISES_AUTOSCALER})
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

    def target_for(self, situation: Diagnosed) -> ObjectRef | None:
        """The owner's autoscaler, which the finding names."""
        related = situation.finding.related
        return next((ref for ref in related if ref.kind in self.kinds), None)

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        most = raised_most(situation.finding.facts.of(AutoscalerFacts).max_replicas)
        return self.names(target) | {"max_replicas": most}

    def describe(self, target: ObjectRef, parameters: Parameters, situation: Diagnosed) -> str:
        old = situation.finding.facts.of(AutoscalerFacts).max_replicas
        most = parameters["max_replicas"]
        return f"Raise the maximum of its autoscaler {target.name} from {old} to {most}."

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        return ()

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        """The record has no maximum; the dry run shows it."""
        return []


def raised_most(replicas: int) -> int:
    """An autoscaler's maximum times 1.5, at least one more."""
    return max(math.ceil(replicas * RAISE_FACTOR), replicas + 1)


def replicas_on(recorded: IncidentRecord) -> int | None:
    """The count before the action; None where it is not on record."""
    if recorded.cause == Cause.SCALED_TO_ZERO:
        return 0
    known = recorded.metrics.get("deployment_replicas")
    return int(known) if isinstance(known, int | float) else None
