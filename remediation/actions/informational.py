"""Actions that change nothing."""

from __future__ import annotations

from typing import Any

from detection.domain.findings import ObjectRef
from remediation.actions.base import (
    NONE,
    READ,
    Action,
    Diagnosed,
    Parameters,
    Right,
    Risk,
)
from remediation.actions.parameters import NAME, NAMESPACE, optional

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "Node")
HAND_OVER = "Hand it to people, with diagnosis and advice."


class Informational(Action):
    kinds = WORKLOADS
    impact = "It changes nothing."
    estimated_duration = "seconds"
    risk = Risk.NONE
    traits = frozenset()
    reversible = True


class Describe(Informational):
    name = "describe"
    family = "describe"
    parameters = (NAME, optional(NAMESPACE))
    description = "Read an object and its events."
    strategy = READ
    rights = (Right("", "events", "list"),)

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        namespace, name = parameters.get("namespace"), parameters["name"]
        if not namespace:
            return f"kubectl describe {(kind or 'node').lower()} {name}"
        return f"kubectl describe {(kind or 'pod').lower()} {name} -n {namespace}"


class Escalate(Informational):
    """For whatever has an incident; it carries the line by which a person begins to look."""

    name = "escalate"
    family = "escalate"
    nameless = True
    parameters = (optional(NAME), optional(NAMESPACE))
    description = "Hand the incident to people, with diagnosis and advice."
    strategy = NONE

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return ""

    def fits(self, kind: str) -> bool:
        return True

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        return {}

    def describe(self, target: ObjectRef, parameters: Parameters, situation: Diagnosed) -> str:
        return HAND_OVER

    def by_hand(self, target: ObjectRef, parameters: Parameters) -> str:
        return look_at(target)


class Noop(Informational):
    name = "noop"
    nameless = True
    family = "noop"
    parameters = (optional(NAME), optional(NAMESPACE))
    description = "Wait: what is needed is under way, or it ends by itself."
    strategy = NONE

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return ""

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        return {}


def look_at(owner: ObjectRef) -> str:
    """The line by which a person begins to look; '' for what is no object of the API."""
    if not owner.uid:
        return ""
    where = f" -n {owner.namespace}" if owner.namespace else ""
    return f"kubectl describe {owner.kind.lower()} {owner.name}{where}"
