"""Diagnoses of pods that run, and of what controls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from remediation.sentences import container_text, owner_text, quoted_text, revision_text

Rule = Callable[[Finding], str]
SURE, LIKELY = 0.95, 0.8


def _seen(finding: Finding) -> str:
    return f"{quoted_text(finding.summary).rstrip('.')}.{revision_text(finding)}"


def _init_hang(finding: Finding) -> str:
    return (
        f"Init {container_text(finding)} of {owner_text(finding)} runs on and never ends: it "
        f"waits for something that does not come.{revision_text(finding)}"
    )


def _leak(finding: Finding) -> str:
    raised = finding.facts.get("raised_at")
    why = (
        f"its limit was raised at {raised} and it is killed again"
        if raised
        else "its memory climbs on a line after each start"
    )
    return f"{container_text(finding)} of {owner_text(finding)} leaks memory: {why}."


def _liveness(finding: Finding) -> str:
    return (
        f"The kubelet kills {container_text(finding)} of {owner_text(finding)} because its probe "
        f"does not pass, not because it crashes.{revision_text(finding)}"
    )


def _readiness(finding: Finding) -> str:
    return (
        f"{container_text(finding)} of {owner_text(finding)} runs without a restart, and its "
        f"readiness probe never passed.{revision_text(finding)}"
    )


def _terminating(finding: Finding) -> str:
    held = ", ".join(finding.facts.get("finalizers") or ())
    why = f"finalizers hold it: {quoted_text(held)}" if held else "its node does not end it"
    return f"{quoted_text(finding.summary)}: {why}."


def _maxed(finding: Finding) -> str:
    hpa, most = finding.facts.get("hpa"), finding.facts.get("max_replicas")
    return (
        f"{owner_text(finding)} has the {most} replicas that its autoscaler {quoted_text(hpa)} "
        f"allows at most, and needs more."
    )


RUNNING_RULES: Mapping[Cause, tuple[Rule, float]] = {
    Cause.INIT_HANG: (_init_hang, LIKELY),
    Cause.OOM_LEAK: (_leak, LIKELY),
    Cause.LIVENESS_MISCONFIG: (_liveness, LIKELY),
    Cause.READINESS_MISCONFIG: (_readiness, LIKELY),
    Cause.CPU_THROTTLED: (_seen, LIKELY),
    Cause.POD_STUCK_TERMINATING: (_terminating, SURE),
    Cause.STS_STUCK_UPDATE: (_seen, LIKELY),
    Cause.DS_ONE_NODE: (_seen, LIKELY),
    Cause.CRONJOB_STALLED: (_seen, SURE),
    Cause.HPA_MAXED: (_maxed, SURE),
    Cause.HPA_NO_METRICS: (_seen, SURE),
    Cause.PDB_BLOCKS_DRAIN: (_seen, SURE),
}
