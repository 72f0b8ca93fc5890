"""Volume claims that get no volume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detection.domain.causes import Cause
from detection.domain.facts import ClaimFacts
from detection.domain.findings import Finding
from detection.failures.context import Context
from detection.failures.finding_builder import observed
from detection.failures.registry import failure
from detection.failures.scheduling.reasons import UNBOUND, is_unschedulable, message_of
from detection.failures.shared_cause import on_thing
from detection.kubernetes.objects.core import Event, Pod
from detection.kubernetes.objects.network_storage_scaling import PersistentVolumeClaim
from detection.snapshot import LONG_AGO, Snapshot
from detection.snapshot.pod_status import is_active

FAILED = frozenset(
    {"ProvisioningFailed", "FailedBinding", "VolumeMismatch", "ProvisioningCleanupFailed"}
)
WAITS = "WaitForFirstConsumer"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
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
        if claim.status.phase == "Pending" and not claim.is_terminating:
            pods = _users(snapshot, claim)
            if any(pod.status.phase == "Running" for pod in pods):
                continue  # a pod that runs has its volume, whatever the claim still says
            if why := why_unbound(snapshot, claim, pods):
                groups[class_of(claim), why].append(Unbound(claim, why, tuple(pods)))
    for group in groups.values():
        yield _finding(snapshot, context, sorted(group, key=_age))


def _age(item: Unbound) -> tuple[float, str]:
    meta = item.claim.metadata
    return (meta.creation_timestamp or LONG_AGO).timestamp(), meta.name


def class_of(claim: PersistentVolumeClaim) -> str:
    return claim.spec.storage_class_name or claim.metadata.annotations.get(CLASS, "")


def _users(snapshot: Snapshot, claim: PersistentVolumeClaim) -> list[Pod]:
    return [pod for pod in snapshot.users_of_claim(claim.ref) if is_active(pod)]


def why_unbound(snapshot: Snapshot, claim: PersistentVolumeClaim, pods: Sequence[Pod]) -> str:
    """Why it is no mere wait for its first consumer; '' where it may be just that."""
    name = class_of(claim)
    storage = next((s for s in snapshot.storageclasses if s.metadata.name == name), None)
    events = [e for e in snapshot.events_of(claim.metadata.uid) if e.reason in FAILED]
    if events:
        return _said(events)
    if any(event.reason == WAITS for event in snapshot.events_of(claim.metadata.uid)):
        return ""
    if name and storage is None and snapshot.storageclasses and not claim.spec.volume_name:
        return f"there is no StorageClass {name}"
    if claim.spec.volume_name:
        return f"the volume {claim.spec.volume_name} does not bind"
    if storage is not None and storage.volume_binding_mode == WAITS:
        chosen = claim.metadata.annotations.get(SELECTED_NODE)
        return "its provisioner makes no volume" if chosen and pods else ""
    if storage is not None and pods:
        return "its provisioner makes no volume"
    waits = [p for p in pods if is_unschedulable(p) and UNBOUND.search(message_of(p))]
    return "its pods wait for it" if waits and _is_immediate(waits) else ""


def _is_immediate(pods: Sequence[Pod]) -> bool:
    return any("immediate" in message_of(pod).lower() for pod in pods)


def _said(events: Sequence[Event]) -> str:
    return "its provisioning fails" if events[-1].reason != "FailedBinding" else "no volume fits it"


def _finding(snapshot: Snapshot, context: Context, group: Sequence[Unbound]) -> Finding:
    first = group[0]
    meta = first.claim.metadata
    events = [e for e in snapshot.events_of(meta.uid) if e.type != "Normal" or e.reason in FAILED]
    pods = [pod for item in group for pod in item.pods]
    onset = meta.creation_timestamp or context.now
    return on_thing(
        snapshot,
        Cause.PVC_PENDING,
        first.claim.ref,
        [snapshot.top_owner(pod) for pod in pods],
        f"PersistentVolumeClaim {meta.namespace}/{meta.name} is Pending: {first.why}",
        onset,
        context.dwell.claim_seconds,
        [
            observed("persistentvolumeclaims", f"{meta.name}: Pending, {first.why}", decisive=True),
            *(observed("events", f"{e.reason}: {e.message}") for e in events[-2:]),
        ],
        pods=pods,
        related=[item.claim.ref for item in group[1:]],
        facts=ClaimFacts(storage_class=class_of(first.claim), claims=tuple(
            item.claim.metadata.name for item in group)),
    )  # fmt: skip
