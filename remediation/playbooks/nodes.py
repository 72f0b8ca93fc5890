"""Playbooks of nodes, of the API server, and of namespaces that can't be removed."""

from __future__ import annotations

from detection.domain.causes import Cause
from detection.domain.facts import NodeFacts, PressureFacts
from detection.domain.findings import Finding
from remediation.playbooks.base import (
    ASKED,
    BY_HAND,
    CHANGES,
    ESCALATE,
    LIKELY,
    NODES,
    NOOP,
    OPEN,
    RESTARTS,
    SURE,
    Offer,
    Playbook,
    Situation,
    Verdict,
)
from remediation.playbooks.wording import (
    describe_line,
    look_advice,
    quoted_text,
    seen_text,
    summary_text,
)

PLAYBOOKS: dict[Cause, Playbook] = {}


def _may_be_cordoned(situation: Situation) -> bool:
    cordoned = situation.finding.facts.of(NodeFacts).cordoned
    return not situation.last_schedulable and not cordoned


def _unless_the_last(situation: Situation) -> Verdict:
    return Verdict.SUGGEST if situation.last_schedulable else Verdict.ASK


def _not_ready(finding: Finding) -> str:
    return (
        f"Node {finding.owner.name} does not report as ready: "
        f"its kubelet, its network or the machine is down. {quoted_text(finding.summary)}"
    )


def _not_ready_advice(finding: Finding) -> list[str]:
    return [
        f"Look at the node: kubectl describe node {finding.owner.name}",
        "Its taints keep new pods away already. Don't delete the Node, and don't force-delete "
        "StatefulSet pods on it.",
    ]


PLAYBOOKS[Cause.NODE_NOT_READY] = Playbook(
    mode=_unless_the_last,
    offers=(Offer("cordon_node", _may_be_cordoned), ESCALATE),
    bad=RESTARTS | {"rollback"},
    diagnosis=_not_ready,
    confidence=LIKELY,
    advice=_not_ready_advice,
)

PLAYBOOKS[Cause.NODE_STORM] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE, NOOP),
    bad=RESTARTS | NODES | {"rollback"},
    diagnosis=summary_text,
    confidence=OPEN,
    advice=look_advice,
)


def _has_evicted_pods(situation: Situation) -> bool:
    """Evicted pods to tidy up, none of them a Job's: those are its evidence."""
    known = situation.finding.facts.of(PressureFacts)
    return bool(known.evicted) and not known.job_pods


def _disk_advice(finding: Finding) -> list[str]:
    node = finding.owner.name
    return [
        f"Find the largest user of ephemeral storage: kubectl describe node {node}",
        "Don't drain it: the hog would only move on.",
    ]


PLAYBOOKS[Cause.DISK_PRESSURE] = Playbook(
    mode=ASKED,
    offers=(ESCALATE, Offer("clean_failed_pods", _has_evicted_pods)),
    bad=frozenset({"drain_node", "restart_pod"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_disk_advice,
)


def _hog_advice(finding: Finding) -> list[str]:
    return [
        "Set the hog's requests and limits; it is named in related.",
        describe_line(finding),
    ]


PLAYBOOKS[Cause.MEMORY_PRESSURE] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"drain_node", "restart_pod"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_hog_advice,
)

PLAYBOOKS[Cause.PID_PRESSURE] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"drain_node", "restart_pod"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_hog_advice,
)


def _corroborated(situation: Situation) -> bool:
    corroborated = situation.finding.facts.of(NodeFacts).corroborated
    return corroborated and not situation.last_schedulable


def _asked_where_corroborated(situation: Situation) -> Verdict:
    return Verdict.ASK if _corroborated(situation) else Verdict.SUGGEST


def _kernel_may_be_cordoned(situation: Situation) -> bool:
    return _corroborated(situation) and _may_be_cordoned(situation)


def _kernel(finding: Finding) -> str:
    if finding.facts.of(NodeFacts).corroborated:
        return f"{seen_text(finding)} Its readiness, or pods that fail there alone, bear it out."
    return (
        f"{seen_text(finding)} Nothing else bears it out, and such a condition never clears alone."
    )


def _kernel_advice(finding: Finding) -> list[str]:
    return [
        "Look at the machine's kernel log, then repair or replace it.",
        describe_line(finding),
    ]


PLAYBOOKS[Cause.KERNEL_FAULT] = Playbook(
    mode=_asked_where_corroborated,
    offers=(Offer("cordon_node", _kernel_may_be_cordoned), ESCALATE),
    bad=frozenset({"drain_node"}),
    diagnosis=_kernel,
    confidence=LIKELY,
    advice=_kernel_advice,
)


def _overload_advice(finding: Finding) -> list[str]:
    return [
        "Find who asks so much: kubectl get --raw /debug/api_priority_and_fairness/dump_requests",
        "KubeWise does nothing by itself meanwhile.",
    ]


PLAYBOOKS[Cause.APISERVER_OVERLOAD] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE, NOOP),
    bad=RESTARTS | {"drain_node"},
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_overload_advice,
)


def _namespace_advice(finding: Finding) -> list[str]:
    reason = finding.facts.reason
    said = [f"What keeps it: {reason}"] if reason else []
    return [*said, "Remove the blocker by its own controller; don't strip finalizers blindly."]


PLAYBOOKS[Cause.NAMESPACE_TERMINATING] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | NODES | CHANGES,
    diagnosis=seen_text,
    confidence=SURE,
    advice=_namespace_advice,
)


def _reported(finding: Finding) -> str:
    return f"{quoted_text(finding.summary)}. KubeWise does not know what that means: it is quoted."


def _reported_advice(finding: Finding) -> list[str]:
    return [f"kubectl describe node {finding.owner.name}", "Ask whoever runs the problem detector."]


PLAYBOOKS[Cause.NODE_REPORTED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | NODES,
    diagnosis=_reported,
    confidence=OPEN,
    advice=_reported_advice,
)
