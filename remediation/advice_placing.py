"""Advice on what keeps pods from being made, placed and started. Never executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detection.domain.causes import Cause
from detection.domain.findings import Finding

Lines = Callable[[Finding], list[str]]


def _in(finding: Finding) -> str:
    return f" -n {finding.owner.namespace}" if finding.owner.namespace else ""


def _target(finding: Finding) -> str:
    return f"{finding.owner.kind.lower()}/{finding.owner.name}{_in(finding)}"


def _edit(finding: Finding) -> str:
    return f"kubectl edit {_target(finding)}"


def _fact(finding: Finding, name: str) -> str:
    found = finding.facts.get(name)
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found or "")


def _configmap(finding: Finding) -> list[str]:
    name = _fact(finding, "missing")
    return [
        f"Look for it: kubectl get configmap {name}{_in(finding)}",
        "Apply the ConfigMap from where it is kept; an empty one is never made.",
    ]


def _secret(finding: Finding) -> list[str]:
    return [
        f"Look for it: kubectl get secret {_fact(finding, 'missing')}{_in(finding)}",
        "Apply the Secret from where it is kept; its data is never invented, copied or shown.",
    ]


def _architecture(finding: Finding) -> list[str]:
    return [
        "Build the image for all architectures of the nodes: docker buildx build --platform …",
        f"Or keep it where it runs, by a node affinity on kubernetes.io/arch: {_edit(finding)}",
    ]


def _selector(finding: Finding) -> list[str]:
    return [
        f"Correct the selector or affinity: {_edit(finding)}",
        "See what labels there are: kubectl get nodes --show-labels. Don't label nodes to fit it.",
    ]


def _taint(finding: Finding) -> list[str]:
    taints = _fact(finding, "taints") or "the taints of these nodes"
    return [
        f"Add a toleration for {taints} if it belongs there: {_edit(finding)}",
        "Don't remove a taint that dedicates a node.",
    ]


def _spread(finding: Finding) -> list[str]:
    return [
        "Make the rule preferred rather than required, or ask for fewer replicas than there are "
        f"nodes or zones: {_edit(finding)}"
    ]


def _cordon(finding: Finding) -> list[str]:
    names = finding.facts.get("cordoned") or ["NODE"]
    return [
        "Ask who cordoned it and why before you lift it.",
        *(f"kubectl uncordon {name}" for name in names[:5]),
    ]


def _claim_gone(finding: Finding) -> list[str]:
    return [
        f"Look for the claim: kubectl get pvc{_in(finding)}",
        "Don't make an empty claim for data that seems lost: find its volume or backup first.",
    ]


def _claim(finding: Finding) -> list[str]:
    return [
        f"kubectl describe pvc {finding.owner.name}{_in(finding)}; kubectl get storageclass",
        "Look at the provisioner's log and at the quota of the storage behind it.",
    ]


def _volume_place(finding: Finding) -> list[str]:
    return [
        f"Where is the volume: kubectl get pvc{_in(finding)} -o wide; kubectl describe pv",
        "Bring back a node in its zone, or restore the data to a volume where pods can run.",
    ]


def _preempted(finding: Finding) -> list[str]:
    return [
        f"Compare the priorities: kubectl get pods -A -o custom-columns="
        f"NAME:.metadata.name,PRIORITY:.spec.priority; its own is {finding.facts.get('priority')}",
        "Add room, or give it a priority class that fits its worth.",
    ]


def _quota(finding: Finding) -> list[str]:
    name = _fact(finding, "quota")
    return [
        f"kubectl describe resourcequota {name}{_in(finding)}".replace("  ", " "),
        "Lower requests or replicas, or raise the quota. Don't restart what runs: it could not "
        "come back.",
    ]


def _admission(finding: Finding) -> list[str]:
    return [
        f"Change what is refused: {_edit(finding)}",
        "Don't relabel the namespace as privileged. Don't restart what runs: it could not come "
        "back.",
    ]


def _webhook(finding: Finding) -> list[str]:
    return [
        "Repair the webhook's backend, which is among the related objects.",
        f"kubectl describe {finding.owner.kind.lower()} {finding.owner.name}",
        "Don't delete the configuration, and don't set its failurePolicy to Ignore.",
    ]


def _sandbox(finding: Finding) -> list[str]:
    where = finding.facts.get("nodes") or []
    return [
        "Look at the network plugin and the container runtime of the node: kubectl get pods -A "
        f"--field-selector spec.nodeName={where[0] if where else 'NODE'}",
        "Is the node's range of addresses used up? Don't drain: pods need a sandbox elsewhere too.",
    ]


def _mount(finding: Finding) -> list[str]:
    return [
        f"kubectl describe pod {_fact(finding, 'pod')}{_in(finding)}",
        "kubectl get volumeattachments",
        "Look at the CSI driver on the node, and whether the storage server answers.",
    ]


ADVICE_PLACING: Mapping[Cause, Lines] = {
    Cause.CONFIGMAP_MISSING: _configmap,
    Cause.SECRET_MISSING: _secret,
    Cause.WRONG_ARCH: _architecture,
    Cause.NODE_SELECTOR_MISMATCH: _selector,
    Cause.UNTOLERATED_TAINT: _taint,
    Cause.ANTI_AFFINITY: _spread,
    Cause.NODE_CORDONED: _cordon,
    Cause.PVC_NOT_FOUND: _claim_gone,
    Cause.PVC_PENDING: _claim,
    Cause.VOLUME_NODE_AFFINITY: _volume_place,
    Cause.PREEMPTED: _preempted,
    Cause.QUOTA_EXCEEDED: _quota,
    Cause.ADMISSION_FORBIDDEN: _admission,
    Cause.WEBHOOK_DOWN: _webhook,
    Cause.SANDBOX_FAILED: _sandbox,
    Cause.MOUNT_FAILED: _mount,
}
