"""The owner guards as one table: each says for which actions it holds and what it allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from remediation.case import Case
from remediation.verdicts import Ruling, ask, suggest

RESTARTABLE = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
REMEDIABLE = RESTARTABLE | {"Node", "Job", "CronJob", "HorizontalPodAutoscaler"}
REMEDIABLE |= {"PersistentVolumeClaim"}
MODE = "kubewise.io/mode"
MOST_REPLICAS = "kubewise.io/max-replicas"
SCALING = frozenset({"scale", "restore_replicas"})


@dataclass(frozen=True)
class Guard:
    """`rule` is what it allows where `holds`. `families` empty: for every changing action."""

    name: str
    holds: Callable[[Case], bool]
    rule: Callable[[Case], Ruling]
    families: frozenset[str] = frozenset()

    def applies(self, case: Case) -> bool:
        family = case.candidate.entry.family
        return case.changes and (not self.families or family in self.families)


def _kind(*kinds: str) -> Callable[[Case], bool]:
    return lambda case: case.target.ref.kind in kinds


def _annotated(value: str) -> Callable[[Case], bool]:
    return lambda case: case.target.annotations.get(MODE, "").strip().lower() == value


def _strange_mode(case: Case) -> bool:
    found = case.target.annotations.get(MODE)
    return found is not None and found.strip().lower() not in ("manual", "off", "auto")


def _over_most_replicas(case: Case) -> bool:
    limit = case.target.annotations.get(MOST_REPLICAS)
    wanted = case.candidate.parameters.get("replicas")
    if limit is None or wanted is None:
        return False
    return not limit.strip().isdigit() or int(wanted) > int(limit)


def _pod_is_not_the_owners(case: Case) -> bool:
    pod = case.pod
    return pod is None or pod.uid != case.candidate.target.uid or not pod.controlled_by_owner


def _elsewhere(case: Case) -> bool:
    """Whether the candidate acts on something that is neither the owner, a pod, nor the one
    autoscaler that scales the owner."""
    target = case.candidate.target
    if target.kind == "HorizontalPodAutoscaler" and target.namespace == case.target.ref.namespace:
        return case.target.autoscaler != f"{target.kind} {target.name}"
    return target.kind != "Pod" and target != case.target.ref


FAMILY_POD = frozenset({"restart_pod"})
FAMILY_RESTART = frozenset({"restart"})
GUARDS: tuple[Guard, ...] = (
    Guard(
        "bare pod",
        _kind("Pod"),
        lambda case: suggest("the pod has no controller: it would be lost, not restarted"),
    ),
    Guard(
        "unknown kind",
        lambda case: case.target.ref.kind not in REMEDIABLE and case.target.ref.kind != "Pod",
        lambda case: suggest(f"{case.target.ref.kind} is no kind that KubeWise acts on"),
    ),
    Guard(
        "not the owner's",
        _elsewhere,
        lambda case: suggest("the action's target is not the incident's own owner"),
    ),
    Guard(
        "object being deleted",
        lambda case: case.target.deleting,
        lambda case: suggest("the owner is being deleted"),
    ),
    Guard(
        "the pod was replaced",
        _pod_is_not_the_owners,
        lambda case: suggest("that pod is gone, replaced or not a pod of this owner"),
        FAMILY_POD,
    ),
    Guard(
        "pod already ending",
        lambda case: bool(case.pod and case.pod.terminating),
        lambda case: suggest("the pod is ending already"),
        FAMILY_POD,
    ),
    Guard(
        "healthy pod",
        lambda case: bool(case.pod and case.pod.ready),
        lambda case: ask("the pod is ready"),
        FAMILY_POD,
    ),
    Guard(
        "StatefulSet ordinal",
        _kind("StatefulSet"),
        lambda case: ask("a StatefulSet's member may be rebuilding, and has a quorum to keep"),
        FAMILY_POD | FAMILY_RESTART | SCALING,
    ),
    Guard(
        "StatefulSet update",
        lambda case: case.target.ref.kind == "StatefulSet" and case.target.update_running,
        lambda case: ask("the StatefulSet's update is under way"),
    ),
    Guard(
        "DaemonSet",
        _kind("DaemonSet"),
        lambda case: ask("a DaemonSet's restart reaches every node"),
        FAMILY_RESTART,
    ),
    Guard(
        "Job pod",
        _kind("Job", "CronJob"),
        lambda case: suggest("a Job's pods are its own business"),
        FAMILY_POD | FAMILY_RESTART | SCALING,
    ),
    Guard(
        "single replica",
        lambda case: case.target.replicas <= 1,
        lambda case: ask("it has a single replica: nothing serves meanwhile"),
        FAMILY_POD,
    ),
    Guard(
        "autoscaler",
        lambda case: bool(case.target.autoscaler),
        lambda case: suggest(f"{case.target.autoscaler} owns the replica count"),
        SCALING,
    ),
    Guard(
        "paused rollout",
        lambda case: case.target.paused,
        lambda case: ask("the rollout is paused on purpose"),
    ),
    Guard(
        "running rollout",
        lambda case: case.target.update_running,
        lambda case: ask("a rollout is under way"),
        FAMILY_POD | FAMILY_RESTART | SCALING,
    ),
    Guard(
        "last schedulable node",
        lambda case: case.target.last_schedulable,
        lambda case: suggest("it is the last schedulable node"),
        frozenset({"cordon_node", "drain_node"}),
    ),
    Guard(
        "kubewise.io/mode: off",
        _annotated("off"),
        lambda case: suggest(f"the owner's annotation {MODE} says off"),
    ),
    Guard(
        "kubewise.io/mode: manual",
        _annotated("manual"),
        lambda case: ask(f"the owner's annotation {MODE} says manual"),
    ),
    Guard(
        "kubewise.io/mode: not understood",
        _strange_mode,
        lambda case: ask(f"the owner's annotation {MODE} is not understood: taken as manual"),
    ),
    Guard(
        "kubewise.io/max-replicas",
        _over_most_replicas,
        lambda case: suggest(f"the owner's annotation {MOST_REPLICAS} allows fewer replicas"),
        SCALING,
    ),
)


def owner_guards(case: Case) -> Iterator[Ruling]:
    """The rulings of every guard that applies and holds."""
    for guard in GUARDS:
        if guard.applies(case) and guard.holds(case):
            yield guard.rule(case)
