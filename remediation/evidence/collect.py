"""The evidence pack of one finding, in the order in which it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from detection.domain.findings import Finding, ObjectRef
from detection.kubernetes.client import Connection
from remediation.evidence.events_and_changes import change_items, event_items
from remediation.evidence.logs import log_items
from remediation.evidence.metrics import trend_items
from remediation.evidence.objects import failing_pods, owner_items, pod_items
from remediation.evidence.pack import Item, Pack, Scene, packed
from remediation.evidence.surroundings import dependency_items, node_items, related_items


def collect_evidence(
    scene: Scene, connection: Connection | None = None, earlier: Iterable[Item] = ()
) -> Pack:
    """Everything about `scene`, logs where there is a `connection`. What can't be read is left out.

    At most `PACK_CHARACTERS`; redacted, so that it may be stored and sent.
    """
    logs = list(log_items(scene, connection))
    items = [
        *found_items(scene.finding),
        *owner_items(scene),
        *pod_items(scene),
        *change_items(scene),
        *logs,
        *event_items(scene),
        *trend_items(scene),
        *dependency_items(scene, "\n".join(item.text for item in logs)),
        *node_items(scene),
        *related_items(scene),
        *earlier,
    ]
    return packed(items, map(str, _objects(scene)))


def found_items(finding: Finding) -> Iterator[Item]:
    """What the failure scan or a detector itself rests on; the first one where none is decisive."""
    decisive = any(item.decisive for item in finding.evidence)
    for number, item in enumerate(finding.evidence):
        yield Item(item.source, item.text, item.decisive or (not decisive and number == 0))
    if not finding.evidence:
        yield Item(finding.source, finding.summary, proves=True)


def _objects(scene: Scene) -> Iterator[str]:
    """`Kind/namespace/name` of all that an answer may name."""
    pods = failing_pods(scene)
    refs = [scene.finding.owner, *scene.finding.related, *(pod.ref for pod in pods)]
    yield from map(_full, refs)
    yield from (f"Node/{pod.spec.node_name}" for pod in pods if pod.spec.node_name)


def _full(ref: ObjectRef) -> str:
    return "/".join(part for part in (ref.kind, ref.namespace, ref.name) if part)
