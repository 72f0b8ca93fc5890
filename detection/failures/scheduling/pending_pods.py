"""Pods that no node takes: capacity, labels, taints, anti-affinity, claims, volumes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from detection.domain.causes import Cause
from detection.domain.facts import SchedulingFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.domain.quantities import amount_of
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import (
    about_pods,
    changed_evidence,
    events_evidence,
    full_name,
    observed,
    troubled,
)
from detection.failures.registry import failure
from detection.failures.rollback_evidence import Judgement, judge_newest_revision, not_borne
from detection.failures.scheduling.node_affinity import (
    dedicated,
    matches_selector,
    nodes_have,
    required_keys,
    required_labels,
    untolerated,
)
from detection.failures.scheduling.preemption import preempted_owners
from detection.failures.scheduling.quota_use import CLAIMS, quota_on
from detection.failures.scheduling.reasons import (
    ROOM,
    Unplaced,
    is_unschedulable,
    kept_out_by_state,
    message_of,
    only_on,
    why_unplaced,
)
from detection.kubernetes.objects.core import Pod, condition
from detection.snapshot import Snapshot
from detection.snapshot.pod_templates import Template, container_names, quantity_of, spec_of

SCALE_UP = "TriggeredScaleUp"
SCALE_UP_LASTS = timedelta(minutes=10)
PLACED = (
    Cause.INSUFFICIENT_CAPACITY,
    Cause.NODE_SELECTOR_MISMATCH,
    Cause.UNTOLERATED_TAINT,
    Cause.ANTI_AFFINITY,
    Cause.PVC_NOT_FOUND,
    Cause.VOLUME_NODE_AFFINITY,
    Cause.HOST_PORT_TAKEN,
    Cause.UNSCHEDULABLE,
)
WHAT = {
    Cause.INSUFFICIENT_CAPACITY: "no node has enough room",
    Cause.NODE_SELECTOR_MISMATCH: "no node has the labels that the Pod spec requires",
    Cause.UNTOLERATED_TAINT: "the taints of the suitable nodes are not tolerated",
    Cause.ANTI_AFFINITY: "affinity rules forbid the nodes with room",
    Cause.PVC_NOT_FOUND: "the PersistentVolumeClaim does not exist",
    Cause.UNSCHEDULABLE: "the scheduler finds no node for them",
    Cause.HOST_PORT_TAKEN: "no node has the host port free that it asks for",
    Cause.VOLUME_NODE_AFFINITY: "the volume is not reachable from the nodes that are possible",
}


@failure(*PLACED)
def unplaced(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F20, F21, F22, F23, F25, F27: one finding for each cause of an owner's pending pods."""
    taken = preempted_owners(snapshot)
    for owner, pods in troubled(snapshot):
        if key_of(owner) in taken:
            continue
        found = [why_unplaced(snapshot, pod) for pod in pods if is_unschedulable(pod)]
        counted = Counter(item.cause for item in found if item.cause in PLACED)
        for cause, _ in counted.most_common(1):
            if cause is not None:
                same = [item for item in found if item.cause == cause]
                yield _finding(snapshot, context, owner, cause, same)


def _finding(
    snapshot: Snapshot,
    context: Context,
    owner: ObjectRef,
    cause: Cause,
    found: Sequence[Unplaced],
) -> Finding:
    pending, first = [item.pod for item in found], found[0]
    onset = min(pending_since(pod, context) for pod in pending)
    scale_up = _scale_up(snapshot, pending, context)
    judged = judge_newest_revision(snapshot, owner, context, pending, onset)
    revision = judged.revision if _brought(cause, first, judged) else not_borne(judged.revision)
    facts = _facts(snapshot, cause, found) | SchedulingFacts(
        scale_up_running=scale_up is not None, only_on=only_on(snapshot, first.pod)
    )
    short_of = ", ".join(one.rstrip(".") for one in facts.short_of)
    more = f" ({short_of})" if short_of else ""
    waiting = counted(len(pending), "pod is", "pods are")
    return about_pods(
        snapshot,
        cause,
        owner,
        pending,
        f"{full_name(owner)}: {waiting} Pending: {_what(cause, facts)}{more}",
        onset,
        _opens_at(context, onset, scale_up),
        [
            observed("pods", f"{first.pod.metadata.name}: {first.message}", decisive=True),
            *_compared(snapshot, cause, first.pod, facts),
            *events_evidence(snapshot, first.pod.metadata.uid, ("FailedScheduling", SCALE_UP)),
            *changed_evidence(revision),
        ],
        revision,
        facts,
    )


def _what(cause: Cause, facts: SchedulingFacts) -> str:
    if cause == Cause.UNTOLERATED_TAINT and facts.kept_out and not facts.taints:
        return f"the only nodes for them are not let in yet, or no longer ({facts.kept_out[0]})"
    if cause == Cause.NODE_SELECTOR_MISMATCH and facts.asked:
        return f"{WHAT[cause]} ({'; '.join(facts.asked)})"
    if facts.said:
        return f"{WHAT[cause]} ({facts.said[:200]})"
    return WHAT[cause]


def _compared(
    snapshot: Snapshot, cause: Cause, pod: Pod, facts: SchedulingFacts
) -> Iterator[Evidence]:
    """What the pod asks beside what there is."""
    if cause == Cause.NODE_SELECTOR_MISMATCH:
        for key in required_keys(pod)[:3]:
            yield observed("nodes", nodes_have(snapshot.nodes, key), decisive=True)
    for one in facts.kept_out[:3]:
        yield observed("nodes", f"{one}: it would do otherwise", decisive=True)
    if facts.quota:
        yield observed("resourcequotas", facts.quota, decisive=True)


def _facts(snapshot: Snapshot, cause: Cause, found: Sequence[Unplaced]) -> SchedulingFacts:
    why, pod = "Unschedulable", found[0].pod
    if cause == Cause.INSUFFICIENT_CAPACITY:
        return SchedulingFacts(
            reason=why, short_of=_short_of(found), kept_out=_kept_out(snapshot, pod)
        )
    if cause == Cause.PVC_NOT_FOUND:
        namespace = pod.metadata.namespace
        return SchedulingFacts(
            reason=why,
            missing=found[0].claim,
            claims=claims_of(pod),
            quota=quota_on(snapshot, namespace, CLAIMS),
        )
    if cause == Cause.UNTOLERATED_TAINT:
        return SchedulingFacts(
            reason=why, taints=_taints(snapshot, pod), kept_out=_kept_out(snapshot, pod)
        )
    if cause == Cause.NODE_SELECTOR_MISMATCH:
        asked = tuple(required_labels(pod))
        return SchedulingFacts(reason=why, node_selector=pod.spec.node_selector, asked=asked)
    if cause == Cause.VOLUME_NODE_AFFINITY:
        return SchedulingFacts(reason=why, claims=claims_of(pod))
    return SchedulingFacts(reason=why, said=found[0].said)


def _kept_out(snapshot: Snapshot, pod: Pod) -> tuple[str, ...]:
    found = kept_out_by_state(snapshot, pod)
    return tuple(f"node {node.metadata.name} has the taint {taint.key}" for node, taint in found)


def _short_of(found: Sequence[Unplaced]) -> tuple[str, ...]:
    return tuple(sorted({t.lower() for item in found for t in ROOM.findall(item.message)}))


def _taints(snapshot: Snapshot, pod: Pod) -> tuple[str, ...]:
    nodes = [n for n in snapshot.nodes if matches_selector(pod, n)]
    taints = [t for node in nodes for t in dedicated(untolerated(pod, node))]
    return tuple(sorted({f"{t.key}={t.value}:{t.effect}" for t in taints})[:10])


def claims_of(pod: Pod) -> tuple[str, ...]:
    sources = [volume.persistent_volume_claim for volume in pod.spec.volumes]
    return tuple(source.claim_name for source in sources if source is not None)


def pending_since(pod: Pod, context: Context) -> datetime:
    scheduled = condition(pod.status.conditions, "PodScheduled")
    since = scheduled.last_transition_time if scheduled else None
    return since or pod.metadata.creation_timestamp or context.now


def _opens_at(context: Context, onset: datetime, scale_up: datetime | None) -> datetime:
    if scale_up is None:
        return onset + timedelta(seconds=context.dwell.unschedulable_seconds)
    return max(onset, scale_up) + timedelta(seconds=context.dwell.scale_up_seconds)


def _scale_up(snapshot: Snapshot, pending: Sequence[Pod], context: Context) -> datetime | None:
    """When the autoscaler last began to add a node for one of these pods, if lately."""
    times = [
        event.at
        for pod in pending
        for event in snapshot.events_of(pod.metadata.uid)
        if event.reason == SCALE_UP and event.at and context.now - event.at < SCALE_UP_LASTS
    ]
    return max((time for time in times if time is not None), default=None)


def _brought(cause: Cause, first: Unplaced, judged: Judgement) -> bool:
    """Whether the newest revision changed what this cause is about."""
    if judged.newest is None or judged.target is None:
        return False
    if cause == Cause.INSUFFICIENT_CAPACITY:
        return raised_requests(judged)
    keys = ASKED[cause]
    return any(
        _part(judged.newest.template, key) != _part(judged.target.template, key) for key in keys
    ) and (cause != Cause.PVC_NOT_FOUND or _names_claim(judged, first.claim))


ASKED: Mapping[Cause, tuple[str, ...]] = {
    Cause.NODE_SELECTOR_MISMATCH: ("nodeSelector", "affinity.nodeAffinity"),
    Cause.UNTOLERATED_TAINT: ("tolerations", "nodeSelector", "affinity.nodeAffinity"),
    Cause.ANTI_AFFINITY: (
        "affinity.podAntiAffinity",
        "affinity.podAffinity",
        "topologySpreadConstraints",
    ),
    Cause.PVC_NOT_FOUND: ("volumes",),
    Cause.VOLUME_NODE_AFFINITY: (),
    Cause.HOST_PORT_TAKEN: ("hostNetwork",),
    Cause.UNSCHEDULABLE: (),
}


def _part(template: Template, path: str) -> Any:
    found: Any = spec_of(template)
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _names_claim(judged: Judgement, claim: str) -> bool:
    """The newest revision names the claim, and the older one does not."""
    if judged.newest is None or judged.target is None:
        return False
    return claim in _claims(judged.newest.template) and claim not in _claims(judged.target.template)


def _claims(template: Template) -> set[str]:
    volumes = spec_of(template).get("volumes")
    found = [v for v in volumes if isinstance(v, dict)] if isinstance(volumes, list) else []
    sources = [volume.get("persistentVolumeClaim") for volume in found]
    return {str(source.get("claimName")) for source in sources if isinstance(source, dict)}


def raised_requests(judged: Judgement) -> bool:
    """Whether the newest revision asks for more than the older one did."""
    if judged.newest is None or judged.target is None:
        return False
    asked: Callable[[Template, str], float] = _asked
    resources = ("cpu", "memory", "ephemeral-storage", *_others(judged.newest.template))
    return any(
        asked(judged.newest.template, resource) > asked(judged.target.template, resource)
        for resource in resources
    )


def _others(template: Template) -> set[str]:
    """Extended resources such as GPUs."""
    found: set[str] = set()
    for container in spec_of(template).get("containers") or []:
        for kind in ("requests", "limits"):
            found |= set(((container.get("resources") or {}).get(kind) or {}).keys())
    return found


def _asked(template: Template, resource: str) -> float:
    """The sum over containers; a limit without a request is the request."""
    return sum(
        float(
            amount_of(
                quantity_of(template, name, "requests", resource)
                or quantity_of(template, name, "limits", resource)
            )
        )
        for name in container_names(template)
    )


__all__ = ["claims_of", "is_unschedulable", "message_of", "pending_since", "raised_requests"]
