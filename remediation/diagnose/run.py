"""One pass over a cluster in the foreground: what is wrong, and what AUTO would do about it.

GET requests only; no database, no broker, no model. `metrics` may be left out: scan only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from detection.domain.findings import Finding, redacted
from detection.kubernetes.client import Connection
from detection.metrics.queries import seeds
from detection.pipeline.inputs import Inputs, ReadMetrics, without_metrics
from detection.pipeline.observe import observe
from detection.snapshot import Snapshot
from detection.snapshot.logs import LOGS_IN_A_LOOK
from detection.snapshot.scope import Scope
from remediation.controls.limits import Limits
from remediation.evidence.collect import collect_evidence
from remediation.evidence.pack import Pack, Scene
from remediation.planning.candidates import Candidate, candidates
from remediation.playbooks import diagnose
from remediation.playbooks.diagnosis import Diagnosis
from remediation.policy.case_builder import case_of
from remediation.policy.decide import decide
from remediation.policy.verdicts import Decision


@dataclass(frozen=True)
class DiagnosedIncident:
    """One incident of the pass, with everything that is said about it."""

    finding: Finding
    diagnosis: Diagnosis
    candidates: tuple[Candidate, ...]
    decision: Decision
    pack: Pack | None = None

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
) -> Report:
    """One pass. Never raises for a source that fails: it is named in `blind`.

    `with_evidence` adds each incident's pack; that reads logs, one or two requests an incident.
    """
    scope = Scope(frozenset({namespace} - {""}), most_logs=LOGS_IN_A_LOOK)
    seen = observe(connection, scope, now, Inputs(metrics=read_metrics or without_metrics))
    opened, snapshot = [redacted(finding) for finding in seen.opened], seen.snapshot
    judged = [_judged(one, opened, snapshot, now, limits, seen.blind) for one in opened]
    if with_evidence and opened:
        scene = Scene(opened[0], snapshot, now, seen.metrics.frames, seeds(), opened)
        judged = [_with_pack(item, scene, connection) for item in judged]
    return Report({**snapshot.unread, **seen.blind}, tuple(sorted(judged, key=_importance)))


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
