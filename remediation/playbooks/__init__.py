"""What is said and what may be done about each cause: one playbook a cause.

The files are named as the folders of `detection/failures`. Texts from the cluster (images, names,
messages) are quoted into sentences and never interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping

from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding
from remediation.playbooks import (
    containers,
    containers_starting,
    metrics,
    network,
    nodes,
    scheduling,
    storage,
    workloads,
)
from remediation.playbooks.base import LIKELY, Playbook
from remediation.playbooks.diagnosis import Diagnosis

TOPICS = (
    containers,
    containers_starting,
    scheduling,
    storage,
    network,
    nodes,
    workloads,
    metrics,
)
PLAYBOOKS: Mapping[Cause, Playbook] = {
    cause: playbook for topic in TOPICS for cause, playbook in topic.PLAYBOOKS.items()
}


def playbook_of(cause: Cause) -> Playbook:
    return PLAYBOOKS[cause]


def diagnose(finding: Finding) -> Diagnosis:
    """The diagnosis of a finding by rules, without any model."""
    playbook = playbook_of(finding.cause)
    confidence = playbook.confidence
    return Diagnosis(
        root_cause=playbook.diagnosis(finding),
        impact=impact(finding),
        severity=finding.severity.value,
        confidence=confidence if _decisive(finding) else min(confidence, LIKELY),
        recommendations=tuple(playbook.advice(finding)),
    )


def impact(finding: Finding) -> str:
    """What was counted; without a count, only what the severity says."""
    return (
        finding.facts.impact
        or {
            Severity.CRITICAL: "Nothing of it is known to be ready now.",
            Severity.WARNING: "How much of it is affected is not known.",
            Severity.INFO: "Nothing is known to be affected.",
        }[finding.severity]
    )


def _decisive(finding: Finding) -> bool:
    return any(item.decisive for item in finding.evidence) or not finding.evidence
