"""Actions that change nothing."""

from __future__ import annotations

from remediation.actions.base import Action, Effect, Parameters, Right, Risk
from remediation.actions.parameters import NAME, NAMESPACE, optional

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "Node")


class Harmless(Action):
    kinds = WORKLOADS
    impact = "None: nothing is changed."
    estimated_duration = "seconds"
    risk = Risk.NONE
    reversible = True


class Describe(Harmless):
    name = "describe"
    family = "describe"
    parameters = (NAME, optional(NAMESPACE))
    description = "Read an object and its events."
    effect = Effect.READ
    rights = (Right("", "events", "list"),)

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        namespace, name = parameters.get("namespace"), parameters["name"]
        if not namespace:
            return f"kubectl describe {(kind or 'node').lower()} {name}"
        return f"kubectl describe {(kind or 'pod').lower()} {name} -n {namespace}"


class Escalate(Harmless):
    name = "escalate"
    family = "escalate"
    parameters = (optional(NAME), optional(NAMESPACE))
    description = "Hand the incident to people, with diagnosis and advice."
    effect = Effect.NONE

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return ""


class Noop(Harmless):
    name = "noop"
    family = "noop"
    parameters = (optional(NAME), optional(NAMESPACE))
    description = "Wait: what is needed is under way, or it ends by itself."
    effect = Effect.NONE

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        return ""
