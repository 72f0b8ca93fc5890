"""Playbooks of Services, names, policies, certificates and dependencies."""

from __future__ import annotations

import json
from typing import Any

from detection.domain.causes import Cause
from detection.domain.facts import CallerFacts, DnsFacts, IngressFacts, ServiceFacts
from detection.domain.findings import Finding
from detection.domain.units import counted
from remediation.playbooks.base import (
    BY_HAND,
    ESCALATE,
    LIKELY,
    RESTARTS,
    ROLLBACK,
    SURE,
    Playbook,
    single_revision_borne,
)
from remediation.playbooks.wording import describe_line, namespace_flag, quoted_text, seen_text

PLAYBOOKS: dict[Cause, Playbook] = {}


def _for_callers(finding: Finding) -> str:
    number = finding.facts.of(CallerFacts).callers
    suffering = counted(number or 0, "owner is affected", "owners are affected")
    return f"{seen_text(finding)} {suffering}." if number else seen_text(finding)


def _patch(finding: Finding, spec: dict[str, Any]) -> str:
    owner, text = finding.owner, json.dumps({"spec": spec})
    return f"kubectl patch {owner.kind.lower()} {owner.name}{namespace_flag(finding)} -p '{text}'"


def _selector_advice(finding: Finding) -> list[str]:
    """The old selector and the labels that ready pods bear; a person chooses the keys."""
    known = finding.facts.of(ServiceFacts)
    old, labels = dict(known.selector), dict(known.labels)
    new = {key: labels[key] for key in old if key in labels} or labels
    return [
        f"Selector now: {json.dumps(old)}; ready pods bear: {json.dumps(labels)}",
        f"Where these are the pods that are meant: {_patch(finding, {'selector': new})}",
    ]


PLAYBOOKS[Cause.SELECTOR_MISMATCH] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"rollback", "scale"},
    diagnosis=_for_callers,
    confidence=LIKELY,
    advice=_selector_advice,
)


def _port_advice(finding: Finding) -> list[str]:
    known = finding.facts.of(ServiceFacts)
    declared = list(known.declared) or "no port"
    return [
        f"targetPort is {known.target_port}; the containers declare {declared}.",
        f"Correct it: kubectl edit service {finding.owner.name}{namespace_flag(finding)}",
    ]


PLAYBOOKS[Cause.WRONG_TARGET_PORT] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"rollback", "scale"},
    diagnosis=_for_callers,
    confidence=LIKELY,
    advice=_port_advice,
)


def _deleted_advice(finding: Finding) -> list[str]:
    owner = finding.owner
    return [
        f"Make the Service {owner.name} in {owner.namespace} anew from its manifest, or correct "
        "the name that its callers use.",
    ]


PLAYBOOKS[Cause.SERVICE_DELETED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"rollback", "scale"},
    diagnosis=_for_callers,
    confidence=LIKELY,
    advice=_deleted_advice,
)


def _policy_advice(finding: Finding) -> list[str]:
    return [
        "Add the rule that is missing: from the callers named in related, to the pods it selects.",
        describe_line(finding),
        "Don't delete the policy: it may be what protects the rest.",
    ]


PLAYBOOKS[Cause.NETPOL_BLOCK] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"rollback", "scale"},
    diagnosis=_for_callers,
    confidence=LIKELY,
    advice=_policy_advice,
)


def _mesh_advice(finding: Finding) -> list[str]:
    return [
        "Allow the callers named in related, by a rule of the policy.",
        describe_line(finding),
    ]


PLAYBOOKS[Cause.MESH_DENY] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"rollback", "scale"},
    diagnosis=_for_callers,
    confidence=LIKELY,
    advice=_mesh_advice,
)


def _dns_advice(finding: Finding) -> list[str]:
    if finding.facts.of(DnsFacts).single:
        return ["Compare dnsPolicy and dnsConfig of its template with another owner's."]
    return [
        "Look at CoreDNS: kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50",
        "Compare its ConfigMap with the last good one. Don't restart the callers.",
    ]


PLAYBOOKS[Cause.DNS_FAILURE] = Playbook(
    mode=single_revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=RESTARTS,
    diagnosis=_for_callers,
    confidence=LIKELY,
    advice=_dns_advice,
)


def _ingress_advice(finding: Finding) -> list[str]:
    problems = finding.facts.of(IngressFacts).problems
    return [*(f"Mend it: {problem}." for problem in problems), describe_line(finding)]


PLAYBOOKS[Cause.INGRESS_BROKEN] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"rollback"},
    diagnosis=seen_text,
    confidence=SURE,
    advice=_ingress_advice,
)


def _certificate_advice(finding: Finding) -> list[str]:
    ask = "Ask whoever runs the host that bears it."
    return [
        "Renew the certificate, and find out why it was not renewed in time.",
        describe_line(finding) if finding.owner.uid else ask,
    ]


PLAYBOOKS[Cause.CERT_EXPIRED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"rollback"},
    diagnosis=_for_callers,
    confidence=LIKELY,
    advice=_certificate_advice,
)


def _dependency(finding: Finding) -> str:
    return f"{_for_callers(finding)} What has to be mended is the dependency, not its callers."


def _dependency_advice(finding: Finding) -> list[str]:
    return [
        f"Mend {finding.owner.name} first; its callers recover by themselves.",
        "Don't restart or scale the callers: that adds to its load.",
    ]


PLAYBOOKS[Cause.DEPENDENCY_CASCADE] = Playbook(
    mode=single_revision_borne,
    offers=(ROLLBACK, ESCALATE),
    bad=RESTARTS | {"scale"},
    diagnosis=_dependency,
    confidence=LIKELY,
    advice=_dependency_advice,
)


NOWHERE = {
    "Protocol": "Correct the protocol of the Service's port, or what its containers serve.",
    "NoAddress": "The Service and its pods may be well: do what the event says, at the cloud or at "
    "whatever gives out the addresses (subnets, quota, pool).",
}


def _nowhere_advice(finding: Finding) -> list[str]:
    known = finding.facts.of(ServiceFacts)
    if known.reason in NOWHERE:
        return [NOWHERE[known.reason], describe_line(finding)]
    selector = known.selector
    labels = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    pods = f"kubectl get pods,endpointslices{namespace_flag(finding)}"
    return [
        f"What should stand behind it? It selects {quoted_text(labels) or 'nothing'}: {pods}",
        "Bring the workload back from its manifest, or correct the Service.",
        describe_line(finding),
    ]


PLAYBOOKS[Cause.SERVICE_LEADS_NOWHERE] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"rollback", "scale"},
    diagnosis=seen_text,
    confidence=SURE,
    advice=_nowhere_advice,
)


def _unknown_host_advice(finding: Finding) -> list[str]:
    return [
        "Correct the variable, or make what it names. A restart does not help.",
        f"kubectl get services{namespace_flag(finding)}",
    ]


PLAYBOOKS[Cause.UNKNOWN_HOST] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"scale", "rollback"},
    diagnosis=_for_callers,
    confidence=LIKELY,
    advice=_unknown_host_advice,
)


def _refuses_advice(finding: Finding) -> list[str]:
    if finding.facts.reason == "read-only":
        why = "Is it a replica, or was it set read-only after an upgrade, a failover or a full disk"
        return [f"{why}? Look at its own log and at who is primary.", describe_line(finding)]
    return [
        "Who holds the connections, and what is its limit? Use a pool, or fewer callers.",
        "Don't scale or restart the callers: each start asks for more connections.",
        describe_line(finding),
    ]


PLAYBOOKS[Cause.DEPENDENCY_REFUSES] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"scale", "rollback"},
    diagnosis=_for_callers,
    confidence=LIKELY,
    advice=_refuses_advice,
)
