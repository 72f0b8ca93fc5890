"""Rolling restarts: a stamp on the pod template, so that a second call changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from detection.domain.findings import ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from remediation.actions.base import (
    Action,
    AutoContext,
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
    put,
)
from remediation.actions.parameters import NAME, NAMESPACE

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
STAMP_PATH = ("spec", "template", "metadata", "annotations", RESTARTED_AT)


class Restart(Action):
    """The stamp is the attempt's creation time, never the time of execution."""

    family = "restart"
    parameters = (NAME, NAMESPACE)
    impact = "Every pod is replaced, as many at a time as the update strategy allows."
    estimated_duration = "1–10 min"
    risk = Risk.MEDIUM
    strategy = "patch"
    traits = frozenset({Trait.RESTARTS})
    spec_write = True

    def kubectl(self, parameters: Parameters, kind: str = "") -> str:
        namespace, name = parameters["namespace"], parameters["name"]
        return f"kubectl rollout restart {self.kinds[0].lower()}/{name} -n {namespace}"

    def change(self, target: Object, wish: Wish) -> Patch:
        stamp = wish.stamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return put(target, STAMP_PATH, stamp)

    def disturbs(self, target: ObjectRef, owner: ObjectRef, snapshot: Snapshot) -> Iterable[Pod]:
        return snapshot.pods_below(owner)

    def preview(self, recorded: IncidentRecord, parameters: Parameters, target: str) -> list[Line]:
        return [line(f"template annotation {RESTARTED_AT}", "as it is", "the time of the attempt")]


class RestartDeployment(Restart):
    name = "restart_deployment"
    kinds = ("Deployment",)
    description = "Restart a Deployment's pods one after the other."
    contexts = frozenset({AutoContext.STANDARD, AutoContext.PREDICTED})
    rights = (Right("apps", "deployments", "patch"),)


class RestartStatefulSet(Restart):
    name = "restart_statefulset"
    kinds = ("StatefulSet",)
    description = "Restart a StatefulSet's pods one after the other, highest ordinal first."
    rights = (Right("apps", "statefulsets", "patch"),)


class RestartDaemonSet(Restart):
    name = "restart_daemonset"
    kinds = ("DaemonSet",)
    description = "Restart a DaemonSet's pods, node after node."
    risk = Risk.HIGH
    rights = (Right("apps", "daemonsets", "patch"),)
