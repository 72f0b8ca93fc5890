"""Why no volume binds to a claim: the two side by side, field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from detection.domain.quantities import amount_of
from detection.kubernetes.label_selectors import selects
from detection.kubernetes.objects.core import Selector
from detection.kubernetes.objects.volumes import PersistentVolume, PersistentVolumeClaim
from detection.snapshot import Snapshot

MOST_SHOWN = 3
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
# Named after the UID of its claim.
PROVISIONED = re.compile(r"pvc-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Difference = Callable[[PersistentVolumeClaim, PersistentVolume], str]


def near_misses(snapshot: Snapshot, claim: PersistentVolumeClaim) -> list[str]:
    """A sentence for each volume that would nearly do, those with the fewest differences first.

    What differs is compared as the volume binder does: class, mode, access modes, size, selector,
    and whose it is. A volume that would do has no difference, and says so.
    """
    judged = [(list(differences(claim, volume)), volume) for volume in _asked(snapshot, claim)]
    judged.sort(key=lambda pair: (len(pair[0]), pair[1].metadata.name))
    fewest = len(judged[0][0]) if judged else 0
    return [_sentence(volume, found) for found, volume in judged if len(found) == fewest][
        :MOST_SHOWN
    ]


def _asked(snapshot: Snapshot, claim: PersistentVolumeClaim) -> list[PersistentVolume]:
    """The one that the claim names, else all but those that were made for another claim."""
    wanted = claim.spec.volume_name
    if wanted:
        return [v for v in snapshot.persistentvolumes if v.metadata.name == wanted]
    return [v for v in snapshot.persistentvolumes if not _is_provisioned(v)]


def _is_provisioned(volume: PersistentVolume) -> bool:
    """Whether a provisioner made it for its claim: it was never there for others to take."""
    meta = volume.metadata
    return PROVISIONED_BY in meta.annotations or bool(PROVISIONED.fullmatch(meta.name))


def _sentence(volume: PersistentVolume, found: list[str]) -> str:
    name = f"PersistentVolume {volume.metadata.name}"
    if not found:
        return f"{name} fits the claim, and is not bound to it"
    return f"{name} does not fit: {'; '.join(found)}"


def differences(claim: PersistentVolumeClaim, volume: PersistentVolume) -> Iterator[str]:
    """What keeps this volume from this claim, one phrase a field."""
    for differs in (_class, _mode, _access, _size, _labels, _holder):
        if said := differs(claim, volume):
            yield said


def _class(claim: PersistentVolumeClaim, volume: PersistentVolume) -> str:
    asked, has = claim.spec.storage_class_name, volume.spec.storage_class_name
    if asked == has:
        return ""
    return f"the claim names {_named(asked)}, the volume {_named(has)}"


def _named(name: str) -> str:
    return f"StorageClass {name}" if name else "no StorageClass"


def _mode(claim: PersistentVolumeClaim, volume: PersistentVolume) -> str:
    asked, has = claim.spec.volume_mode or "Filesystem", volume.spec.volume_mode or "Filesystem"
    return "" if asked == has else f"the claim wants volumeMode {asked}, the volume is {has}"


def _access(claim: PersistentVolumeClaim, volume: PersistentVolume) -> str:
    asked, has = claim.spec.access_modes, volume.spec.access_modes
    if set(asked) <= set(has):
        return ""
    return f"the claim wants {', '.join(asked)}, the volume offers {', '.join(has) or 'nothing'}"


def _size(claim: PersistentVolumeClaim, volume: PersistentVolume) -> str:
    asked, has = claim.spec.resources.requests.get("storage"), volume.spec.capacity.get("storage")
    if amount_of(asked) <= amount_of(has):
        return ""
    return f"the claim wants {asked}, the volume has {has}"


def _labels(claim: PersistentVolumeClaim, volume: PersistentVolume) -> str:
    selector = claim.spec.selector
    if selector is None or selects(selector, volume.metadata.labels):
        return ""
    keys = [*selector.match_labels, *(one.key for one in selector.match_expressions)]
    has = [f"{key}={volume.metadata.labels[key]}" for key in keys if key in volume.metadata.labels]
    own = ", ".join(has) or f"no label {', '.join(keys)}"
    return f"the claim's selector wants {_selector_text(selector)}, the volume has {own}"


def _selector_text(selector: Selector) -> str:
    labels = [f"{key}={value}" for key, value in selector.match_labels.items()]
    rules = [
        f"{one.key} {one.operator} {', '.join(one.values)}".rstrip()
        for one in selector.match_expressions
    ]
    return ", ".join([*labels, *rules])


def _holder(claim: PersistentVolumeClaim, volume: PersistentVolume) -> str:
    """A volume belongs to one claim, also after that claim is gone, until its data is cleared."""
    holder = volume.spec.claim_ref
    own = (claim.metadata.namespace, claim.metadata.name)
    if holder is None or (holder.namespace, holder.name) == own:
        return "" if volume.status.phase != "Failed" else f"it is Failed: {volume.status.message}"
    of = f"PersistentVolumeClaim {holder.namespace}/{holder.name}"
    if volume.status.phase == "Released":
        return f"it is Released: it still belongs to the deleted {of}"
    return f"it belongs to {of}"
