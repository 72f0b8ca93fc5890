"""Snapshot + finding + candidates → Case. No database and no network here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from detection.causes import Cause
from detection.findings import Finding
from detection.objects import ManagedMetadata, Object, Pod
from detection.pod_states import is_ready
from detection.snapshot import Snapshot
from remediation.candidates import Candidate
from remediation.case import Case, Limits, PodFacts, Records, Target
from remediation.rows import RowMode, Situation, row_of
from remediation.situation import is_last_schedulable, situation_of, update_running

OURS = frozenset({"kubewise", "kube-controller-manager", "kube-scheduler", "kubelet"})
WHY = {
    RowMode.ACT: "its remedy is proven",
    RowMode.ASK: "its remedy is not proven, or reaches too far",
    RowMode.SUGGEST: "no action of ours is known to help",
    RowMode.IGNORE: "nothing is to be done",
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
    mode = row_of(finding.cause).mode(situation)
    return Case(
        now=now,
        cause=finding.cause,
        severity=finding.severity,
        onset=finding.onset,
        target=target_of(finding, snapshot),
        row_mode=mode,
        row_reason=row_reason(mode, situation),
        candidates=tuple(options),
        index=index,
        flapping=finding.flapping,
        predicted=bool(finding.facts.get("prediction")),
        storm=storm(others),
        pod=pod_facts(options[index], finding, snapshot),
        blind={**snapshot.blind, **(blind or {})},
        records=records,
        limits=limits,
    )


def target_of(finding: Finding, snapshot: Snapshot) -> Target:
    """The owner by its name as the cluster has it, with the UID that stands there now."""
    owner = finding.owner
    found = snapshot.find(owner.kind, owner.namespace, owner.name)
    if found is None:
        return Target(ref=owner, found=False)
    ready, replicas = snapshot.ready_of(found.ref)
    scaler = snapshot.hpa_of(found.ref)
    return Target(
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
    )


def managers(found: Object) -> frozenset[str]:
    meta = found.metadata
    if not isinstance(meta, ManagedMetadata):
        return frozenset()
    return frozenset(field.manager for field in meta.managed_fields)


def changed_by(found: Object, onset: datetime) -> str:
    """Who, beside Kubernetes and us, wrote the object after the onset; '' for nobody.

    `kubectl scale` writes a subresource: only the status is no work of anybody's.
    """
    meta = found.metadata
    if not isinstance(meta, ManagedMetadata):
        return ""
    for field in meta.managed_fields:
        late = field.time is not None and field.time > onset
        if late and field.subresource != "status" and field.manager not in OURS:
            return field.manager
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


def storm(findings: Iterable[Finding]) -> str:
    causes = {finding.cause for finding in findings}
    if Cause.NODE_STORM in causes:
        return "many nodes are lost: AUTO is suspended for everything"
    if Cause.APISERVER_OVERLOAD in causes:
        return "the API server is overloaded: AUTO is suspended for everything"
    return ""


def row_reason(mode: RowMode, situation: Situation) -> str:
    """Why the row has this mode here, for the record."""
    revision = situation.finding.revision
    if revision and revision.borne and revision.proven:
        return f"revision {revision.proven} is proven healthy by {revision.proof}"
    if revision and revision.borne and revision.older:
        return f"no earlier revision than {revision.current} is proven healthy"
    return WHY[mode]
