"""Diagnoses of what keeps pods from being made, placed and started."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from remediation.sentences import container_text, owner_text, quoted_text, revision_text

Rule = Callable[[Finding], str]
SURE, LIKELY = 0.95, 0.8


def _seen(finding: Finding) -> str:
    return f"{quoted_text(finding.summary).rstrip('.')}.{revision_text(finding)}"


def _missing(finding: Finding) -> str:
    kind, name = finding.facts.get("missing_kind", "object"), finding.facts.get("missing")
    what = f"the {kind} {quoted_text(name)}" if name else f"a {kind}"
    return f"{owner_text(finding)} names {what}, which is not there or lacks a key." + (
        revision_text(finding)
    )


def _foreign(finding: Finding) -> str:
    return (
        f"{container_text(finding)} of {owner_text(finding)} is built for another architecture "
        f"than its node has.{revision_text(finding)}"
    )


def _cordoned(finding: Finding) -> str:
    names = ", ".join(map(str, finding.facts.get("cordoned") or ())) or "a node"
    return f"Pods wait, because {names} is cordoned and the other nodes don't do or are full."


def _claim(finding: Finding) -> str:
    storage = finding.facts.get("storage_class")
    of_class = f" of StorageClass {quoted_text(storage)}" if storage else ""
    return f"{quoted_text(finding.summary)}{of_class}. Its users wait for it."


def _preempted(finding: Finding) -> str:
    taker = finding.facts.get("preemptor")
    who = f" ({quoted_text(taker)})" if taker else ""
    return f"Pods of a higher priority{who} took the place of {owner_text(finding)}."


def _webhook(finding: Finding) -> str:
    hook = quoted_text(finding.facts.get("webhook", ""))
    return f"The API server can't call the admission webhook {hook}, so pods are not made."


PLACING_RULES: Mapping[Cause, tuple[Rule, float]] = {
    Cause.CONFIGMAP_MISSING: (_missing, SURE),
    Cause.SECRET_MISSING: (_missing, SURE),
    Cause.WRONG_ARCH: (_foreign, LIKELY),
    Cause.NODE_SELECTOR_MISMATCH: (_seen, SURE),
    Cause.UNTOLERATED_TAINT: (_seen, SURE),
    Cause.ANTI_AFFINITY: (_seen, SURE),
    Cause.NODE_CORDONED: (_cordoned, LIKELY),
    Cause.PVC_NOT_FOUND: (_seen, SURE),
    Cause.PVC_PENDING: (_claim, SURE),
    Cause.VOLUME_NODE_AFFINITY: (_seen, SURE),
    Cause.PREEMPTED: (_preempted, SURE),
    Cause.QUOTA_EXCEEDED: (_seen, SURE),
    Cause.ADMISSION_FORBIDDEN: (_seen, SURE),
    Cause.WEBHOOK_DOWN: (_webhook, SURE),
    Cause.SANDBOX_FAILED: (_seen, LIKELY),
    Cause.MOUNT_FAILED: (_seen, LIKELY),
}
