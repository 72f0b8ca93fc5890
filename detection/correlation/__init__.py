"""Findings → one finding an owner, and one for a cause that several owners share.

Only findings whose dwell is past take part. In order of precedence: a storm of nodes swallows its
nodes; a node that is not ready swallows what fails because it ran there; a pull Secret or registry
that fails several owners is one finding on it; what is left is merged by owner, where the most
specific cause names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from detection.correlation.callers import fold_victims
from detection.correlation.dependents import fold_users
from detection.correlation.impact import with_impact
from detection.correlation.merging import MOST_EVIDENCE, absorbed, first_of, refs_of
from detection.correlation.node_and_namespace import fold_places
from detection.correlation.recent_changes import with_changes
from detection.domain.causes import (
    CAUSES,
    Cause,
    Precedence,
    Through,
    explained_by,
    explaining,
    order_of,
)
from detection.domain.facts import (
    ConfigurationFacts,
    Facts,
    ImageFacts,
    MetricFacts,
    SchedulingFacts,
)
from detection.domain.findings import Finding, ObjectRef, Revision, key_of
from detection.domain.units import counted
from detection.snapshot import Snapshot

# Two sources tell of one moment by different clocks and intervals.
SAME_TIME = timedelta(seconds=120)


def correlate(
    findings: Iterable[Finding], snapshot: Snapshot, young: bool = False
) -> list[Finding]:
    """One finding an owner, the gravest cause first; without `young`, of those past their dwell."""
    opened = [finding for finding in findings if young or finding.opens_at <= snapshot.at]
    opened = fold_places(opened, snapshot)
    opened = fold_victims(opened)
    opened = _fold_storm(opened)
    opened = _fold_nodes(opened, snapshot)
    opened = fold_users(opened)
    opened = _fold_shared(opened, Cause.PULL_UNAUTHORIZED, _secrets)
    opened = _fold_shared(_join_registry(opened), Cause.REGISTRY_DOWN, _registries)
    opened = _fold_shared(opened, Cause.SECRET_MISSING, _missing)
    opened = _fold_shared(opened, Cause.CONFIGMAP_MISSING, _missing)
    opened = _fold_anomalies(opened)
    merged = [with_changes(_merged(group), snapshot) for group in _by_owner(opened)]
    return sorted((with_impact(one, snapshot) for one in merged), key=_order)


def _order(finding: Finding) -> tuple[int, tuple[int, int], str]:
    return -finding.severity.rank, order_of(finding.cause), str(finding.owner)


def _by_owner(findings: Iterable[Finding]) -> list[list[Finding]]:
    groups: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[key_of(finding.owner)].append(finding)
    return list(groups.values())


def _merged(group: Sequence[Finding]) -> Finding:
    """The one with the best cause, with the others' evidence, symptoms and sources."""
    ordered = sorted(group, key=lambda f: (*order_of(f.cause), -f.score))
    first = ordered[0]
    # An alert is evidence beside a failure that was seen: it makes it no graver and no older.
    judged = [f for f in ordered if f.cause != Cause.EXTERNAL_ALERT] or ordered
    return replace(
        first,
        revision=first.revision or _own_revision(first, ordered),
        severity=max((f.severity for f in judged), key=lambda one: one.rank),
        onset=_onset(first, judged),
        evidence=first_of((e for f in ordered for e in f.evidence), MOST_EVIDENCE),
        related=refs_of((r for f in ordered for r in f.related), first.owner),
        flapping=any(f.flapping for f in ordered),
        facts=_facts(ordered),
    )


def _onset(first: Finding, judged: Sequence[Finding]) -> datetime:
    """That of the cause that names it. Another signal of the owner may be older: it is the same
    fault only where it is of that cause, or began at nearly the same time."""
    same = [f.onset for f in judged if f.cause == first.cause or first.onset - f.onset <= SAME_TIME]
    return min(same, default=first.onset)


def _own_revision(first: Finding, ordered: Sequence[Finding]) -> Revision | None:
    """What a dependency's own release did is the reason why its callers fail."""
    if first.cause != Cause.DEPENDENCY_CASCADE:
        return None
    return next((f.revision for f in ordered if f.revision and f.revision.borne), None)


def _facts(ordered: Sequence[Finding]) -> Facts:
    first = ordered[0].facts.settled()
    facts = first if all(f.facts.unseen for f in ordered) else first.seen()
    also = [f.cause.value for f in ordered[1:] if f.cause != ordered[0].cause]
    if also:
        facts |= Facts(also=tuple(dict.fromkeys(also)))
    if len(ordered) > 1 and (beyond := _beyond(ordered)):
        facts |= Facts(beyond=beyond)
    metrics = (f.facts.metrics for f in ordered if f.facts.metrics is not None)
    if (newest := next(metrics, None)) is not None:
        facts |= Facts(metrics=newest)
    predictions = (f.facts.prediction for f in ordered if f.facts.prediction is not None)
    if (foretold := next(predictions, None)) is not None:
        facts |= Facts(prediction=foretold)
    return facts | Facts(sources=tuple(sorted({f.source for f in ordered})))


def _beyond(ordered: Sequence[Finding]) -> tuple[str, ...]:
    """The metrics of its thresholds and forecasts."""
    names = (f.facts.of(MetricFacts).metric for f in ordered)
    return tuple(sorted({name for name in names if name}))


def _fold_storm(findings: list[Finding]) -> list[Finding]:
    storm = next((f for f in findings if f.cause == Cause.NODE_STORM), None)
    if storm is None:
        return findings
    lost = set(storm.facts.nodes)
    swallowed = explained_by(storm.cause)
    inside = [f for f in findings if f.cause in swallowed and f.owner.name in lost]
    rest = [f for f in findings if f not in inside and f is not storm]
    return [absorbed(storm, inside), *rest]


@dataclass
class _Lost:
    """A finding about nodes, and what it swallows."""

    finding: Finding
    nodes: frozenset[str]
    swallowed: list[Finding]


def _fold_nodes(findings: list[Finding], snapshot: Snapshot) -> list[Finding]:
    lost = [
        _Lost(f, frozenset(f.facts.nodes or [f.owner.name]), [])
        for f in findings
        if f.cause in explaining(Through.LOST_NODES)
    ]
    if not lost:
        return findings
    gone = frozenset().union(*(item.nodes for item in lost))
    rest: list[Finding] = []
    for finding in findings:
        if any(finding is item.finding for item in lost):
            continue
        if CAUSES[finding.cause].precedence == Precedence.NODE:
            rest.append(finding)
            continue
        item = _explained_by(finding, lost, gone, snapshot)
        (item.swallowed if item else rest).append(finding)
    return [*(absorbed(item.finding, item.swallowed) for item in lost), *rest]


def _explained_by(
    finding: Finding, lost: Sequence[_Lost], gone: frozenset[str], snapshot: Snapshot
) -> _Lost | None:
    """The lost node that explains a finding: all its symptoms are there, or came from there."""
    if finding.revision is not None and finding.revision.borne:
        began_before = all(finding.onset < item.finding.onset for item in lost)
        if began_before:
            return None
    nodes, unplaced = set(finding.facts.nodes), finding.facts.unplaced
    if not unplaced and nodes and nodes <= gone:
        return next(item for item in lost if nodes & item.nodes)
    if unplaced and nodes <= gone:
        return next((i for i in lost if _displaced(finding, i, snapshot)), None)
    return None


def _displaced(finding: Finding, item: _Lost, snapshot: Snapshot) -> bool:
    """Pods that found no place since the node was lost, of an owner that had pods there."""
    pods = snapshot.pods_below(finding.owner)
    had = any(pod.spec.node_name in item.nodes for pod in pods)
    only_on = set(finding.facts.of(SchedulingFacts).only_on)
    return (
        had or (bool(only_on) and only_on <= item.nodes)
    ) and finding.onset >= item.finding.onset


def _fold_shared(
    findings: list[Finding], cause: Cause, things: Callable[[Finding], list[ObjectRef]]
) -> list[Finding]:
    """One finding on the thing that two or more owners fail on for the same reason."""
    users: defaultdict[str, list[Finding]] = defaultdict(list)
    refs: dict[str, ObjectRef] = {}
    for finding in findings:
        for ref in things(finding) if finding.cause == cause else ():
            refs[key_of(ref)] = ref
            users[key_of(ref)].append(finding)
    for key, group in sorted(users.items(), key=lambda item: -len(item[1])):
        still = [finding for finding in group if finding in findings]
        if len(still) >= 2:
            findings = _shared(findings, refs[key], still)
    return findings


def _shared(findings: list[Finding], thing: ObjectRef, users: Sequence[Finding]) -> list[Finding]:
    """The users' general causes go the same way: their reason is known now."""
    owners = {key_of(f.owner) for f in users}
    folded = [
        f
        for f in findings
        if key_of(f.owner) in owners
        and (f in users or CAUSES[f.cause].precedence >= Precedence.GENERAL)
    ]
    first = min(users, key=lambda f: f.onset)
    whole = replace(
        first,
        owner=thing,
        severity=max((f.severity for f in users), key=lambda one: one.rank),
        summary=f"{CAUSES[first.cause].title}: {_fail(len(owners))} on {thing}",
        revision=None,
        related=(),
        facts=first.facts | Facts(shared_by=len(owners)),
    )
    return [absorbed(whole, folded), *(f for f in findings if f not in folded)]


def _secrets(finding: Finding) -> list[ObjectRef]:
    names = finding.facts.of(ImageFacts).pull_secrets
    return [ObjectRef("Secret", finding.owner.namespace, name) for name in names]


def _registries(finding: Finding) -> list[ObjectRef]:
    host = finding.facts.of(ImageFacts).registry
    return [ObjectRef("Registry", "", host)] if host else []


def _missing(finding: Finding) -> list[ObjectRef]:
    kind = "Secret" if finding.cause == Cause.SECRET_MISSING else "ConfigMap"
    name = finding.facts.of(ConfigurationFacts).missing
    return [ObjectRef(kind, finding.owner.namespace, name)] if name else []


def _join_registry(findings: list[Finding]) -> list[Finding]:
    """A pull that failed without saying why, from a registry that is known to be down."""
    images = [f.facts.of(ImageFacts) for f in findings]
    known = zip(findings, images, strict=True)
    down = {image.registry for f, image in known if f.cause == Cause.REGISTRY_DOWN}
    return [
        replace(f, cause=Cause.REGISTRY_DOWN)
        if image.undetermined and image.registry in down
        else f
        for f, image in zip(findings, images, strict=True)
    ]


def _fold_anomalies(findings: list[Finding]) -> list[Finding]:
    """Anomalies of an owner whose failure has a cause above it say nothing new."""
    shared = [f for f in findings if CAUSES[f.cause].precedence < Precedence.SPECIFIC]
    shared += [f for f in findings if f.facts.shared_by]
    explained = {key_of(ref) for f in shared for ref in f.related}
    return [
        f
        for f in findings
        if CAUSES[f.cause].precedence != Precedence.METRIC or key_of(f.owner) not in explained
    ]


def _fail(owners: int) -> str:
    return counted(owners, "owner fails", "owners fail")
