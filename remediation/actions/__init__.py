"""The catalogue: every action that can be proposed, and the few that can be executed."""

from __future__ import annotations

from kubewise_site.values import ALIASES
from remediation.actions.base import Action
from remediation.actions.informational import Describe, Escalate, Noop
from remediation.actions.jobs import RerunJob
from remediation.actions.nodes import CordonNode, DrainNode, UncordonNode
from remediation.actions.pods import CleanFailedPods, RestartPod, ViewLogs
from remediation.actions.resources import AdjustResources, ExpandPvc
from remediation.actions.restart import RestartDaemonSet, RestartDeployment, RestartStatefulSet
from remediation.actions.rollback import (
    RollbackDaemonSet,
    RollbackDeployment,
    RollbackStatefulSet,
)
from remediation.actions.scale import (
    RaiseHpaMax,
    RestoreReplicas,
    ScaleDeployment,
    ScaleStatefulSet,
)

CATALOGUE: dict[str, Action] = {
    action.name: action
    for action in (
        RestartDeployment(),
        RestartStatefulSet(),
        RestartDaemonSet(),
        RestartPod(),
        RollbackDeployment(),
        RollbackStatefulSet(),
        RollbackDaemonSet(),
        ScaleDeployment(),
        ScaleStatefulSet(),
        RestoreReplicas(),
        Describe(),
        ViewLogs(),
        Escalate(),
        Noop(),
        AdjustResources(),
        RaiseHpaMax(),
        CordonNode(),
        UncordonNode(),
        DrainNode(),
        ExpandPvc(),
        RerunJob(),
        CleanFailedPods(),
    )
}
NAMELESS = frozenset({"escalate", "noop"})


def find(name: str) -> Action | None:
    """The action of that name or alias."""
    return CATALOGUE.get(ALIASES.get(name, name))


def of_family(family: str, kind: str) -> Action | None:
    """`rollback` for a `Deployment` is `rollback_deployment`; None where there is none."""
    for action in CATALOGUE.values():
        if action.family == family and kind in action.kinds:
            return action
    return None


def catalogue() -> dict[str, dict[str, object]]:
    """The whole catalogue as the API shows it."""
    return {name: action.as_dict() for name, action in CATALOGUE.items()}
