"""Advice on what fails around workloads. Text and lines for people, never executed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from detection.domain.causes import Cause
from detection.domain.findings import Finding

Lines = Callable[[Finding], list[str]]


def _in(finding: Finding) -> str:
    return f" -n {finding.owner.namespace}" if finding.owner.namespace else ""


def _describe(finding: Finding) -> str:
    owner = finding.owner
    return f"Look at it: kubectl describe {owner.kind.lower()} {owner.name}{_in(finding)}"


def _patch(finding: Finding, spec: dict[str, Any]) -> str:
    owner, text = finding.owner, json.dumps({"spec": spec})
    return f"kubectl patch {owner.kind.lower()} {owner.name}{_in(finding)} -p '{text}'"


def _selector(finding: Finding) -> list[str]:
    """The old selector and the labels that ready pods bear; a person chooses the keys."""
    old, labels = finding.facts.get("selector", {}), finding.facts.get("labels", {})
    new = {key: labels[key] for key in old if key in labels} or labels
    return [
        f"Selector now: {json.dumps(old)}; ready pods bear: {json.dumps(labels)}",
        f"Where these are the pods that are meant: {_patch(finding, {'selector': new})}",
    ]


def _port(finding: Finding) -> list[str]:
    target, declared = finding.facts.get("target_port"), finding.facts.get("declared") or []
    return [
        f"targetPort is {target}; the containers declare {declared or 'no port'}.",
        f"Correct it: kubectl edit service {finding.owner.name}{_in(finding)}",
    ]


def _deleted(finding: Finding) -> list[str]:
    owner = finding.owner
    return [
        f"Make the Service {owner.name} in {owner.namespace} anew from its manifest, or correct "
        "the name that its callers use.",
    ]


def _netpol(finding: Finding) -> list[str]:
    return [
        "Add the rule that is missing: from the callers named in related, to the pods it selects.",
        _describe(finding),
        "Don't delete the policy: it may be what protects the rest.",
    ]


def _dns(finding: Finding) -> list[str]:
    if finding.facts.get("single"):
        return ["Compare dnsPolicy and dnsConfig of its template with another owner's."]
    return [
        "Look at CoreDNS: kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50",
        "Compare its ConfigMap with the last good one. Don't restart the callers.",
    ]


def _ingress(finding: Finding) -> list[str]:
    problems = finding.facts.get("problems") or []
    return [*(f"Mend it: {problem}." for problem in problems), _describe(finding)]


def _certificate(finding: Finding) -> list[str]:
    return [
        "Renew the certificate, and find out why it was not renewed in time.",
        _describe(finding) if finding.owner.uid else "Ask whoever runs the host that bears it.",
    ]


def _dependency(finding: Finding) -> list[str]:
    return [
        f"Mend {finding.owner.name} first; its callers recover by themselves.",
        "Don't restart or scale the callers: that adds to its load.",
    ]


def _volume(finding: Finding) -> list[str]:
    if finding.facts.get("expandable"):
        return ["Let the volume grow, or delete what is no longer needed from within the pod."]
    return ["Its StorageClass can't expand volumes: move the data, or delete what isn't needed."]


def _attached(finding: Finding) -> list[str]:
    return [
        "A volume for one node and a rolling update don't go together: use strategy Recreate.",
        "Never force-delete the old pod while its node is only Unknown: the data may be written "
        "from two nodes.",
    ]


def _disk(finding: Finding) -> list[str]:
    node = finding.owner.name
    return [
        f"Find the largest user of ephemeral storage: kubectl describe node {node}",
        "Don't drain it: the hog would only move on.",
    ]


def _memory(finding: Finding) -> list[str]:
    return ["Set the hog's requests and limits; it is named in related.", _describe(finding)]


def _kernel(finding: Finding) -> list[str]:
    return ["Look at the machine's kernel log, then repair or replace it.", _describe(finding)]


def _overload(finding: Finding) -> list[str]:
    return [
        "Find who asks so much: kubectl get --raw /debug/api_priority_and_fairness/dump_requests",
        "KubeWise does nothing by itself meanwhile.",
    ]


def _namespace(finding: Finding) -> list[str]:
    reason = finding.facts.get("reason")
    said = [f"What keeps it: {reason}"] if reason else []
    return [*said, "Remove the blocker by its own controller; don't strip finalizers blindly."]


def _stale(finding: Finding) -> list[str]:
    what = f"{finding.facts.get('changed_kind')} {finding.facts.get('changed')}"
    return [f"A restart of the consumer takes {what} in. Mount it as a volume to avoid this."]


def _environment(finding: Finding) -> list[str]:
    return ["Compare the variables of both revisions; their values are not shown here."]


def _mesh(finding: Finding) -> list[str]:
    return ["Allow the callers named in related, by a rule of the policy.", _describe(finding)]


ADVICE_AROUND: Mapping[Cause, Lines] = {
    Cause.SELECTOR_MISMATCH: _selector,
    Cause.WRONG_TARGET_PORT: _port,
    Cause.SERVICE_DELETED: _deleted,
    Cause.NETPOL_BLOCK: _netpol,
    Cause.DNS_FAILURE: _dns,
    Cause.INGRESS_BROKEN: _ingress,
    Cause.CERT_EXPIRED: _certificate,
    Cause.DEPENDENCY_CASCADE: _dependency,
    Cause.VOLUME_FILLING: _volume,
    Cause.MULTI_ATTACH: _attached,
    Cause.DISK_PRESSURE: _disk,
    Cause.MEMORY_PRESSURE: _memory,
    Cause.PID_PRESSURE: _memory,
    Cause.KERNEL_FAULT: _kernel,
    Cause.APISERVER_OVERLOAD: _overload,
    Cause.NAMESPACE_TERMINATING: _namespace,
    Cause.STALE_SECRET_ENV: _stale,
    Cause.ENV_CHANGED: _environment,
    Cause.MESH_DENY: _mesh,
}
