"""What of an incident an acceptance is about: cause, severity, impact and evidence.

Evidence is what stays as it is while the same failure lasts: what is wrong, of what, in which
revision. Counters, times, names of pods and words of events go on changing; they are no evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from detection.domain.causes import CAUSES, Cause, Precedence, Severity
from detection.domain.facts import ReadinessFacts
from detection.models import Incident
from remediation.digests import digest_of
from remediation.models import Acceptance

EVIDENCE = frozenset({
    "specific", "container", "init", "exit_code", "image", "registry", "pull_secrets", "missing",
    "missing_kind", "probe", "check", "sidecar", "memory_limit", "limit_lowered", "cpu_limit",
    "node", "finalizers",
    "left_behind", "hpa", "max_replicas", "missing_requests", "selector", "target_port",
    "declared", "dependency", "secret", "names", "problems", "changed", "changed_kind", "taints",
    "node_selector", "claims", "storage_class", "quota", "webhook", "namespace", "policy",
    "metric", "threshold", "unit", "alert", "recorded_replicas", "platform", "pull", "asked",
    "misfits", "injected", "secrets_missing",
})  # fmt: skip
# What ticks, takes turns, or only helps to look; a new fact goes into one of the two.
NO_EVIDENCE = frozenset({
    "pod", "pod_uid", "pods", "nodes", "unplaced", "log_container", "reason", "explains",
    "shared_by", "also", "beyond", "sources", "changed_before", "metrics", "prediction", "unseen",
    "restarts", "stable_revision", "working_set_ratio", "raised_at", "growth", "vpa",
    "memory_request", "node_memory_pressure", "throttled_ratio", "symptom", "undetermined",
    "ready", "desired", "replicas", "node_suspect", "recorded_by", "callers", "backend", "hpa_uid",
    "keda", "draining", "healthy", "must", "weak", "labels", "single", "server_sick", "hosts",
    "error_ratio", "scale_up_running", "short_of", "priority", "preemptor", "message", "size",
    "expandable", "holders", "job", "job_uid", "idempotent", "missed", "active", "cordoned",
    "corroborated", "evicted", "evicted_namespace", "job_pods", "node_count", "value",
    "contributions", "model_version", "history", "chart", "fingerprint", "impact", "only_on",
    "kept_out", "said",
})  # fmt: skip


@dataclass(frozen=True)
class Sign:
    """Of one incident at one moment. `impact`: name → number; the larger, the worse."""

    cause: str
    severity: str
    impact: Mapping[str, int]
    evidence: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The same for as long as the evidence is the same."""
        return digest_of({name: self.evidence[name] for name in sorted(self.evidence)})


def sign_of(incident: Incident) -> Sign:
    """What it shows now."""
    evidence = {name: value for name, value in incident.facts.items() if name in EVIDENCE}
    evidence["also"] = _other_causes(incident)
    evidence["revision"] = (incident.revision or {}).get("current")
    told = {name: value for name, value in evidence.items() if value not in (None, "", [], {})}
    return Sign(incident.cause, incident.severity, _impact(incident), told)


def what_changed(held: Acceptance, now: Sign) -> str:
    """Why the acceptance is not of what is seen now; '' where it is. Better is no change."""
    if now.cause != held.cause:
        return f"the cause is {now.cause}, accepted was {held.cause}"
    if Severity(now.severity).rank > Severity(held.severity).rank:
        return f"the severity is {now.severity}, accepted was {held.severity}"
    if larger := _larger(held.impact, now.impact):
        return f"the impact is larger: {larger}"
    if now.digest != held.digest:
        return f"the evidence changed: {', '.join(_different(held.evidence, now.evidence))}"
    return ""


def _larger(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    grown = [(name, n, before.get(name, 0)) for name, n in after.items() if n > before.get(name, 0)]
    return ", ".join(f"{number} {name} instead of {held}" for name, number, held in grown)


def _impact(incident: Incident) -> dict[str, int]:
    facts, readiness = incident.known, incident.facts_as(ReadinessFacts)
    lost = (readiness.desired or 0) - (readiness.ready or 0) if readiness.desired else 0
    numbers = {
        "failing pods": facts.pods,
        "replicas not ready": max(lost, 0),
        "owners": facts.shared_by,
        "nodes": 0 if facts.pods else len(facts.nodes),
    }
    return {name: number for name, number in numbers.items() if number}


def _other_causes(incident: Incident) -> list[str]:
    """Of the same owner; general causes and metrics come and go with any failure."""
    found = [cause for cause in incident.known.also if cause in Cause.__members__]
    return sorted(c for c in found if CAUSES[Cause(c)].precedence <= Precedence.SPECIFIC)


def _different(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = sorted({*before, *after})
    return [name.replace("_", " ") for name in names if before.get(name) != after.get(name)]
