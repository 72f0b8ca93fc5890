"""What happened: the decisive events, what changed and who did it."""

from __future__ import annotations

from collections.abc import Iterator

from detection.kubernetes.objects import core as o
from remediation.evidence.objects import failing_pods
from remediation.evidence.pack import Item, Scene, utc_text
from remediation.observation.field_managers import OURS

MOST_EVENTS, MOST_CHANGES = 8, 5
LONGEST_MESSAGE = 400


def event_items(scene: Scene) -> Iterator[Item]:
    """Warnings about the owner and its failing pods first, newest last."""
    uids = [scene.finding.owner.uid, *(pod.metadata.uid for pod in failing_pods(scene))]
    uids += [rs.metadata.uid for rs in scene.snapshot.replicasets_of(scene.finding.owner.uid)[-1:]]
    found = [event for uid in uids if uid for event in scene.snapshot.events_of(uid)]
    newest = sorted(found, key=lambda event: (event.type != "Warning", -_moment(event)))
    lines = [_event(event) for event in sorted(newest[:MOST_EVENTS], key=_moment)]
    if lines:
        yield Item("events", "\n".join(lines))


def _moment(event: o.Event) -> float:
    return event.at.timestamp() if event.at else 0.0


def _event(event: o.Event) -> str:
    about = f"{event.involved_object.kind} {event.involved_object.name}"
    message = " ".join(event.message.split())[:LONGEST_MESSAGE]
    return f"{utc_text(event.at)} {event.times}× {event.type} {event.reason} {about}: {message}"


def change_items(scene: Scene) -> Iterator[Item]:
    revision = scene.finding.revision
    if revision and revision.changed:
        text = "; ".join(revision.changed)
        numbers = f"revision {revision.proven or revision.older} → {revision.current}"
        yield Item("what changed", f"{numbers}: {text}", revision.borne)
    found = scene.snapshot.get(scene.finding.owner)
    if found is None or not isinstance(found.metadata, o.ManagedMetadata):
        return
    if lines := _writers(found.metadata):
        yield Item("who changed it", "; ".join(lines))


def _writers(meta: o.ManagedMetadata) -> list[str]:
    """The newest writes by people and tools, not by Kubernetes itself."""
    rows = [
        row
        for row in meta.managed_fields
        if row.time and not row.subresource and row.manager not in OURS
    ]
    newest = sorted(rows, key=lambda row: row.time.timestamp() if row.time else 0.0)[-MOST_CHANGES:]
    return [f"{row.manager} ({row.operation}) at {utc_text(row.time)}" for row in newest]
