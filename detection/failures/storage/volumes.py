"""Volumes that are full or held elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import AttachmentFacts, Facts, VolumeFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.domain.units import duration
from detection.failures.context import Context, Filling
from detection.failures.finding_builder import about_pods, events_evidence, full_name, observed
from detection.failures.log_reported import about_victims
from detection.failures.nodes.not_ready import not_ready_since
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.volumes import PersistentVolumeClaim
from detection.snapshot import Snapshot
from detection.snapshot.log_errors import Complaining, ErrorKind, log_errors_of
from detection.snapshot.pod_status import began, condition_since, is_active, is_ready
from detection.snapshot.pod_templates import Template, normalized, spec_of

LEAST_FREE_RATIO = 0.05
FULL_WITHIN_HOURS = 4.0
ONE_NODE = frozenset({"ReadWriteOnce", "ReadWriteOncePod"})
MULTI_ATTACH_WORDS = ("multi-attach", "already exclusively attached", "already used by pod")
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
FAILED_ATTACH = "FailedAttachVolume"
ClaimKey = tuple[str, str]


@failure(Cause.VOLUME_FILLING)
def volume_filling(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F49: by the kubelet's metrics, or by a pod that says that nothing more can be written."""
    users = _users(snapshot)
    told = _out_of_space(snapshot)
    for claim in snapshot.pvcs:
        key = (claim.metadata.namespace, claim.metadata.name)
        filling = context.metrics.volumes.get(key)
        lines = told.get(key, [])
        if lines or (filling and _is_short(filling)):
            yield _filling(snapshot, context, claim, filling, lines, users.get(key, []))


def _is_short(filling: Filling) -> bool:
    soon = filling.hours is not None and filling.hours <= FULL_WITHIN_HOURS
    return filling.free_ratio < LEAST_FREE_RATIO or soon


def _users(snapshot: Snapshot) -> Mapping[ClaimKey, list[o.Pod]]:
    """Claim → the pods that use it and are not finished."""
    found: defaultdict[ClaimKey, list[o.Pod]] = defaultdict(list)
    for pod in snapshot.pods:
        for volume in pod.spec.volumes:
            claim = volume.persistent_volume_claim
            if claim is not None and pod.status.phase not in ("Succeeded", "Failed"):
                found[pod.metadata.namespace, claim.claim_name].append(pod)
    return found


def _out_of_space(snapshot: Snapshot) -> Mapping[ClaimKey, list[Complaining]]:
    """Claim → what its users' logs say. Not where the node's own disk is short."""
    found: defaultdict[ClaimKey, list[Complaining]] = defaultdict(list)
    for items in log_errors_of(snapshot).by_owner(ErrorKind.NO_SPACE).values():
        for one in items:
            claims = [v for v in one.pod.spec.volumes if v.persistent_volume_claim]
            if claims and not _short_of_disk(snapshot, one.pod):
                volume = _named_volume(snapshot, one, claims)
                if volume is not None and volume.persistent_volume_claim:
                    name = volume.persistent_volume_claim.claim_name
                    found[one.pod.metadata.namespace, name].append(one)
    return found


def _short_of_disk(snapshot: Snapshot, pod: o.Pod) -> bool:
    node = snapshot.node(pod.spec.node_name)
    pressure = o.condition(node.status.conditions, "DiskPressure") if node else None
    return pressure is not None and pressure.status == "True"


def _named_volume(
    snapshot: Snapshot, one: Complaining, claims: Sequence[o.Volume]
) -> o.Volume | None:
    """The volume whose mount path the line names; a single claim unless another path is named."""
    paths = _mount_paths(_template_of(snapshot, one.pod))
    named_ones = [v for v in claims if any(p in one.complaint.line for p in paths.get(v.name, ()))]
    if named_ones:
        return named_ones[0]
    return claims[0] if len(claims) == 1 else None


def _template_of(snapshot: Snapshot, pod: o.Pod) -> Template:
    above = pod.controller
    item = snapshot.by_uid.get(above.uid) if above else None
    if isinstance(item, o.ReplicaSet | o.StatefulSet | o.DaemonSet):
        return normalized(bytes(item.spec.template))
    return {}


def _mount_paths(template: Template) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for container in spec_of(template).get("containers") or ():
        for mount in container.get("volumeMounts") or ():
            found[str(mount.get("name"))].append(str(mount.get("mountPath")))
    return found


def _filling(
    snapshot: Snapshot,
    context: Context,
    claim: PersistentVolumeClaim,
    filling: Filling | None,
    told: Sequence[Complaining],
    pods: Sequence[o.Pod],
) -> Finding:
    owners = {key_of(ref): ref for ref in map(snapshot.top_owner, pods)}
    evidence = [_measured(filling)] if filling else []
    broken = any(not is_ready(pod) for pod in pods)
    return about_victims(
        snapshot,
        Cause.VOLUME_FILLING,
        claim.ref,
        told,
        f"{full_name(claim.ref)} is full, or soon will be",
        evidence,
        onset=None if told else context.ago(LATELY),
        dwell_seconds=0,
        severity=Severity.CRITICAL if broken and not any(map(is_ready, pods)) else Severity.WARNING,
        related=owners.values(),
        facts=VolumeFacts(
            explains=tuple(sorted({*owners, *(key_of(one.owner) for one in told)} if told else ())),
            size=_size(claim),
            expandable=_is_expandable(snapshot, claim),
            storage_class=claim.spec.storage_class_name,
        ),
    )


LATELY = 60.0


def _measured(filling: Filling) -> Evidence:
    trend = f", full in {duration(filling.hours * 3600)}" if filling.hours is not None else ""
    return observed(
        "metrics", f"{filling.free_ratio:.1%} of the volume is free{trend}", decisive=True
    )


def _size(claim: PersistentVolumeClaim) -> str:
    found = claim.status.capacity.get("storage") or claim.spec.resources.requests.get("storage")
    return str(found or "")


def _is_expandable(snapshot: Snapshot, claim: PersistentVolumeClaim) -> bool:
    """By its class; a claim that names none has the default one."""
    named_class = claim.spec.storage_class_name
    return any(
        item.allow_volume_expansion
        for item in snapshot.storageclasses
        if item.metadata.name == named_class
        or (not named_class and item.metadata.annotations.get(DEFAULT_CLASS) == "true")
    )


@failure(Cause.MULTI_ATTACH)
def multi_attach(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F50: a volume for one node, held on another: by the event, or by who uses the claim."""
    users = _users(snapshot)
    waiting: dict[str, tuple[ObjectRef, list[o.Pod]]] = {}
    for pod in snapshot.pods:
        waits = is_active(pod) and pod.spec.node_name and _waits_for_volumes(pod)
        if waits and (_says_so(snapshot, pod) or _held_elsewhere(snapshot, pod, users)):
            owner = snapshot.top_owner(pod)
            waiting.setdefault(key_of(owner), (owner, []))[1].append(pod)
    for owner, pods in waiting.values():
        yield _attached(snapshot, context, owner, pods, users)


def _waits_for_volumes(pod: o.Pod) -> bool:
    """Placed, and not one of its containers has begun."""
    statuses = (*pod.status.container_statuses, *pod.status.init_container_statuses)
    begun = any(s.state.running or s.state.terminated or s.last_state.terminated for s in statuses)
    return pod.status.phase == "Pending" and not begun


def _says_so(snapshot: Snapshot, pod: o.Pod) -> bool:
    return any(
        event.reason == FAILED_ATTACH
        and any(words in event.message.lower() for words in MULTI_ATTACH_WORDS)
        for event in snapshot.events_of(pod.metadata.uid)
    )


def _held_elsewhere(snapshot: Snapshot, pod: o.Pod, users: Mapping[ClaimKey, list[o.Pod]]) -> bool:
    """Only for claims of one node; an image that can't be pulled is another matter."""
    reasons = {s.state.waiting.reason for s in pod.status.container_statuses if s.state.waiting}
    if reasons - {"ContainerCreating", "PodInitializing"}:
        return False
    return any(_others(pod, claim, users) for claim in _single_claims(snapshot, pod))


def _single_claims(snapshot: Snapshot, pod: o.Pod) -> list[PersistentVolumeClaim]:
    """Its claims that one node at a time may use."""
    return [
        claim
        for claim in _claims_of(snapshot, pod)
        if claim.spec.access_modes and set(claim.spec.access_modes) <= ONE_NODE
    ]


def _others(
    pod: o.Pod, claim: PersistentVolumeClaim, users: Mapping[ClaimKey, list[o.Pod]]
) -> list[o.Pod]:
    same = users.get((claim.metadata.namespace, claim.metadata.name), ())
    return [p for p in same if p.spec.node_name and p.spec.node_name != pod.spec.node_name]


def _attached(
    snapshot: Snapshot,
    context: Context,
    owner: ObjectRef,
    pods: Sequence[o.Pod],
    users: Mapping[ClaimKey, list[o.Pod]],
) -> Finding:
    claims = _single_claims(snapshot, pods[0]) or _claims_of(snapshot, pods[0])
    holders = [other for claim in claims for other in _others(pods[0], claim, users)]
    born = began(pods[0]) or context.now
    onset = max(born, condition_since(pods[0], "PodScheduled") or born)
    held = [
        observed("pods", f"{p.metadata.name} holds it on {p.spec.node_name}") for p in holders[:3]
    ]
    found = about_pods(
        snapshot,
        Cause.MULTI_ATTACH,
        owner,
        pods,
        f"{full_name(owner)}: its volume is attached to another node",
        onset,
        onset + timedelta(seconds=context.dwell.image_seconds),
        [
            observed("pods", f"{pods[0].metadata.name} waits on {pods[0].spec.node_name}", True),
            *events_evidence(snapshot, pods[0].metadata.uid, (FAILED_ATTACH, "FailedMount")),
            *held,
        ],
        facts=AttachmentFacts(holders=tuple(sorted({p.spec.node_name for p in holders})))
        | _dead(snapshot, holders),
    )
    return replace(found, related=(*(claim.ref for claim in claims), *found.related))


def _dead(snapshot: Snapshot, holders: Sequence[o.Pod]) -> Facts:
    """Where the holder's node is lost, the trouble is there, and the node explains it."""
    found = {pod.spec.node_name: snapshot.node(pod.spec.node_name) for pod in holders}
    lost = [n for n, node in found.items() if node and not_ready_since(node, snapshot.at)]
    return Facts(nodes=tuple(lost)) if lost and len(lost) == len(found) else Facts()


def _claims_of(snapshot: Snapshot, pod: o.Pod) -> list[PersistentVolumeClaim]:
    volumes = [v.persistent_volume_claim for v in pod.spec.volumes]
    names = {source.claim_name for source in volumes if source is not None}
    return [
        claim
        for claim in snapshot.pvcs
        if claim.metadata.name in names and claim.metadata.namespace == pod.metadata.namespace
    ]
