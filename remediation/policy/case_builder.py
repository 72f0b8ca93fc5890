"""Snapshot + finding + candidates → Case. No database and no network here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from detection.kubernetes.objects.core import Condition, Node, Pod, Volume
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_ready
from detection.snapshot.selectors import selecting_in
from remediation.controls.limits import Limits
from remediation.controls.storm_brake import storm
from remediation.observation.field_managers import changed_by, managers
from remediation.planning.candidates import Candidate
from remediation.planning.situation import is_last_schedulable, situation_of, update_running
from remediation.playbooks import playbook_of
from remediation.playbooks.base import Situation
from remediation.policy.blast_radius import reach_of
from remediation.policy.case import Case, OwnerTarget, PodFacts, Records
from remediation.policy.verdicts import Verdict

SYSTEM = frozenset({"system-node-critical", "system-cluster-critical"})
SINGLE_WRITER = frozenset({"ReadWriteOnce", "ReadWriteOncePod"})
WHY = {
    Verdict.ACT: "its remedy is known to work",
    Verdict.ASK: "KubeWise cannot prove that the remedy is safe",
    Verdict.SUGGEST: "no action is known to help",
    Verdict.IGNORE: "no action is needed",
}


def case_of(
    finding: Finding,
    snapshot: Snapshot,
    options: Sequence[Candidate],
    now: datetime,
    limits: Limits,
    *,
    records: Records | None = None,
    index: int = 0,
    others: Iterable[Finding] = (),
    blind: Mapping[str, str] | None = None,
) -> Case:
    """`others` are the pass's other findings: a node storm suspends AUTO for everything."""
    situation = situation_of(finding, snapshot, now)
    mode = playbook_of(finding.cause).mode(situation)
    return Case(
        now=now,
        cause=finding.cause,
        severity=finding.severity,
        onset=finding.onset,
        target=owner_target(finding, snapshot),
        playbook_mode=mode,
        playbook_reason=playbook_reason(mode, situation),
        candidates=tuple(options),
        index=index,
        flapping=finding.flapping,
        predicted=finding.cause == Cause.FORECAST_BREACH,
        storm=storm(others),
        reach=reach_of(options[index], finding.owner, snapshot),
        pod=pod_facts(options[index], finding, snapshot),
        blind={**snapshot.blind, **(blind or {})},
        records=records,
        limits=limits,
    )


def owner_target(finding: Finding, snapshot: Snapshot) -> OwnerTarget:
    """The owner by its name as the cluster has it, with the UID that stands there now."""
    owner = finding.owner
    found = snapshot.find(owner.kind, owner.namespace, owner.name)
    if found is None:
        return OwnerTarget(ref=owner, found=False)
    ready, replicas = snapshot.ready_of(found.ref)
    pods = snapshot.pods_below(found.ref)
    scaler = selecting_in(snapshot).scaler_of(found.ref)
    return OwnerTarget(
        ref=owner,
        uid=found.metadata.uid,
        deleting=found.is_terminating,
        labels=found.metadata.labels,
        annotations=found.metadata.annotations,
        managers=managers(found),
        changed_by=changed_by(found, finding.onset),
        replicas=replicas,
        ready=ready,
        paused=bool(getattr(found.spec, "paused", False)) if hasattr(found, "spec") else False,
        update_running=update_running(found),
        autoscaler=f"{scaler.KIND} {scaler.metadata.name}" if scaler else "",
        last_schedulable=is_last_schedulable(owner, snapshot),
        autoscaler_uid=scaler.metadata.uid if scaler else "",
        volumes=single_writer_claim(pods, snapshot),
        local_storage=next((v.name for pod in pods for v in pod.spec.volumes if is_local(v)), ""),
        system_priority=next((p for pod in pods if (p := priority(pod)) in SYSTEM), ""),
        node_ready=not isinstance(found, Node) or is_true(found.status.conditions, "Ready"),
    )


def priority(pod: Pod) -> str:
    return pod.spec.priority_class_name


def is_true(conditions: Iterable[Condition], kind: str) -> bool:
    return any(one.type == kind and one.status == "True" for one in conditions)


def is_local(volume: Volume) -> bool:
    return volume.empty_dir is not None or volume.host_path is not None


def single_writer_claim(pods: Iterable[Pod], snapshot: Snapshot) -> str:
    """A claim of these pods that one node at a time may mount; '' for none."""
    claims = {(item.metadata.namespace, item.metadata.name): item for item in snapshot.pvcs}
    for pod in pods:
        for volume in pod.spec.volumes:
            source = volume.persistent_volume_claim
            found = claims.get((pod.metadata.namespace, source.claim_name)) if source else None
            if found and set(found.spec.access_modes) & SINGLE_WRITER:
                return found.metadata.name
    return ""


def pod_facts(option: Candidate, finding: Finding, snapshot: Snapshot) -> PodFacts | None:
    """The pod that a candidate acts on; None where it acts on none, or the pod is gone."""
    if option.target.kind != "Pod":
        return None
    pod = snapshot.get(option.target)
    if not isinstance(pod, Pod):
        return None
    owned = snapshot.top_owner(pod).uid == finding.owner.uid and pod.controller is not None
    return PodFacts(pod.metadata.uid, owned, is_ready(pod), pod.is_terminating)


def playbook_reason(mode: Verdict, situation: Situation) -> str:
    """Why the playbook has this mode here, for the record."""
    revision = situation.finding.revision
    if revision and revision.borne and revision.proven:
        return f"revision {revision.proven} was healthy, proven by {revision.proof}"
    if revision and revision.borne and revision.older:
        return f"KubeWise cannot prove that a revision before {revision.current} was healthy"
    return WHY[mode]
