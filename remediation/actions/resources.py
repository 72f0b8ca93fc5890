"""Requests, limits and sizes: text for people until they have their own guards."""

from __future__ import annotations

from remediation.actions.base import Action, Effect, Parameters, Right, Risk
from remediation.actions.parameters import CONTAINER, NAME, NAMESPACE, RESOURCES, SIZE


class AdjustResources(Action):
    """Of one named container of the owner; the kind is the incident's own."""

    name = "adjust_resources"
    family = "adjust_resources"
    kinds = ("Deployment", "StatefulSet", "DaemonSet")
    parameters = (NAME, NAMESPACE, CONTAINER, *RESOURCES)
    description = "Change requests and limits of one container."
    impact = "Every pod is replaced, as many at a time as the update strategy allows."
    estimated_duration = "1–10 min"
    risk = Risk.MEDIUM
    effect = Effect.TEXT
    reversible = True
    spec_write = True
    rights = (
        Right("apps", "deployments", "patch"),
        Right("apps", "statefulsets", "patch"),
        Right("apps", "daemonsets", "patch"),
    )

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        line = f"kubectl set resources {(kind or self.kinds[0]).lower()}/{parameters['name']}"
        line += f" -n {parameters['namespace']} -c {parameters['container']}"
        for flag, suffix in (("requests", "request"), ("limits", "limit")):
            given = _pairs(parameters, suffix)
            line += f" --{flag}={given}" if given else ""
        return line


class ExpandPvc(Action):
    name = "expand_pvc"
    family = "expand_pvc"
    kinds = ("PersistentVolumeClaim",)
    parameters = (NAME, NAMESPACE, SIZE)
    description = "Ask for a larger volume, where the StorageClass allows it."
    impact = "The volume grows; it can never shrink again."
    estimated_duration = "1–10 min"
    risk = Risk.MEDIUM
    effect = Effect.TEXT
    spec_write = True
    rights = (Right("", "persistentvolumeclaims", "patch"),)

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        patch = f'{{"spec":{{"resources":{{"requests":{{"storage":"{parameters["size"]}"}}}}}}}}'
        name, namespace = parameters["name"], parameters["namespace"]
        return f"kubectl patch pvc {name} -n {namespace} --type=merge -p '{patch}'"


def _pairs(parameters: Parameters, suffix: str) -> str:
    found = {what: parameters.get(f"{what}_{suffix}") for what in ("cpu", "memory")}
    return ",".join(f"{what}={value}" for what, value in found.items() if value)
