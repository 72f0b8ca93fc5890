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
from typing import Any

from detection.correlation.callers import EXPLAINING, fold_victims
from detection.correlation.dependents import fold_users
from detection.correlation.merging import MOST_EVIDENCE, absorbed, first_of, refs_of
from detection.correlation.node_and_namespace import fold_places
from detection.correlation.recent_changes import with_changes
from detection.domain.causes import CAUSES, Cause, Precedence
from detection.domain.findings import UNSEEN, Finding, ObjectRef, Revision, key_of
from detection.snapshot import Snapshot

RANK = (
    Cause.WEBHOOK_DOWN,
    Cause.QUOTA_EXCEEDED,
    Cause.ADMISSION_FORBIDDEN,
    Cause.NODE_STORM,
    Cause.APISERVER_OVERLOAD,
    Cause.KERNEL_FAULT,
    Cause.NODE_NOT_READY,
    Cause.DISK_PRESSURE,
    Cause.MEMORY_PRESSURE,
    Cause.PID_PRESSURE,
    *EXPLAINING,
    Cause.MULTI_ATTACH,
    Cause.PULL_UNAUTHORIZED,
    Cause.REGISTRY_DOWN,
    Cause.WRONG_ARCH,
    Cause.IMAGE_NOT_FOUND,
    Cause.SECRET_MISSING,
    Cause.CONFIGMAP_MISSING,
    Cause.JOB_FAILED,
    Cause.OOM_LEAK,
    Cause.OOM_LIMIT_LOW,
    Cause.BAD_COMMAND,
    Cause.INIT_CRASH,
    Cause.LIVENESS_MISCONFIG,
    Cause.CRASH_STABLE_REVISION,
    Cause.BAD_RELEASE,
    Cause.CRASH_NO_HISTORY,
    Cause.PVC_NOT_FOUND,
    Cause.VOLUME_NODE_AFFINITY,
    Cause.PREEMPTED,
    Cause.NODE_SELECTOR_MISMATCH,
    Cause.UNTOLERATED_TAINT,
    Cause.ANTI_AFFINITY,
    Cause.INSUFFICIENT_CAPACITY,
    Cause.SANDBOX_FAILED,
    Cause.MOUNT_FAILED,
    Cause.INIT_HANG,
    Cause.READINESS_MISCONFIG,
    Cause.STS_STUCK_UPDATE,
    Cause.POD_STUCK_TERMINATING,
    Cause.CPU_THROTTLED,
    Cause.DS_ONE_NODE,
    Cause.HUNG_REPLICA,
    Cause.CRONJOB_STALLED,
    Cause.BARE_POD_FAILING,
    Cause.HPA_MAXED,
    Cause.HPA_NO_METRICS,
    Cause.SCALED_TO_ZERO,
    Cause.ROLLOUT_STALLED,
    Cause.UNCLASSIFIED,
    Cause.THRESHOLD_BREACH,
    Cause.FORECAST_BREACH,
    Cause.METRIC_ANOMALY,
)


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
    return sorted(merged, key=lambda f: (-f.severity.rank, _rank(f), str(f.owner)))


def _by_owner(findings: Iterable[Finding]) -> list[list[Finding]]:
    groups: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[key_of(finding.owner)].append(finding)
    return list(groups.values())


def _rank(finding: Finding) -> tuple[int, int]:
    place = RANK.index(finding.cause) if finding.cause in RANK else len(RANK)
    return CAUSES[finding.cause].precedence, place


def _merged(group: Sequence[Finding]) -> Finding:
    """The one with the best cause, with the others' evidence, symptoms and sources."""
    ordered = sorted(group, key=lambda f: (*_rank(f), -f.score))
    first = ordered[0]
    # An alert is evidence beside a failure that was seen: it makes it no graver and no older.
    judged = [f for f in ordered if f.cause != Cause.EXTERNAL_ALERT] or ordered
    return replace(
        first,
        revision=first.revision or _own_revision(first, ordered),
        severity=max((f.severity for f in judged), key=lambda one: one.rank),
        onset=min(f.onset for f in judged),
        evidence=first_of((e for f in ordered for e in f.evidence), MOST_EVIDENCE),
        related=refs_of((r for f in ordered for r in f.related), first.owner),
        flapping=any(f.flapping for f in ordered),
        facts=_facts(ordered),
    )


def _own_revision(first: Finding, ordered: Sequence[Finding]) -> Revision | None:
    """What a dependency's own release did is the reason why its callers fail."""
    if first.cause != Cause.DEPENDENCY_CASCADE:
        return None
    return next((f.revision for f in ordered if f.revision and f.revision.borne), None)


def _facts(ordered: Sequence[Finding]) -> dict[str, Any]:
    facts: dict[str, Any] = dict(ordered[0].facts)
    facts.pop("explains", None)
    also = [f.cause.value for f in ordered[1:] if f.cause != ordered[0].cause]
    if also:
        facts["also"] = list(dict.fromkeys(also))
    for name in ("metrics", "prediction"):
        found = next((f.facts[name] for f in ordered if name in f.facts), None)
        if found is not None:
            facts[name] = found
    if any(UNSEEN not in f.facts for f in ordered):
        facts.pop(UNSEEN, None)
    facts["sources"] = sorted({f.source for f in ordered})
    return facts


def _fold_storm(findings: list[Finding]) -> list[Finding]:
    storm = next((f for f in findings if f.cause == Cause.NODE_STORM), None)
    if storm is None:
        return findings
    lost = set(storm.facts["nodes"])
    inside = [f for f in findings if f.cause == Cause.NODE_NOT_READY and f.owner.name in lost]
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
        _Lost(f, frozenset(f.facts.get("nodes") or [f.owner.name]), [])
        for f in findings
        if f.cause in (Cause.NODE_STORM, Cause.NODE_NOT_READY)
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
    nodes = set(finding.facts.get("nodes", ()))
    unplaced = finding.facts.get("unplaced", 0)
    if not unplaced and nodes and nodes <= gone:
        return next(item for item in lost if nodes & item.nodes)
    if unplaced and nodes <= gone:
        return next((i for i in lost if _displaced(finding, i, snapshot)), None)
    return None


def _displaced(finding: Finding, item: _Lost, snapshot: Snapshot) -> bool:
    """Pods that found no place since the node was lost, of an owner that had pods there."""
    pods = snapshot.pods_below(finding.owner)
    had = any(pod.spec.node_name in item.nodes for pod in pods)
    return had and finding.onset >= item.finding.onset


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
        summary=f"{CAUSES[first.cause].title}: {len(owners)} owners fail on {thing}",
        revision=None,
        related=(),
        facts=dict(first.facts) | {"shared_by": len(owners)},
    )
    return [absorbed(whole, folded), *(f for f in findings if f not in folded)]


def _secrets(finding: Finding) -> list[ObjectRef]:
    names = finding.facts.get("pull_secrets", ())
    return [ObjectRef("Secret", finding.owner.namespace, name) for name in names]


def _registries(finding: Finding) -> list[ObjectRef]:
    host = finding.facts.get("registry")
    return [ObjectRef("Registry", "", host)] if host else []


def _missing(finding: Finding) -> list[ObjectRef]:
    kind = "Secret" if finding.cause == Cause.SECRET_MISSING else "ConfigMap"
    name = finding.facts.get("missing")
    return [ObjectRef(kind, finding.owner.namespace, name)] if name else []


def _join_registry(findings: list[Finding]) -> list[Finding]:
    """A pull that failed without saying why, from a registry that is known to be down."""
    down = {f.facts.get("registry") for f in findings if f.cause == Cause.REGISTRY_DOWN}
    return [
        replace(f, cause=Cause.REGISTRY_DOWN)
        if f.facts.get("undetermined") and f.facts.get("registry") in down
        else f
        for f in findings
    ]


def _fold_anomalies(findings: list[Finding]) -> list[Finding]:
    """Anomalies of an owner whose failure has a cause above it say nothing new."""
    shared = [f for f in findings if CAUSES[f.cause].precedence < Precedence.SPECIFIC]
    shared += [f for f in findings if "shared_by" in f.facts]
    explained = {key_of(ref) for f in shared for ref in f.related}
    return [
        f
        for f in findings
        if CAUSES[f.cause].precedence != Precedence.METRIC or key_of(f.owner) not in explained
    ]
