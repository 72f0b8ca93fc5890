"""Objects that could not be judged, as sources of their own: `object/<namespace>/<kind>/<name>`.

A source is named after the top owner, because its incidents are what can't be seen. So one odd
object keeps its own owner's incidents from closing, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from detection.domain.findings import ObjectRef

OBJECT = "object/"
LONGEST_NAME = 100
LONGEST_WHY = 400
# The signal of such an owner is its own and its pods'; any other's may be seen through others.
OWN_SIGNAL = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"}
)


def source_of(owner: ObjectRef) -> str:
    whole = f"{OBJECT}{owner.namespace or '-'}/{owner.kind}/{owner.name}"
    if len(whole) <= LONGEST_NAME:
        return whole
    digest = sha256(whole.encode()).hexdigest()[:16]
    return f"{whole[: LONGEST_NAME - 17]}~{digest}"


def note(blind: dict[str, str], owner: ObjectRef, what: str) -> None:
    """Add to `blind` that something of this owner could not be judged, with why."""
    name = source_of(owner)
    told = blind.get(name)
    said = f"{told}; {what}" if told else f"could not be judged: {what}"
    blind[name] = said[:LONGEST_WHY]


def hiding(blind: Mapping[str, str], owner: ObjectRef) -> dict[str, str]:
    """What of it can hide this owner's signal: all but the unjudged objects of others."""
    return {name: why for name, why in blind.items() if _can_hide(name, owner)}


def _can_hide(name: str, owner: ObjectRef) -> bool:
    if not name.startswith(OBJECT) or name == source_of(owner):
        return True
    if owner.kind in OWN_SIGNAL:
        return False
    return not owner.namespace or name.startswith(f"{OBJECT}{owner.namespace}/")
