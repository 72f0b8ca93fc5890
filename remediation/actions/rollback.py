"""Rollbacks: the whole pod template of an older revision in place of the present one."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from detection.domain.findings import ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from remediation.actions.base import (
    Action,
    AutoContext,
    Diagnosed,
    IncidentRecord,
    Line,
    NotKnown,
    Object,
    Parameters,
    Patch,
    Right,
    Risk,
    Wish,
    line,
    of_owner,
)
from remediation.actions.parameters import NAME, NAMESPACE, REVISION, Value, optional

TEMPLATE_HASH = "pod-template-hash"
ARROW = " → "
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
    strategy = "patch"
    traits = frozenset()
    spec_write = True

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        what = f"{self.kinds[0].lower()}/{parameters['name']}"
        text = f"kubectl rollout undo {what} -n {parameters['namespace']}"
        revision = parameters.get("revision")
        return f"{text} --to-revision={revision}" if revision else text

    def parameters_for(self, target: ObjectRef, situation: Diagnosed) -> dict[str, Any] | None:
        """The proven revision, else the older one."""
        revision = situation.finding.revision
        number = revision and (revision.proven or revision.older)
        return self.names(target) | {"revision": number} if number else None

    def filled(self, parameters: Parameters, recorded: IncidentRecord) -> dict[str, Value]:
        if "revision" in parameters:
            return dict(parameters)
        number = recorded.revision.get("proven")
        if not number:
            raise NotKnown("no earlier revision is proven healthy: name one, revision=…")
        return {**parameters, "revision": number}

    def describe(self, target: ObjectRef, parameters: Parameters, situation: Diagnosed) -> str:
        revision = situation.finding.revision
        if revision is None:
            return self.description
        proof = f"proven healthy by {revision.proof}" if revision.proven else "not proven healthy"
        owner = of_owner(situation)
        return f"Roll {owner} back to revision {parameters['revision']}, {proof}."

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        return snapshot.pods_below(owner)

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        """The changes of the release, turned round; known for the revisions on record alone."""
        revision, number = recorded.revision, parameters.get("revision")
        lines = [line("revision", revision.get("current") or "?", number)]
        if number in (revision.get("proven"), revision.get("older")):
            lines += [turned(str(text)) for text in revision.get("changed", ())]
        return lines

    def undo_in_words(self, recorded: IncidentRecord) -> str:
        return "none: it would be the broken release"

    def change(self, target: Object, wish: Wish) -> Patch:
        if wish.template is None:
            return []
        template = without_hash(wish.template)
        return [{"op": "replace", "path": "/spec/template", "value": template}]


class RollbackDeployment(Rollback):
    name = "rollback_deployment"
    kinds = ("Deployment",)
    description = "Roll a Deployment back to a revision that was proven healthy."
    contexts = frozenset({AutoContext.STANDARD, AutoContext.CRITICAL})
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
    contexts = frozenset({AutoContext.STANDARD, AutoContext.CRITICAL})
    rights = (
        Right("apps", "daemonsets", "patch"),
        Right("apps", "controllerrevisions", "list"),
        *READ_REFERENCES,
    )


def turned(text: str) -> Line:
    """The release changed `a → b`: rolling it back changes `b → a`."""
    path, _, change = text.partition(": ")
    before, arrow, after = change.partition(ARROW)
    return line(path, after, before) if arrow else {"path": text}


def without_hash(template: Object) -> dict[str, Any]:
    """The template as a person would have written it: its hash label stripped."""
    clean: dict[str, Any] = deepcopy(dict(template))
    labels = clean.get("metadata", {}).get("labels", {})
    labels.pop(TEMPLATE_HASH, None)
    clean.get("metadata", {}).pop("creationTimestamp", None)
    return clean
