"""Pods whose sandbox or volumes can't be set up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import ClaimFacts, Facts
from detection.domain.findings import Finding, ObjectRef, key_of
from detection.domain.units import counted
from detection.failures.containers.configuration import what_is_missing
from detection.failures.context import Context
from detection.failures.finding_builder import (
    about_pods,
    changed_evidence,
    full_name,
    observed,
    troubled,
)
from detection.failures.nodes.not_ready import CLUSTER
from detection.failures.registry import failure
from detection.failures.rollback_evidence import judge_newest_revision, not_borne
from detection.failures.shared_cause import on_thing
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import began, condition_since, containers

SANDBOX = frozenset(
    {"FailedCreatePodSandBox", "FailedPodSandBoxStatus", "FailedCreatePodContainer"}
)
MOUNTS = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume", "VolumeFailedMount"})
LIMIT_TOO_LOW = "MemoryLimitTooLow"
CREATING = frozenset({"ContainerCreating", "PodInitializing"})
# The sandbox or the runtime's own first process dies: the pod's cgroup has no room for it.
TOO_LITTLE = re.compile(r"memory limit too low|container init was OOM-killed", re.IGNORECASE)
UNREGISTERED = re.compile(r"driver name (\S{1,200}) not found in the list of registered CSI")
ELSEWHERE = re.compile(
    r"multi-attach|already (?:exclusively )?attached|is in use by", re.IGNORECASE
)


@dataclass(frozen=True)
class Stuck:
    """A pod that waits for its sandbox or a volume."""

    owner: ObjectRef
    pod: o.Pod
    event: o.Event
    since: datetime
    has_too_little: bool = False


def is_creating(pod: o.Pod) -> bool:
    """No container of it was ever started; a status without any is as good."""
    views = list(containers(pod))
    waiting = all(
        view.waiting_reason in CREATING and not view.status.restart_count and not view.last_end
        for view in views
    )
    return bool(pod.spec.node_name) and pod.status.phase == "Pending" and waiting


def _stuck(snapshot: Snapshot, context: Context, reasons: frozenset[str]) -> Iterator[Stuck]:
    for owner, pods in troubled(snapshot):
        for pod in filter(is_creating, pods):
            events = [e for e in snapshot.events_of(pod.metadata.uid) if e.reason in reasons]
            telling = [e for e in events if TOO_LITTLE.search(e.message)]
            if events:
                event = (telling or events)[-1]
                yield Stuck(owner, pod, event, _since(pod, context), bool(telling))


def _since(pod: o.Pod, context: Context) -> datetime:
    scheduled = condition_since(pod, "PodScheduled")
    return scheduled or began(pod) or context.now


@failure(Cause.SANDBOX_FAILED)
def sandbox_failed(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F62: on the node where pods of several owners fail, on the cluster where several nodes do."""
    stuck = list(_stuck(snapshot, context, SANDBOX))
    for group in _by_owner(item for item in stuck if item.has_too_little):
        yield _too_little(snapshot, context, group)
    found = [item for item in stuck if not item.has_too_little]
    ripe = [item for item in found if _opens(item, context) <= context.now]
    owners = {key_of(item.owner): item.owner for item in ripe}
    nodes = {item.pod.spec.node_name for item in ripe}
    if len(owners) > 1:
        yield _of_place(snapshot, context, "" if len(nodes) > 1 else nodes.pop(), ripe)
        return
    for group in _by_owner(found):
        yield _of_owner(snapshot, context, group[0].owner, group)


def _by_owner(found: Iterable[Stuck]) -> list[list[Stuck]]:
    groups: dict[str, list[Stuck]] = {}
    for item in found:
        groups.setdefault(key_of(item.owner), []).append(item)
    return list(groups.values())


def _too_little(snapshot: Snapshot, context: Context, found: Sequence[Stuck]) -> Finding:
    """The kubelet's newest words are often others: any of them that says it counts."""
    first = min(found, key=lambda item: item.since)
    limits = [str(c.resources.limits.get("memory", "")) for c in first.pod.spec.containers]
    limit = ", ".join(filter(None, limits)) or "of the pod"
    base = _of_owner(snapshot, context, first.owner, found)
    return replace(
        base,
        summary=f"{full_name(first.owner)}: the memory limit {limit} is too small to start "
        "a container at all",
        facts=base.facts | Facts(reason=LIMIT_TOO_LOW),
    )


def _opens(item: Stuck, context: Context) -> datetime:
    return item.since + timedelta(seconds=context.dwell.sandbox_seconds)


def _of_place(snapshot: Snapshot, context: Context, name: str, group: Sequence[Stuck]) -> Finding:
    node = snapshot.node(name) if name else None
    place = CLUSTER if not name else node.ref if node else ObjectRef("Node", "", name)
    nodes = sorted({item.pod.spec.node_name for item in group})
    refs = [found.ref for n in nodes if (found := snapshot.node(n)) is not None]
    where = f"node {name}" if name else counted(len(nodes), "node")
    return on_thing(
        snapshot,
        Cause.SANDBOX_FAILED,
        place,
        [item.owner for item in group],
        f"No sandbox can be made for {counted(len(group), 'pod')} on {where}",
        min(item.since for item in group),
        context.dwell.sandbox_seconds,
        [observed("events", _line(item), decisive=True) for item in group[:4]],
        pods=[item.pod for item in group],
        related=refs,
        facts=Facts(reason="FailedCreatePodSandBox", shared_by=len({
            key_of(item.owner) for item in group})),
    )  # fmt: skip


def _line(item: Stuck) -> str:
    return f"{item.pod.metadata.name}: {item.event.reason}: {item.event.message}"


def _of_owner(
    snapshot: Snapshot, context: Context, owner: ObjectRef, found: Sequence[Stuck]
) -> Finding:
    first = min(found, key=lambda item: item.since)
    return about_pods(
        snapshot,
        Cause.SANDBOX_FAILED,
        owner,
        [item.pod for item in found],
        f"{full_name(owner)}: no sandbox can be made for {len(found)} of its pods",
        first.since,
        _opens(first, context),
        [observed("events", _line(item), decisive=True) for item in found[:3]],
        facts=Facts(reason="FailedCreatePodSandBox"),
    )


@failure(Cause.MOUNT_FAILED)
def mount_failed(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F63: neither a missing ConfigMap or Secret, nor a volume that is attached elsewhere."""
    groups: dict[str, list[Stuck]] = {}
    for item in _stuck(snapshot, context, MOUNTS):
        if not _is_another(snapshot, item.pod):
            groups.setdefault(key_of(item.owner), []).append(item)
    for group in groups.values():
        yield _unmounted(snapshot, context, group)


def _is_another(snapshot: Snapshot, pod: o.Pod) -> bool:
    events = [e for e in snapshot.events_of(pod.metadata.uid) if e.reason in MOUNTS]
    return any(what_is_missing(e.message, pod) or ELSEWHERE.search(e.message) for e in events)


def _unmounted(snapshot: Snapshot, context: Context, found: Sequence[Stuck]) -> Finding:
    first = min(found, key=lambda item: item.since)
    pods = [item.pod for item in found]
    revision = judge_newest_revision(snapshot, first.owner, context, pods, first.since).revision
    volumes = [v for v in first.pod.spec.volumes if v.persistent_volume_claim is not None]
    claims = [v.persistent_volume_claim.claim_name for v in volumes if v.persistent_volume_claim]
    found_claims = [
        snapshot.find("PersistentVolumeClaim", first.owner.namespace, name) for name in claims
    ]
    drivers = _drivers(snapshot, found)
    base = about_pods(
        snapshot,
        Cause.MOUNT_FAILED,
        first.owner,
        pods,
        f"{full_name(first.owner)}: a volume can't be mounted for {len(found)} of its pods"
        f"{_place(found)}",
        first.since,
        first.since + timedelta(seconds=context.dwell.mount_seconds),
        [
            *(observed("events", _line(item), decisive=True) for item in found[:3]),
            *(
                observed("daemonsets", f"{full_name(ref)} is the driver's part on each node")
                for ref in drivers
            ),
            *changed_evidence(revision),
        ],
        not_borne(revision),
        ClaimFacts(reason=first.event.reason, claims=tuple(claims)),
    )
    refs = tuple(claim.ref for claim in found_claims if claim is not None)
    nodes = [snapshot.node(item.pod.spec.node_name) for item in found]
    places = {node.ref for node in nodes if node is not None} if drivers else set()
    return replace(base, related=(*refs, *drivers, *places, *base.related))


def _place(found: Sequence[Stuck]) -> str:
    nodes = sorted({item.pod.spec.node_name for item in found})
    return f", on node {nodes[0]}" if len(nodes) == 1 else ""


def _drivers(snapshot: Snapshot, found: Sequence[Stuck]) -> list[ObjectRef]:
    """The DaemonSet of a driver that a node's kubelet does not know: its template names it."""
    names = {m[1] for item in found if (m := UNREGISTERED.search(item.event.message))}
    return [
        item.ref
        for item in snapshot.daemonsets
        if any(name.encode() in bytes(item.spec.template) for name in names)
    ]
