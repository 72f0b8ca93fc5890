"""Playbooks of pods that are not admitted, not made, or find no node."""

from __future__ import annotations

from collections.abc import Sequence

from detection.domain.causes import Cause
from detection.domain.facts import AdmissionFacts, CordonFacts, PreemptionFacts, SchedulingFacts
from detection.domain.findings import Finding
from remediation.playbooks.base import (
    ASKED,
    BY_HAND,
    ESCALATE,
    LIKELY,
    RESTARTS,
    ROLLBACK,
    SURE,
    Offer,
    Playbook,
    Situation,
    Verdict,
    revision_borne,
    single_revision_borne,
)
from remediation.playbooks.wording import (
    edit_line,
    namespace_flag,
    owner_text,
    quoted_text,
    seen_text,
)

PLAYBOOKS: dict[Cause, Playbook] = {}
OWN_BACKEND, WILL_REFUSE = "RefusesItsOwnBackend", "WillRefuse"


def _quota_advice(finding: Finding) -> list[str]:
    name, flag = finding.facts.of(AdmissionFacts).quota, namespace_flag(finding)
    return [
        f"kubectl describe resourcequota {name}{flag}".replace("  ", " "),
        "Lower requests or replicas, or raise the quota. Don't restart what runs: it could not "
        "come back.",
    ]


PLAYBOOKS[Cause.QUOTA_EXCEEDED] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=RESTARTS | {"drain_node", "scale"},
    diagnosis=seen_text,
    confidence=SURE,
    advice=_quota_advice,
)


def _forbidden_advice(finding: Finding) -> list[str]:
    return [
        f"Change what is refused: {edit_line(finding)}",
        "Don't relabel the namespace as privileged. Don't restart what runs: it could not come "
        "back.",
    ]


PLAYBOOKS[Cause.ADMISSION_FORBIDDEN] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=RESTARTS,
    diagnosis=seen_text,
    confidence=SURE,
    advice=_forbidden_advice,
)


def _webhook(finding: Finding) -> str:
    known = finding.facts.of(AdmissionFacts)
    said = f' The API server says: "{quoted_text(known.message)}".' if known.message else ""
    return f"{quoted_text(finding.summary)}.{said}"


def _webhook_advice(finding: Finding) -> list[str]:
    known, owner = finding.facts.of(AdmissionFacts), finding.owner
    look = f"kubectl describe {owner.kind.lower()} {owner.name}"
    if known.reason == OWN_BACKEND:
        return [
            "It refuses its own backend's pods, so it cannot come back by itself. A person has to "
            "relax its failurePolicy (Ignore) by hand for as long as that takes, then set it back, "
            "and exempt its own namespace by its namespaceSelector.",
            look,
        ]
    if known.reason == WILL_REFUSE:
        return ["Make its Service, or delete the webhook if what it belonged to is gone.", look]
    if "x509" in known.message or "certificate" in known.message:
        return [
            "Compare the webhook's caBundle with the certificate that its Service serves: whoever "
            "injects the caBundle (cert-manager's cainjector, an operator) may not run.",
            look,
        ]
    return [
        "Repair the webhook's backend, which is among the related objects.",
        look,
        "Don't delete the configuration, and don't set its failurePolicy to Ignore.",
    ]


PLAYBOOKS[Cause.WEBHOOK_DOWN] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"drain_node", "rollback"},
    diagnosis=_webhook,
    confidence=SURE,
    advice=_webhook_advice,
)


def _scale_up_runs(situation: Situation) -> bool:
    return situation.finding.facts.of(SchedulingFacts).scale_up_running


def _unless_scaled_up(situation: Situation) -> Verdict:
    return Verdict.IGNORE if _scale_up_runs(situation) else revision_borne(situation)


def _let_in_advice(kept_out: Sequence[str]) -> list[str]:
    """A node is there: what keeps pods from it has to go, not the pods' own rules."""
    return [
        f"More of the same nodes don't help: {quoted_text('; '.join(kept_out[:5]))}. Whoever sets "
        "that taint removes it once the node is fit: look at the node's conditions and at the "
        "controller that owns the taint.",
        "kubectl get nodes; kubectl get pods -n kube-system -o wide",
    ]


def _capacity(finding: Finding) -> str:
    return f"No node has room. {seen_text(finding)}"


def _capacity_advice(finding: Finding) -> list[str]:
    if kept_out := finding.facts.of(SchedulingFacts).kept_out:
        return _let_in_advice(kept_out)
    return [
        "Compare the requests with what nodes have: kubectl describe nodes | grep -A8 Allocated",
        "Add nodes, or lower the requests.",
    ]


PLAYBOOKS[Cause.INSUFFICIENT_CAPACITY] = Playbook(
    mode=_unless_scaled_up,
    offers=(Offer("noop", _scale_up_runs), ROLLBACK, ESCALATE),
    bad=frozenset({"scale", "drain_node", "adjust_resources"}),
    diagnosis=_capacity,
    confidence=SURE,
    advice=_capacity_advice,
)


def _selector_advice(finding: Finding) -> list[str]:
    asked = quoted_text("; ".join(finding.facts.of(SchedulingFacts).asked))
    what = f" ({asked})" if asked else ""
    return [
        f"Correct the selector or affinity{what}: {edit_line(finding)}",
        "See what labels there are: kubectl get nodes --show-labels. Don't label nodes to fit it.",
    ]


PLAYBOOKS[Cause.NODE_SELECTOR_MISMATCH] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"uncordon_node", "scale"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_selector_advice,
)


def _taint_advice(finding: Finding) -> list[str]:
    known = finding.facts.of(SchedulingFacts)
    if known.kept_out and not known.taints:
        return _let_in_advice(known.kept_out)
    taints = ", ".join(known.taints) or "the taints of these nodes"
    return [
        f"Add a toleration for {taints} if it belongs there: {edit_line(finding)}",
        "Don't remove a taint that dedicates a node.",
    ]


PLAYBOOKS[Cause.UNTOLERATED_TAINT] = Playbook(
    mode=single_revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"uncordon_node", "drain_node"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_taint_advice,
)


def _spread_advice(finding: Finding) -> list[str]:
    return [
        "Make the rule preferred rather than required, or ask for fewer replicas than there are "
        f"nodes or zones: {edit_line(finding)}"
    ]


PLAYBOOKS[Cause.ANTI_AFFINITY] = Playbook(
    mode=single_revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=frozenset({"scale"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_spread_advice,
)


def _claim_gone_advice(finding: Finding) -> list[str]:
    known = finding.facts.of(SchedulingFacts)
    full = f"{quoted_text(known.quota)}: kubectl describe resourcequota{namespace_flag(finding)}"
    return [
        *([full] if known.quota else []),
        f"Look for the claim {known.missing}: kubectl get pvc{namespace_flag(finding)}",
        "Don't make an empty claim for data that seems lost: find its volume or backup first.",
    ]


PLAYBOOKS[Cause.PVC_NOT_FOUND] = Playbook(
    mode=revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=RESTARTS,
    diagnosis=seen_text,
    confidence=SURE,
    advice=_claim_gone_advice,
)


def _volume_place_advice(finding: Finding) -> list[str]:
    claims = f"kubectl get pvc{namespace_flag(finding)} -o wide"
    return [
        f"Where is the volume: {claims}; kubectl describe pv",
        "Bring back a node in its zone, or restore the data to a volume where pods can run.",
    ]


PLAYBOOKS[Cause.VOLUME_NODE_AFFINITY] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"drain_node", "rollback", "restart_pod"}),
    diagnosis=seen_text,
    confidence=SURE,
    advice=_volume_place_advice,
)


def _preempted(finding: Finding) -> str:
    taker = finding.facts.of(PreemptionFacts).preemptor
    who = f" ({quoted_text(taker)})" if taker else ""
    return f"Pods of a higher priority{who} took the place of {owner_text(finding)}."


def _preempted_advice(finding: Finding) -> list[str]:
    own = finding.facts.of(PreemptionFacts).priority
    return [
        f"Compare the priorities: kubectl get pods -A -o custom-columns="
        f"NAME:.metadata.name,PRIORITY:.spec.priority; its own is {own}",
        "Add room, or give it a priority class that fits its worth.",
    ]


PLAYBOOKS[Cause.PREEMPTED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"scale", "restart_pod"}),
    diagnosis=_preempted,
    confidence=SURE,
    advice=_preempted_advice,
)


def _is_about_a_node(situation: Situation) -> bool:
    return situation.finding.owner.kind == "Node"


def _cordoned(finding: Finding) -> str:
    names = ", ".join(finding.facts.of(CordonFacts).cordoned) or "a node"
    return f"Pods wait, because {names} is cordoned and the other nodes don't do or are full."


def _cordoned_advice(finding: Finding) -> list[str]:
    names = finding.facts.of(CordonFacts).cordoned or ("NODE",)
    return [
        "Ask who cordoned it and why before you lift it.",
        *(f"kubectl uncordon {name}" for name in names[:5]),
    ]


PLAYBOOKS[Cause.NODE_CORDONED] = Playbook(
    mode=ASKED,
    offers=(ESCALATE, Offer("uncordon_node", _is_about_a_node)),
    bad=frozenset({"drain_node"}),
    diagnosis=_cordoned,
    confidence=LIKELY,
    advice=_cordoned_advice,
)


def _port_advice(finding: Finding) -> list[str]:
    return [
        "A host port is used once on a node: leave hostPort out and use a Service, or run no more "
        "replicas than nodes.",
        f"Change it: {edit_line(finding)}",
    ]


PLAYBOOKS[Cause.HOST_PORT_TAKEN] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS,
    diagnosis=seen_text,
    confidence=SURE,
    advice=_port_advice,
)


def _unschedulable_advice(finding: Finding) -> list[str]:
    said = quoted_text(finding.facts.of(SchedulingFacts).said)
    return [
        f'The scheduler says of most nodes: "{said}". Look at what it names.',
        f"kubectl describe pod {finding.facts.pod}{namespace_flag(finding)}",
    ]


PLAYBOOKS[Cause.UNSCHEDULABLE] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=frozenset({"scale", "drain_node", "uncordon_node"}),
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_unschedulable_advice,
)


def _no_scheduler_advice(finding: Finding) -> list[str]:
    return [
        "Look at the scheduler's pods and their logs: kubectl get pods -n kube-system -o wide",
        "Who holds its lease, and is it renewed? kubectl get lease -n kube-system",
    ]


PLAYBOOKS[Cause.NO_SCHEDULER] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"scale", "drain_node", "rollback"},
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_no_scheduler_advice,
)
