"""What changed around the onset, for a person who asks "what happened just before"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from detection.correlation.merging import MOST_EVIDENCE
from detection.domain.facts import Facts
from detection.domain.findings import Evidence, Finding
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.config_references import configmaps_of
from detection.snapshot.pod_templates import normalized

BEFORE = timedelta(minutes=30)
AFTER = timedelta(minutes=1)
MOST_LINES = 4
ITSELF = frozenset({"kube-controller-manager", "kube-scheduler", "kubelet", "kubewise"})


def with_changes(finding: Finding, snapshot: Snapshot) -> Finding:
    """The finding with a line for each object that somebody changed shortly before its onset."""
    lines = list(changes_around(finding, snapshot))[:MOST_LINES]
    if not lines:
        return finding
    room = MOST_EVIDENCE - len(lines)
    facts = finding.facts | Facts(changed_before=tuple(line.text for line in lines))
    return replace(finding, evidence=(*finding.evidence[:room], *lines), facts=facts)


def changes_around(finding: Finding, snapshot: Snapshot) -> Iterator[Evidence]:
    """The owner's own spec, the ConfigMaps that it names, and what rules over its namespace."""
    owner = snapshot.get(finding.owner)
    if owner is None or not isinstance(owner, o.Deployment | o.StatefulSet | o.DaemonSet):
        return
    names = configmaps_of(normalized(bytes(owner.spec.template)))
    near: tuple[o.Object, ...] = (
        owner,
        *(c for c in snapshot.configmaps if c.metadata.name in names),
        *snapshot.networkpolicies,
        *snapshot.resourcequotas,
        *snapshot.authorizationpolicies,
    )
    for item in near:
        inside = item.metadata.namespace == owner.metadata.namespace
        if inside and (line := _changed(item, finding.onset)):
            yield line


def _changed(item: o.Object, onset: datetime) -> Evidence | None:
    meta = item.metadata
    if not isinstance(meta, o.ManagedMetadata):
        return None
    edits = [
        (field.time, field.manager)
        for field in meta.managed_fields
        if field.time is not None
        and not field.subresource
        and field.manager not in ITSELF
        and onset - BEFORE <= field.time <= onset + AFTER
    ]
    if not edits:
        return None
    at, who = max(edits)
    minutes = max(round((onset - at).total_seconds() / 60), 0)
    text = f"{item.KIND} {meta.name} was changed by {who[:60]} {minutes} min before the onset"
    return Evidence("kubernetes/managedFields", text)
