"""The objects around an incident: what it is part of, its owner, and what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass

from detection.domain.facts import ScaledDownFacts
from detection.models import Incident

MOST_SHOWN = 24


@dataclass(frozen=True)
class Near:
    """One object. `incident` is the id of its own incident, 0 where it has none."""

    kind: str
    name: str
    role: str
    incident: int = 0


@dataclass(frozen=True)
class Around:
    above: list[Near]
    below: list[Near]
    more: int


def related_of(incident: Incident) -> Around:
    """From the records alone; at most 24 below, `more` says how many objects were left out."""
    below = [*_parts(incident), *_objects(incident)]
    return Around(_above(incident), below[:MOST_SHOWN], max(0, len(below) - MOST_SHOWN))


def _above(incident: Incident) -> list[Near]:
    found = [Near("Cluster", incident.cluster.name, "in")]
    if parent := incident.parent:
        found.append(_of(parent, "part of"))
    return [*found, *(Near("Node", node, "its pods are on") for node in incident.known.nodes)]


def _parts(incident: Incident) -> list[Near]:
    return [_of(part, "part of it") for part in incident.parts.order_by("-id")[:MOST_SHOWN]]


def _of(incident: Incident, role: str) -> Near:
    place = f"{incident.owner_namespace}/" if incident.owner_namespace else ""
    return Near(incident.owner_kind, f"{place}{incident.owner_name}", role, incident.pk)


def _objects(incident: Incident) -> list[Near]:
    """What the finding names, and who calls it."""
    found = [_ref(item) for item in incident.related if isinstance(item, dict)]
    callers = incident.facts_as(ScaledDownFacts).callers
    return [*found, *(Near("", caller, "leads to it") for caller in callers)]


def _ref(item: dict[str, str]) -> Near:
    place = f"{item['namespace']}/" if item.get("namespace") else ""
    return Near(str(item.get("kind", "")), f"{place}{item.get('name', '')}", "concerned")
