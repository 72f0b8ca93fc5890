"""The owner guards as one table: each says for which actions it holds and what it allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from remediation.actions.base import Trait
from remediation.actions.parameters import BadValue, quantity_amount
from remediation.policy.case import Case
from remediation.policy.verdicts import Ruling, ask, suggest

RESTARTABLE = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
REMEDIABLE = RESTARTABLE | {"Node", "Job", "CronJob", "HorizontalPodAutoscaler"}
REMEDIABLE |= {"PersistentVolumeClaim"}
MOST_MEMORY = "kubewise.io/max-memory"
MODE = "kubewise.io/mode"
MOST_REPLICAS = "kubewise.io/max-replicas"
ENDS_ONE_POD = frozenset({Trait.ENDS_ONE_POD})
ENDS_PODS = ENDS_ONE_POD | {Trait.RESTARTS}
ENDS_PODS_OR_SCALES = ENDS_PODS | {Trait.SETS_REPLICAS}


@dataclass(frozen=True)
class Guard:
    """`rule` is what it allows where `holds`. `traits` empty: for every changing action."""

    name: str
    holds: Callable[[Case], bool]
    rule: Callable[[Case], Ruling]
    traits: frozenset[Trait] = frozenset()

    def applies(self, case: Case) -> bool:
        theirs = case.candidate.entry.traits
        return case.changes and (not self.traits or bool(self.traits & theirs))


def _kind(*kinds: str) -> Callable[[Case], bool]:
    return lambda case: case.target.ref.kind in kinds


def _annotated(value: str) -> Callable[[Case], bool]:
    return lambda case: case.target.annotations.get(MODE, "").strip().lower() == value


def held_back(seen: Mapping[str, Any], approved: bool) -> str:
    """What the object's own annotation says against a write now; '' for nothing."""
    found = ((seen.get("metadata") or {}).get("annotations") or {}).get(MODE)
    word = "auto" if found is None else str(found).strip().lower()
    if word == "off" or (word != "auto" and not approved):
        return f"the annotation {MODE} is {word[:20]} now"
    return ""


def _strange_mode(case: Case) -> bool:
    found = case.target.annotations.get(MODE)
    return found is not None and found.strip().lower() not in ("manual", "off", "auto")


def _over_most_replicas(case: Case) -> bool:
    limit = case.target.annotations.get(MOST_REPLICAS)
    given = case.candidate.parameters
    wanted = given.get("replicas", given.get("max_replicas"))
    if limit is None or wanted is None:
        return False
    return not limit.strip().isdigit() or int(wanted) > int(limit)


def _over_most_memory(case: Case) -> bool:
    limit = case.target.annotations.get(MOST_MEMORY)
    given = case.candidate.parameters
    wanted = [str(given[n]) for n in ("memory_limit", "memory_request") if n in given]
    if limit is None or not wanted:
        return False
    try:
        return max(map(quantity_amount, wanted)) > quantity_amount(limit.strip())
    except BadValue:
        return True


def _pod_is_not_the_owners(case: Case) -> bool:
    pod = case.pod
    return pod is None or pod.uid != case.candidate.target.uid or not pod.controlled_by_owner


def _elsewhere(case: Case) -> bool:
    """Whether the candidate acts on something that is not the owner's, nor scales it."""
    target = case.candidate.target
    scaler = Trait.RAISES_AUTOSCALER in case.candidate.entry.traits
    if target.kind == "HorizontalPodAutoscaler" and scaler:
        return not target.uid or target.uid != case.target.autoscaler_uid
    return target.kind != "Pod" and target != case.target.ref


def _wrong_kind(case: Case) -> bool:
    return not case.candidate.entry.fits(case.candidate.target.kind)


def _does_not_apply(case: Case) -> Ruling:
    action, kind = case.candidate.action, case.candidate.target.kind
    return suggest(f"{action} does not apply to a {kind}")


def _one_node_at_a_time(case: Case) -> Ruling:
    claim = case.target.volumes
    return ask(f"the PersistentVolumeClaim {claim} can only be mounted on one node at a time")


GUARDS: tuple[Guard, ...] = (
    Guard(
        "bare pod",
        _kind("Pod"),
        lambda case: suggest("the pod has no controller, so nothing would recreate it"),
    ),
    Guard(
        "unknown kind",
        lambda case: case.target.ref.kind not in REMEDIABLE and case.target.ref.kind != "Pod",
        lambda case: suggest(f"KubeWise does not act on a {case.target.ref.kind}"),
    ),
    Guard(
        "not the owner's",
        _elsewhere,
        lambda case: suggest("the target is not the incident's owner"),
    ),
    Guard(
        "wrong kind",
        _wrong_kind,
        _does_not_apply,
    ),
    Guard(
        "object being deleted",
        lambda case: case.target.deleting,
        lambda case: suggest("the owner is being deleted"),
    ),
    Guard(
        "the pod was replaced",
        _pod_is_not_the_owners,
        lambda case: suggest("the pod is gone, was replaced, or does not belong to this owner"),
        ENDS_ONE_POD,
    ),
    Guard(
        "pod already ending",
        lambda case: bool(case.pod and case.pod.terminating),
        lambda case: suggest("the pod is already terminating"),
        ENDS_ONE_POD,
    ),
    Guard(
        "healthy pod",
        lambda case: bool(case.pod and case.pod.ready),
        lambda case: ask("the pod is ready"),
        ENDS_ONE_POD,
    ),
    Guard(
        "StatefulSet ordinal",
        _kind("StatefulSet"),
        lambda case: ask(
            "a pod of a StatefulSet may be rebuilding its data, or be needed for quorum"
        ),
        ENDS_PODS_OR_SCALES,
    ),
    Guard(
        "StatefulSet update",
        lambda case: case.target.ref.kind == "StatefulSet" and case.target.update_running,
        lambda case: ask("a rolling update of the StatefulSet is in progress"),
    ),
    Guard(
        "DaemonSet",
        _kind("DaemonSet"),
        lambda case: ask("restarting a DaemonSet affects every node"),
        frozenset({Trait.RESTARTS}),
    ),
    Guard(
        "Job pod",
        _kind("Job", "CronJob"),
        lambda case: suggest("the pods of a Job are managed by the Job itself"),
        ENDS_PODS_OR_SCALES,
    ),
    Guard(
        "single replica",
        lambda case: case.target.replicas <= 1,
        lambda case: ask("there is only one replica: evicting it interrupts the service"),
        ENDS_ONE_POD,
    ),
    Guard(
        "autoscaler",
        lambda case: bool(case.target.autoscaler),
        lambda case: suggest(f"{case.target.autoscaler} manages the replica count"),
        frozenset({Trait.SETS_REPLICAS}),
    ),
    Guard(
        "paused rollout",
        lambda case: case.target.paused,
        lambda case: ask("the rollout is paused"),
    ),
    Guard(
        "running rollout",
        lambda case: case.target.update_running,
        lambda case: ask("a rollout is in progress"),
        ENDS_PODS_OR_SCALES,
    ),
    Guard(
        "RWO volume",
        lambda case: bool(case.target.volumes),
        _one_node_at_a_time,
        ENDS_PODS,
    ),
    Guard(
        "local storage",
        lambda case: bool(case.target.local_storage),
        lambda case: ask(f"the data in volume {case.target.local_storage} is deleted with the pod"),
        ENDS_PODS,
    ),
    Guard(
        "system priority",
        lambda case: bool(case.target.system_priority),
        lambda case: suggest(f"the pods have the priority class {case.target.system_priority}"),
    ),
    Guard(
        "node not ready",
        lambda case: not case.target.node_ready,
        lambda case: suggest("the node is not Ready: pods scheduled there would not run"),
        frozenset({Trait.UNCORDONS}),
    ),
    Guard(
        "last schedulable node",
        lambda case: case.target.last_schedulable,
        lambda case: suggest("this is the last schedulable node"),
        frozenset({Trait.CORDONS}),
    ),
    Guard(
        "kubewise.io/mode: off",
        _annotated("off"),
        lambda case: suggest(f"the owner's annotation {MODE} is off"),
    ),
    Guard(
        "kubewise.io/mode: manual",
        _annotated("manual"),
        lambda case: ask(f"the owner's annotation {MODE} is manual"),
    ),
    Guard(
        "kubewise.io/mode: not understood",
        _strange_mode,
        lambda case: ask(f"the owner's annotation {MODE} has an unknown value, treated as manual"),
    ),
    Guard(
        "kubewise.io/max-replicas",
        _over_most_replicas,
        lambda case: suggest(f"the owner's annotation {MOST_REPLICAS} allows fewer replicas"),
        frozenset({Trait.SETS_REPLICAS, Trait.RAISES_AUTOSCALER}),
    ),
    Guard(
        "kubewise.io/max-memory",
        _over_most_memory,
        lambda case: suggest(f"the owner's annotation {MOST_MEMORY} allows less memory"),
        frozenset({Trait.SETS_RESOURCES}),
    ),
)


def owner_guards(case: Case) -> Iterator[Ruling]:
    """The rulings of every guard that applies and holds."""
    for guard in GUARDS:
        if guard.applies(case) and guard.holds(case):
            yield guard.rule(case)
