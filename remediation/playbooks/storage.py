"""Playbooks of volumes and claims, and of pods whose sandbox or volumes can't be set up."""

from __future__ import annotations

from detection.domain.causes import Cause
from detection.domain.facts import ClaimFacts, VolumeFacts
from detection.domain.findings import Finding
from remediation.playbooks.base import (
    BY_HAND,
    ESCALATE,
    LIKELY,
    RESTARTS,
    SURE,
    Offer,
    Playbook,
    Situation,
    Verdict,
)
from remediation.playbooks.wording import (
    edit_line,
    namespace_flag,
    quoted_text,
    seen_text,
)

PLAYBOOKS: dict[Cause, Playbook] = {}
LIMIT_TOO_LOW = "MemoryLimitTooLow"


def _claim_pending(finding: Finding) -> str:
    known = finding.facts.of(ClaimFacts)
    storage = known.storage_class
    of_class = f" It is of StorageClass {quoted_text(storage)}." if storage else ""
    why = f" {quoted_text(known.misfits[0])}." if known.misfits else ""
    waits = " Its users wait for it." if known.pods else " No pod waits for it yet."
    return f"{quoted_text(finding.summary)}.{why}{of_class}{waits}"


def _claim_pending_advice(finding: Finding) -> list[str]:
    name, flag = finding.owner.name, namespace_flag(finding)
    if finding.facts.reason == "Lost":
        return [
            f"kubectl describe pvc {name}{flag}; kubectl get pv",
            "Look whether the disk behind it still exists, or a backup, before anything is made "
            "anew: a new claim has none of the data.",
        ]
    if finding.facts.of(ClaimFacts).misfits:
        return [
            f"Compare the claim with the volumes: kubectl describe pvc {name}{flag}; "
            "kubectl get pv",
            "Make a volume that fits the claim, or a claim that fits the volume. Don't delete a "
            "volume that holds data.",
        ]
    return [
        f"kubectl describe pvc {name}{flag}; kubectl get storageclass",
        "Look at the provisioner's log and at the quota of the storage behind it.",
    ]


PLAYBOOKS[Cause.PVC_PENDING] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"expand_pvc", "rollback"},
    diagnosis=_claim_pending,
    confidence=SURE,
    advice=_claim_pending_advice,
)


def _volume_grows(situation: Situation) -> bool:
    known = situation.finding.facts.of(VolumeFacts)
    return bool(known.expandable and known.size)


def _asked_where_it_grows(situation: Situation) -> Verdict:
    return Verdict.ASK if _volume_grows(situation) else Verdict.SUGGEST


def _filling(finding: Finding) -> str:
    known = finding.facts.of(VolumeFacts)
    size = quoted_text(known.size or "unknown size")
    grows = "lets it grow" if known.expandable else "does not let it grow"
    return f"{seen_text(finding)} It has {size}, and its StorageClass {grows}."


def _filling_advice(finding: Finding) -> list[str]:
    if finding.facts.of(VolumeFacts).expandable:
        return ["Let the volume grow, or delete what is no longer needed from within the pod."]
    return ["Its StorageClass can't expand volumes: move the data, or delete what isn't needed."]


PLAYBOOKS[Cause.VOLUME_FILLING] = Playbook(
    mode=_asked_where_it_grows,
    offers=(Offer("expand_pvc", _volume_grows), ESCALATE),
    bad=RESTARTS | {"rollback"},
    diagnosis=_filling,
    confidence=SURE,
    advice=_filling_advice,
)


def _attached_advice(finding: Finding) -> list[str]:
    return [
        "A volume for one node and a rolling update don't go together: use strategy Recreate.",
        "Never force-delete the old pod while its node is only Unknown: the data may be written "
        "from two nodes.",
    ]


PLAYBOOKS[Cause.MULTI_ATTACH] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"drain_node", "scale"},
    diagnosis=seen_text,
    confidence=SURE,
    advice=_attached_advice,
)


def _sandbox_advice(finding: Finding) -> list[str]:
    where = finding.facts.nodes
    if finding.facts.reason == LIMIT_TOO_LOW:
        return [f"Raise the memory limit, or remove it: {edit_line(finding)}"]
    return [
        "Look at the network plugin and the container runtime of the node: kubectl get pods -A "
        f"--field-selector spec.nodeName={where[0] if where else 'NODE'}",
        "Is the node's range of addresses used up? Don't drain: pods need a sandbox elsewhere too.",
    ]


PLAYBOOKS[Cause.SANDBOX_FAILED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"drain_node", "rollback"},
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_sandbox_advice,
)


def _mount_advice(finding: Finding) -> list[str]:
    return [
        f"kubectl describe pod {finding.facts.pod}{namespace_flag(finding)}",
        "kubectl get volumeattachments",
        "Look at the CSI driver on the node, and whether the storage server answers.",
    ]


PLAYBOOKS[Cause.MOUNT_FAILED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"drain_node", "rollback"},
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=_mount_advice,
)


def _evicted_advice(finding: Finding) -> list[str]:
    return [
        "What does it write? Give it a volume, or raise the limit that the kubelet names: "
        f"{edit_line(finding)}",
        f"kubectl get events{namespace_flag(finding)} --field-selector reason=Evicted",
    ]


PLAYBOOKS[Cause.PODS_EVICTED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    bad=RESTARTS | {"scale", "drain_node"},
    diagnosis=seen_text,
    confidence=SURE,
    advice=_evicted_advice,
)
