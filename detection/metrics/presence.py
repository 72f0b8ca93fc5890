"""Series and findings of objects that are not there any more say nothing.

Prometheus keeps a dead pod in `increase`, `rate` and `last_over_time` for as long as their range;
the scan knows that it is gone, or that another object has its name now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from detection.domain.findings import Finding
from detection.metrics.samples import NODE_NAME_LABELS, Entity, Owners

UID_LABEL = "uid"


def is_gone(entity: Entity, labels: Mapping[str, str], owners: Owners, now: float) -> bool:
    """Whether the object that the labels name is certainly gone; of a pod's value, the pod.

    `now` in epoch seconds. An exporter's address (`instance`) need not be a node's name.
    """
    if entity.pod:
        uid = labels.get(UID_LABEL, "")
        return owners.is_gone("Pod", entity.namespace, entity.pod, uid, now)
    if entity.kind == "Node" and not any(label in labels for label in NODE_NAME_LABELS):
        return False
    return owners.is_gone(entity.kind, entity.namespace, entity.name, "", now)


def of_what_is_there(findings: Iterable[Finding], owners: Owners, now: float) -> list[Finding]:
    """Findings whose owner the last scan still saw; all where nobody can tell.

    Nodes may go by an address: their series end at the scrape.
    """
    return [
        one
        for one in findings
        if one.owner.kind == "Node"
        or not owners.is_gone(one.owner.kind, one.owner.namespace, one.owner.name, "", now)
    ]
