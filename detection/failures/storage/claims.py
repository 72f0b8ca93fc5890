"""Volume claims that get no volume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from detection.domain.causes import Cause
from detection.domain.facts import ClaimFacts
from detection.domain.findings import Evidence, Finding
from detection.failures.context import Context
from detection.failures.finding_builder import observed
from detection.failures.registry import failure
from detection.failures.scheduling.reasons import UNBOUND, is_unschedulable, message_of
from detection.failures.shared_cause import on_thing
from detection.failures.storage.volume_fit import near_misses
from detection.kubernetes.objects.core import Event, Pod
from detection.kubernetes.objects.volumes import PersistentVolumeClaim, StorageClass
from detection.snapshot import LONG_AGO, Snapshot
from detection.snapshot.pod_status import is_active

FAILED = frozenset(
    {"ProvisioningFailed", "FailedBinding", "VolumeMismatch", "ProvisioningCleanupFailed"}
)
WAITS = "WaitForFirstConsumer"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
PENDING, LOST = "Pending", "Lost"
UNUSED = timedelta(minutes=30)
CLASS = "volume.beta.kubernetes.io/storage-class"


@dataclass(frozen=True)
class Unbound:
    """A claim without a volume, why, and the pods that wait for it."""

    claim: PersistentVolumeClaim
    why: str
    pods: tuple[Pod, ...]


@failure(Cause.PVC_PENDING)
def claim_pending(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F26: on the claim; claims that fail for one reason of one class are one finding."""
    groups: defaultdict[tuple[str, str], list[Unbound]] = defaultdict(list)
    for claim in snapshot.pvcs:
        if claim.status.phase in (PENDING, LOST) and not claim.is_terminating:
            pods = _users(snapshot, claim)
            if _has_its_volume(claim, pods):
                continue
            if why := why_unbound(snapshot, claim, pods):
                groups[class_of(claim), why].append(Unbound(claim, why, tuple(pods)))
    for group in groups.values():
        yield _finding(snapshot, context, sorted(group, key=_age))


def _has_its_volume(claim: PersistentVolumeClaim, pods: Sequence[Pod]) -> bool:
    """A pod that runs has it, whatever a Pending claim still says."""
    return claim.status.phase == PENDING and any(p.status.phase == "Running" for p in pods)


def _age(item: Unbound) -> tuple[float, str]:
    meta = item.claim.metadata
    return (meta.creation_timestamp or LONG_AGO).timestamp(), meta.name


def class_of(claim: PersistentVolumeClaim) -> str:
    return claim.spec.storage_class_name or claim.metadata.annotations.get(CLASS, "")


def _users(snapshot: Snapshot, claim: PersistentVolumeClaim) -> list[Pod]:
    return [pod for pod in snapshot.users_of_claim(claim.ref) if is_active(pod)]


def why_unbound(snapshot: Snapshot, claim: PersistentVolumeClaim, pods: Sequence[Pod]) -> str:
    """Why it is no mere wait for its first consumer; '' where it may be just that."""
    if claim.status.phase == LOST:
        return f"its PersistentVolume {claim.spec.volume_name} is gone"
    if events := [e for e in snapshot.events_of(claim.metadata.uid) if e.reason in FAILED]:
        return _said(events)
    if any(event.reason == WAITS for event in snapshot.events_of(claim.metadata.uid)):
        return ""
    if claim.spec.volume_name:
        return f"the volume {claim.spec.volume_name} does not bind"
    storage = _storage_class(snapshot, claim)
    if storage is None:
        return _without_class(snapshot, claim, pods)
    return _not_provisioned(snapshot, claim, storage, pods)


def _without_class(snapshot: Snapshot, claim: PersistentVolumeClaim, pods: Sequence[Pod]) -> str:
    name = class_of(claim)
    if name and snapshot.storageclasses:
        return f"there is no StorageClass {name}"
    return _waited_for(pods)


def _not_provisioned(
    snapshot: Snapshot,
    claim: PersistentVolumeClaim,
    storage: StorageClass,
    pods: Sequence[Pod],
) -> str:
    """A class that binds late makes no volume before a node is chosen."""
    if storage.volume_binding_mode == WAITS:
        chosen = claim.metadata.annotations.get(SELECTED_NODE)
        return f"{_maker(storage)} makes no volume" if chosen and pods else ""
    if pods or _is_old(snapshot, claim):
        return f"{_maker(storage)} makes no volume"
    return ""


def _waited_for(pods: Sequence[Pod]) -> str:
    waits = [p for p in pods if is_unschedulable(p) and UNBOUND.search(message_of(p))]
    return "its pods wait for it" if waits and _is_immediate(waits) else ""


def _maker(storage: StorageClass) -> str:
    name = storage.metadata.name
    if not storage.provisioner or storage.provisioner == NO_PROVISIONER:
        return f"StorageClass {name} has no provisioner and"
    return f"the provisioner {storage.provisioner} of StorageClass {name}"


def _is_old(snapshot: Snapshot, claim: PersistentVolumeClaim) -> bool:
    """Nobody waits for it yet; a provisioner that works would long have made its volume."""
    created = claim.metadata.creation_timestamp
    return created is not None and snapshot.at - created >= UNUSED


def _is_immediate(pods: Sequence[Pod]) -> bool:
    return any("immediate" in message_of(pod).lower() for pod in pods)


def _said(events: Sequence[Event]) -> str:
    return "its provisioning fails" if events[-1].reason != "FailedBinding" else "no volume fits it"


def _finding(snapshot: Snapshot, context: Context, group: Sequence[Unbound]) -> Finding:
    first = group[0]
    meta, phase = first.claim.metadata, first.claim.status.phase
    events = [e for e in snapshot.events_of(meta.uid) if e.type != "Normal" or e.reason in FAILED]
    pods = [pod for item in group for pod in item.pods]
    onset = meta.creation_timestamp or context.now
    misses = near_misses(snapshot, first.claim) if _binds_by_hand(snapshot, first.claim) else []
    return on_thing(
        snapshot,
        Cause.PVC_PENDING,
        first.claim.ref,
        [snapshot.top_owner(pod) for pod in pods],
        f"PersistentVolumeClaim {meta.namespace}/{meta.name} is {phase}: {first.why}",
        onset,
        context.dwell.claim_seconds,
        [
            observed("persistentvolumeclaims", f"{meta.name}: {phase}, {first.why}", decisive=True),
            *(observed("persistentvolumes", one, decisive=True) for one in misses),
            *classes_evidence(snapshot, first.claim),
            *(observed("events", f"{e.reason}: {e.message}") for e in events[-2:]),
        ],
        pods=pods,
        related=[item.claim.ref for item in group[1:]],
        facts=ClaimFacts(
            reason=phase,
            storage_class=class_of(first.claim),
            misfits=tuple(misses),
            claims=tuple(item.claim.metadata.name for item in group),
        ),
    )


def _binds_by_hand(snapshot: Snapshot, claim: PersistentVolumeClaim) -> bool:
    """No provisioner makes its volume: it has to fit one that is there."""
    if claim.spec.volume_name:
        return True
    storage = _storage_class(snapshot, claim)
    return storage is None or storage.provisioner in ("", NO_PROVISIONER)


def _storage_class(snapshot: Snapshot, claim: PersistentVolumeClaim) -> StorageClass | None:
    name = class_of(claim)
    return next((s for s in snapshot.storageclasses if s.metadata.name == name), None)


def classes_evidence(snapshot: Snapshot, claim: PersistentVolumeClaim) -> list[Evidence]:
    """Which classes there are, where the one that the claim names is not among them."""
    name = class_of(claim)
    there = sorted(item.metadata.name for item in snapshot.storageclasses)
    if not name or name in there or not there:
        return []
    return [observed("storageclasses", f"there is no {name}; there are: {', '.join(there[:10])}")]
