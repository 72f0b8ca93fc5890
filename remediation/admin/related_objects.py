"""The objects around an incident: what it is part of, its owner, and what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass

from detection.domain.facts import ScaledDownFacts
from detection.models import Incident

MOST_SHOWN = 24


@dataclass(frozen=True)
class RelatedObject:
    """One object. `incident` is the id of its own incident, 0 where it has none."""

    kind: str
    name: str
    role: str
    incident: int = 0


@dataclass(frozen=True)
class RelatedObjects:
    above: list[RelatedObject]
    below: list[RelatedObject]
    more: int


def related_of(incident: Incident) -> RelatedObjects:
    """From the records alone; at most 24 below, `more` says how many objects were left out."""
    below = [*_parts(incident), *_objects(incident)]
    return RelatedObjects(_above(incident), below[:MOST_SHOWN], max(0, len(below) - MOST_SHOWN))


def _above(incident: Incident) -> list[RelatedObject]:
    found = [RelatedObject("Cluster", incident.cluster.name, "in")]
    if parent := incident.parent:
        found.append(_of(parent, "part of"))
    return [
        *found,
        *(RelatedObject("Node", node, "its pods are on") for node in incident.known.nodes),
    ]


def _parts(incident: Incident) -> list[RelatedObject]:
    return [_of(part, "part of it") for part in incident.parts.order_by("-id")[:MOST_SHOWN]]


def _of(incident: Incident, role: str) -> RelatedObject:
    place = f"{incident.owner_namespace}/" if incident.owner_namespace else ""
    return RelatedObject(incident.owner_kind, f"{place}{incident.owner_name}", role, incident.pk)


def _objects(incident: Incident) -> list[RelatedObject]:
    """What the finding names, and who calls it."""
    found = [_ref(item) for item in incident.related if isinstance(item, dict)]
    callers = incident.facts_as(ScaledDownFacts).callers
    return [*found, *(RelatedObject("", caller, "leads to it") for caller in callers)]


def _ref(item: dict[str, str]) -> RelatedObject:
    place = f"{item['namespace']}/" if item.get("namespace") else ""
    return RelatedObject(str(item.get("kind", "")), f"{place}{item.get('name', '')}", "concerned")
