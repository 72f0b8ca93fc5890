"""The fields that we read of volumes and their claims; see core.py."""

from __future__ import annotations

from typing import ClassVar

from detection.kubernetes.objects.core import Name, Object, Part, Quantity, Selector


class ClaimResources(Part, frozen=True):
    requests: dict[str, Quantity] = {}


class PersistentVolumeClaimSpec(Part, frozen=True):
    """`volume_mode` '' is Filesystem, as the API server has it."""

    access_modes: tuple[str, ...] = ()
    storage_class_name: str = ""
    volume_name: str = ""
    volume_mode: str = ""
    selector: Selector | None = None
    resources: ClaimResources = ClaimResources()


class PersistentVolumeClaimStatus(Part, frozen=True):
    phase: str = ""
    capacity: dict[str, Quantity] = {}


class PersistentVolumeClaim(Object, frozen=True):
    KIND: ClassVar[str] = "PersistentVolumeClaim"
    spec: PersistentVolumeClaimSpec = PersistentVolumeClaimSpec()
    status: PersistentVolumeClaimStatus = PersistentVolumeClaimStatus()


class ClaimRef(Part, frozen=True):
    """The claim that has the volume, or had it."""

    namespace: Name = ""
    name: Name = ""


class PersistentVolumeSpec(Part, frozen=True):
    capacity: dict[str, Quantity] = {}
    access_modes: tuple[str, ...] = ()
    storage_class_name: str = ""
    volume_mode: str = ""
    claim_ref: ClaimRef | None = None


class PersistentVolumeStatus(Part, frozen=True):
    phase: str = ""
    message: str = ""


class PersistentVolume(Object, frozen=True):
    KIND: ClassVar[str] = "PersistentVolume"
    spec: PersistentVolumeSpec = PersistentVolumeSpec()
    status: PersistentVolumeStatus = PersistentVolumeStatus()


class StorageClass(Object, frozen=True):
    KIND: ClassVar[str] = "StorageClass"
    provisioner: str = ""
    allow_volume_expansion: bool = False
    volume_binding_mode: str = "Immediate"
