"""What is known of volumes and their claims."""

from __future__ import annotations

from dataclasses import dataclass

from detection.domain.facts.base import Facts
from detection.domain.facts.network import CallerFacts


@dataclass(frozen=True, kw_only=True)
class VolumeFacts(CallerFacts):
    """A volume that is full, or soon will be."""

    size: str = ""  # its capacity as written, with its unit; '' where it is not known
    expandable: bool = False  # its storage class lets it grow
    storage_class: str = ""  # name of the class; '' for the default one


@dataclass(frozen=True, kw_only=True)
class AttachmentFacts(Facts):
    """A volume for one node that another node holds."""

    holders: tuple[str, ...] = ()  # names of the nodes that hold it


@dataclass(frozen=True, kw_only=True)
class ClaimFacts(Facts):
    """A claim that gets no volume, or a volume that can't be mounted."""

    claims: tuple[str, ...] = ()  # names of the claims
    storage_class: str = ""  # name of their class; '' for none
    misfits: tuple[str, ...] = ()  # a sentence for each volume that would nearly do
