"""Correlation by place: what a node under pressure, or a namespace that ends, explains."""

from __future__ import annotations

from detection.correlation.merging import absorbed
from detection.domain.causes import (
    CAUSES,
    UNPLACED,
    Cause,
    Precedence,
    Through,
    explained_by,
    explaining,
)
from detection.domain.findings import Finding
from detection.snapshot import Snapshot


def fold_places(findings: list[Finding], snapshot: Snapshot) -> list[Finding]:
    for place in [f for f in findings if f.cause in explaining(Through.NODE)]:
        findings = _fold(findings, place, [f for f in findings if _is_of_node(f, place, snapshot)])
    for place in [f for f in findings if f.cause in explaining(Through.NAMESPACE)]:
        findings = _fold(findings, place, [f for f in findings if _is_of_namespace(f, place)])
    return findings


def _fold(findings: list[Finding], place: Finding, taken: list[Finding]) -> list[Finding]:
    if not taken:
        return findings
    whole = absorbed(place, taken)
    kept = [f for f in findings if not any(f is t for t in taken)]
    return [whole if f is place else f for f in kept]


def _is_of_node(finding: Finding, place: Finding, snapshot: Snapshot) -> bool:
    """All its symptoms are on that node, since it is as it is; or wait because of its taint."""
    unplaced = finding.facts.unplaced and finding.cause in UNPLACED
    if unplaced and finding.onset >= place.onset:
        return _waits_by_taint(snapshot, finding, _taint_of(place.cause))
    if finding.cause not in explained_by(place.cause):
        return False
    nodes = set(finding.facts.nodes)
    return nodes == {place.owner.name} and not unplaced and finding.onset >= place.onset


def _taint_of(cause: Cause) -> str:
    explains = CAUSES[cause].explains
    return explains.taint if explains else ""


def _waits_by_taint(snapshot: Snapshot, finding: Finding, taint: str) -> bool:
    pods = snapshot.pods_below(finding.owner)
    messages = [c.message for pod in pods for c in pod.status.conditions if c.status == "False"]
    return bool(taint) and any(taint in message for message in messages)


def _is_of_namespace(finding: Finding, place: Finding) -> bool:
    """Whatever fails in a namespace since it is being removed."""
    inside = finding.owner.namespace == place.owner.name
    node = CAUSES[finding.cause].precedence == Precedence.NODE
    return inside and not node and finding.onset >= place.onset
