"""One pass over a cluster in the foreground: what is wrong, and what AUTO would do about it.

GET requests only; no database, no broker, no model. `metrics` may be left out: scan only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from detection.domain.causes import CAUSES, Precedence, Severity
from detection.domain.findings import Finding, key_of, redacted
from detection.kubernetes.client import Connection
from detection.metrics.queries import seeds
from detection.pipeline.inputs import Inputs, ReadMetrics, without_metrics
from detection.pipeline.observe import Observation, observe
from detection.snapshot import Snapshot
from detection.snapshot.logs import LOGS_IN_A_LOOK
from detection.snapshot.scope import Scope
from remediation.controls.limits import Limits
from remediation.evidence.collect import collect_evidence
from remediation.evidence.pack import Pack, Scene
from remediation.planning.candidates import Candidate, candidates
from remediation.playbooks import diagnose
from remediation.playbooks.base import Verdict
from remediation.playbooks.diagnosis import Diagnosis
from remediation.policy.case_builder import case_of
from remediation.policy.decide import decide
from remediation.policy.verdicts import Decision


@dataclass(frozen=True)
class DiagnosedIncident:
    """One incident of the pass, with everything that is said about it.

    `young`: it has not lasted as long as it must to be an incident. A single look has no
    tomorrow, so it is told, with the time from which it counts (`finding.opens_at`).
    """

    finding: Finding
    diagnosis: Diagnosis
    candidates: tuple[Candidate, ...]
    decision: Decision
    pack: Pack | None = None
    young: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The contract of `diagnose --output json`."""
        finding = self.finding
        return {
            "owner": finding.owner.as_dict(),
            "cause": finding.cause.value,
            "severity": finding.severity.value,
            "summary": finding.summary,
            "evidence": [item.text for item in finding.evidence],
            "related": [_related(ref.as_dict()) for ref in finding.related],
            "flapping": finding.flapping,
            "young": self.young,
            "opens_at": finding.opens_at.isoformat(),
            "diagnosis": self.diagnosis.as_dict(),
            "candidates": [item.as_dict() for item in self.candidates],
            "decision": self.decision.as_dict(),
        }


@dataclass(frozen=True)
class Report:
    """`blind`: source → why it could not be seen."""

    blind: Mapping[str, str] = field(default_factory=dict)
    found: tuple[DiagnosedIncident, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "blind": sorted(self.blind),
            "incidents": [item.as_dict() for item in self.found],
        }


def diagnose_cluster(
    connection: Connection,
    now: datetime,
    limits: Limits,
    namespace: str = "",
    read_metrics: ReadMetrics | None = None,
    with_evidence: bool = False,
    with_young: bool = False,
) -> Report:
    """One pass. Never raises for a source that fails: it is named in `blind`.

    `with_young` adds what is younger than its dwell, marked so. `with_evidence` adds each
    incident's pack; that reads logs, one or two requests an incident.
    """
    scope = Scope(frozenset({namespace} - {""}), most_logs=LOGS_IN_A_LOOK)
    seen = observe(connection, scope, now, Inputs(metrics=read_metrics or without_metrics))
    opened, snapshot = [redacted(finding) for finding in seen.opened], seen.snapshot
    judged = [_judged(one, opened, snapshot, now, limits, seen.blind) for one in opened]
    if with_young:
        judged += _judged_young(seen, opened, now, limits)
    if with_evidence and opened:
        scene = Scene(opened[0], snapshot, now, seen.metrics.frames, seeds(), opened)
        judged = [_with_pack(item, scene, connection) for item in judged]
    absent = absent_namespace(snapshot, namespace)
    return Report(
        {**snapshot.unread, **seen.blind, **absent}, tuple(sorted(judged, key=_importance))
    )


def _judged_young(
    seen: Observation, opened: Sequence[Finding], now: datetime, limits: Limits
) -> list[DiagnosedIncident]:
    young = [redacted(one) for one in young_ones(seen.signs, opened)]
    every = [*opened, *young]
    told = [_judged(one, every, seen.snapshot, now, limits, seen.blind) for one in young]
    return [
        replace(item, young=True, decision=_waits(item))
        for item in told
        if item.decision.verdict != Verdict.IGNORE
    ]


def absent_namespace(snapshot: Snapshot, namespace: str) -> dict[str, str]:
    """A namespace that was asked for and is not there: nothing was looked at."""
    names = {item.metadata.name for item in snapshot.namespaces}
    if not namespace or not names or namespace in names:
        return {}
    near = get_close_matches(namespace, names, 3)
    hint = f"; there is {', '.join(near)}" if near else ""
    return {f"namespace/{namespace}": f"there is no namespace {namespace}{hint}"}


def young_ones(signs: Iterable[Finding], opened: Sequence[Finding]) -> list[Finding]:
    """Signs of owners about which nothing is open yet, and that say what is wrong.

    Left out are those that an open one names already, and what is only not ready, or only beyond a
    threshold: that may be a start like any other.
    """
    known = {key_of(ref) for one in opened for ref in (one.owner, *one.related)}
    return [
        one
        for one in signs
        if key_of(one.owner) not in known
        and one.severity != Severity.INFO
        and CAUSES[one.cause].precedence < Precedence.GENERAL
    ]


def _waits(item: DiagnosedIncident) -> Decision:
    """Nothing is done about what is not yet an incident."""
    reason = f"it is young: it counts from {item.finding.opens_at:%H:%M:%S}, if it lasts"
    verdict = min(item.decision.verdict, Verdict.SUGGEST, key=lambda one: one.rank)
    return replace(item.decision, verdict=verdict, reasons=(reason, *item.decision.reasons))


def _judged(
    finding: Finding,
    findings: Sequence[Finding],
    snapshot: Snapshot,
    now: datetime,
    limits: Limits,
    blind: Mapping[str, str],
) -> DiagnosedIncident:
    options = candidates(finding, snapshot, now, limits.blacklist)
    case = case_of(finding, snapshot, options, now, limits, others=findings, blind=blind)
    return DiagnosedIncident(finding, diagnose(finding), tuple(options), decide(case))


def _with_pack(item: DiagnosedIncident, scene: Scene, connection: Connection) -> DiagnosedIncident:
    pack = collect_evidence(replace(scene, finding=item.finding), connection)
    return replace(item, pack=pack, diagnosis=replace(item.diagnosis, evidence=pack.cited))


def as_auto(limits: Limits) -> Limits:
    """What AUTO with AUTO_REMEDIATE_CRITICAL would be allowed."""
    return replace(limits, auto_critical=True)


def _related(ref: dict[str, str]) -> dict[str, str]:
    return {name: ref[name] for name in ("kind", "namespace", "name")}


def _importance(item: DiagnosedIncident) -> tuple[int, str]:
    return -item.finding.severity.rank, str(item.finding.owner)
