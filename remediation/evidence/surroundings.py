"""What stands around the owner: its nodes, what it depends on, what else fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from detection.domain.units import counted
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.network_storage_scaling import EndpointSlice, Service
from detection.snapshot import Snapshot
from detection.snapshot.selectors import selecting_in
from remediation.evidence.objects import conditions_text, failing_pods
from remediation.evidence.pack import Item, Scene

MOST_NODES, MOST_SERVICES, MOST_RELATED = 3, 6, 8
SERVICE_OF_SLICE = "kubernetes.io/service-name"
WORD = re.compile(r"[a-z0-9][a-z0-9-]*")


def node_items(scene: Scene) -> Iterator[Item]:
    names = dict.fromkeys(pod.spec.node_name for pod in failing_pods(scene) if pod.spec.node_name)
    for name in list(names)[:MOST_NODES]:
        if node := scene.snapshot.node(name):
            yield Item("node", _node(node))


def _node(node: o.Node) -> str:
    telling = [c for c in node.status.conditions if (c.type == "Ready") != (c.status == "True")]
    taints = ", ".join(f"{taint.key}:{taint.effect}" for taint in node.spec.taints)
    parts = [
        conditions_text(telling) or "Ready, under no pressure",
        "cordoned" if node.spec.unschedulable else "",
        f"taints {taints}" if taints else "",
    ]
    return f"Node {node.metadata.name}: " + "; ".join(part for part in parts if part)


def dependency_items(scene: Scene, log: str) -> Iterator[Item]:
    """Volumes and scalers by reference; Services by selector, or because the log names them."""
    snapshot, owner = scene.snapshot, scene.finding.owner
    lines = [*_volumes(scene), *_services(snapshot, owner.namespace, scene, log)]
    if scaler := selecting_in(snapshot).scaler_of(owner):
        said = conditions_text(getattr(getattr(scaler, "status", None), "conditions", ()))
        lines.append(f"{scaler.ref} scales it: {said or 'no conditions'}")
    if lines:
        yield Item("dependencies", "\n".join(lines))


def _volumes(scene: Scene) -> Iterator[str]:
    names = {
        volume.persistent_volume_claim.claim_name
        for pod in failing_pods(scene)
        for volume in pod.spec.volumes
        if volume.persistent_volume_claim
    }
    for name in sorted(names):
        claim = scene.snapshot.find("PersistentVolumeClaim", scene.finding.owner.namespace, name)
        phase = getattr(getattr(claim, "status", None), "phase", "") if claim else "not found"
        yield f"PersistentVolumeClaim {name}: {phase or 'unknown'}"


def _services(snapshot: Snapshot, namespace: str, scene: Scene, log: str) -> Iterator[str]:
    pods = failing_pods(scene)
    before = {
        service.metadata.uid
        for pod in pods[:1]
        for service in selecting_in(snapshot).services_of(pod)
    }
    words = set(WORD.findall(log.lower()))
    found = [
        service
        for service in snapshot.services
        if service.metadata.uid in before
        or (service.metadata.namespace == namespace and service.metadata.name in words)
    ]
    slices = [one for one in snapshot.endpointslices if one.metadata.namespace == namespace]
    for service in found[:MOST_SERVICES]:
        role = "sends to it" if service.metadata.uid in before else "named by its log"
        yield f"Service {service.metadata.name} ({role}): {_endpoints(service, slices)}"


def _endpoints(service: Service, slices: Sequence[EndpointSlice]) -> str:
    mine = [
        endpoint
        for one in slices
        if one.metadata.labels.get(SERVICE_OF_SLICE) == service.metadata.name
        for endpoint in one.endpoints
    ]
    ready = sum(endpoint.conditions.ready for endpoint in mine)
    return f"{ready} of {counted(len(mine), 'endpoint')} ready"


def related_items(scene: Scene) -> Iterator[Item]:
    """Other failures of the same pass, the same namespace or node first."""
    mine = scene.finding.owner
    others = [one for one in scene.others if one.owner != mine]
    near = sorted(others, key=lambda one: one.owner.namespace != mine.namespace)
    lines = [f"{one.cause} on {one.owner}: {one.summary}" for one in near[:MOST_RELATED]]
    if lines:
        yield Item("other failures now", "\n".join(lines))
    parts = [str(ref) for ref in scene.finding.related[:MOST_RELATED]]
    if parts:
        yield Item("related objects", ", ".join(parts))
