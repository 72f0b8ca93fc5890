"""Who is served less by a failure: counted from replicas and Services, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from detection.domain.facts import Facts
from detection.domain.findings import Finding, ObjectRef
from detection.domain.units import counted
from detection.kubernetes.objects.network_storage_scaling import Service
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_ready
from detection.snapshot.services import services_of

MOST_SERVICES = 3
SERVE = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"})
RUN_TO_AN_END = frozenset({"Job", "CronJob"})


def with_impact(finding: Finding, snapshot: Snapshot) -> Finding:
    """The finding with a sentence about what serves; unchanged where nothing can be counted."""
    said = impact_of(finding, snapshot)
    return replace(finding, facts=finding.facts | Facts(impact=said)) if said else finding


def impact_of(finding: Finding, snapshot: Snapshot) -> str:
    """'' where the pods could not be read, or the object has none and nobody below it."""
    if "kubernetes/pods" in snapshot.blind:
        return ""
    if finding.owner.kind in RUN_TO_AN_END:
        return "It is a job that runs to its end: no callers wait for it as for a Service."
    owner = finding.owner
    said = [*_replicas(owner, snapshot), *_services(owner, snapshot), *_itself(owner, snapshot)]
    return " ".join(said or _victims(finding, snapshot))


def _replicas(owner: ObjectRef, snapshot: Snapshot) -> Iterator[str]:
    ready, desired = snapshot.ready_of(owner)
    if owner.kind not in SERVE or not desired:
        return
    if ready >= desired:
        yield f"All of it is ready ({ready} of {counted(desired, 'replica')})."
    elif ready:
        yield f"{ready} of {counted(desired, 'replica')} ready."
    else:
        yield f"No ready replicas ({desired} wanted)."


def _services(owner: ObjectRef, snapshot: Snapshot) -> Iterator[str]:
    """How many endpoints the Services have that lead to its pods, others' pods included."""
    for service in _leading_to(owner, snapshot)[:MOST_SERVICES]:
        yield _endpoints(service, snapshot)


def _itself(owner: ObjectRef, snapshot: Snapshot) -> Iterator[str]:
    """Where the finding is on the Service: its pods may all be well."""
    found = snapshot.get(owner)
    if isinstance(found, Service) and found.spec.selector:
        yield _endpoints(found, snapshot)


def _endpoints(service: Service, snapshot: Snapshot) -> str:
    pods = services_of(snapshot).pods_behind(service)
    ready = sum(map(is_ready, pods))
    name = f"{service.metadata.namespace}/{service.metadata.name}"
    has = f"{ready} of {counted(len(pods), 'endpoint')}" if ready else "no endpoint"
    return f"Service {name} has {has} ready."


def _leading_to(owner: ObjectRef, snapshot: Snapshot) -> list[Service]:
    pods = snapshot.pods_below(owner)
    return services_of(snapshot).selecting(pods[0]) if pods else []


def _victims(finding: Finding, snapshot: Snapshot) -> list[str]:
    """Of a node, a claim, a Service: the workloads that are named with it."""
    owners = [ref for ref in finding.related if ref.kind in SERVE]
    counts = [snapshot.ready_of(ref) for ref in owners]
    down = sum(1 for ready, desired in counts if desired and not ready)
    if not owners:
        return []
    affected = counted(len(owners), "workload is", "workloads are")
    return [f"{affected} concerned, {down or 'none'} of them without a ready replica."]
