"""Rollbacks: the whole pod template of an older revision in place of the present one."""

from __future__ import annotations

from copy import deepcopy
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
)
from remediation.actions.parameters import NAME, NAMESPACE, REVISION, optional

TEMPLATE_HASH = "pod-template-hash"
READ_REFERENCES = (
    Right("", "configmaps", "get"),
    Right("", "persistentvolumeclaims", "get"),
    Right("", "serviceaccounts", "get"),
)


class Rollback(Action):
    """Replaced, never merged: a merge would keep the bad revision's variables.

    Its inverse is the broken release, so it has none. Typed without a revision it means the one
    that is proven; a plan always names it.
    """

    family = "rollback"
    parameters = (NAME, NAMESPACE, optional(REVISION))
    impact = "Every pod is replaced by one of the older revision, by the update strategy."
    estimated_duration = "1–10 min"
    risk = Risk.MEDIUM
    effect = Effect.PATCH
    spec_write = True

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        what = f"{self.kinds[0].lower()}/{parameters['name']}"
        line = f"kubectl rollout undo {what} -n {parameters['namespace']}"
        revision = parameters.get("revision")
        return f"{line} --to-revision={revision}" if revision else line

    def change(self, target: Object, wish: Wish) -> Patch:
        if wish.template is None:
            return []
        template = without_hash(wish.template)
        return [{"op": "replace", "path": "/spec/template", "value": template}]


class RollbackDeployment(Rollback):
    name = "rollback_deployment"
    kinds = ("Deployment",)
    description = "Roll a Deployment back to a revision that was proven healthy."
    contexts = frozenset({Context.STANDARD, Context.CRITICAL})
    rights = (
        Right("apps", "deployments", "patch"),
        Right("apps", "replicasets", "list"),
        *READ_REFERENCES,
    )


class RollbackStatefulSet(Rollback):
    name = "rollback_statefulset"
    kinds = ("StatefulSet",)
    description = "Roll a StatefulSet back to a revision that was proven healthy."
    risk = Risk.HIGH
    rights = (
        Right("apps", "statefulsets", "patch"),
        Right("apps", "controllerrevisions", "list"),
        *READ_REFERENCES,
    )


class RollbackDaemonSet(Rollback):
    name = "rollback_daemonset"
    kinds = ("DaemonSet",)
    description = "Roll a DaemonSet back to a revision that was proven healthy."
    contexts = frozenset({Context.STANDARD, Context.CRITICAL})
    rights = (
        Right("apps", "daemonsets", "patch"),
        Right("apps", "controllerrevisions", "list"),
        *READ_REFERENCES,
    )


def without_hash(template: Object) -> dict[str, Any]:
    """The template as a person would have written it: its hash label stripped."""
    clean: dict[str, Any] = deepcopy(dict(template))
    labels = clean.get("metadata", {}).get("labels", {})
    labels.pop(TEMPLATE_HASH, None)
    clean.get("metadata", {}).pop("creationTimestamp", None)
    return clean
