"""What selects what: services, PodDisruptionBudgets and scalers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from detection.domain.findings import ObjectRef
from detection.kubernetes.label_selectors import has_labels, selects
from detection.kubernetes.objects.core import Pod
from detection.kubernetes.objects.network_storage_scaling import (
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    ScaledObject,
    Service,
    TargetRef,
    VerticalPodAutoscaler,
)
from detection.snapshot import Snapshot

Scaler = HorizontalPodAutoscaler | ScaledObject
Target = tuple[str, str, str]


class Selecting:
    """Indexes of selecting objects by namespace and by target."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._services: defaultdict[str, list[Service]] = defaultdict(list)
        for service in snapshot.services:
            if service.spec.selector:
                self._services[service.metadata.namespace].append(service)
        self._pdbs: defaultdict[str, list[PodDisruptionBudget]] = defaultdict(list)
        for pdb in snapshot.pdbs:
            self._pdbs[pdb.metadata.namespace].append(pdb)
        scalers: tuple[Scaler, ...] = (*snapshot.hpas, *snapshot.scaledobjects)
        self._scalers: dict[Target, Scaler] = {
            _target(item, item.spec.scale_target_ref): item for item in scalers
        }
        self._vpas = {_target(item, item.spec.target_ref): item for item in snapshot.vpas}

    def services_of(self, pod: Pod) -> list[Service]:
        return self.services_for(pod.metadata.namespace, pod.metadata.labels)

    def services_for(self, namespace: str, labels: Mapping[str, str]) -> list[Service]:
        """Services that would send to a pod with these labels."""
        services = self._services.get(namespace, ())
        return [service for service in services if has_labels(labels, service.spec.selector)]

    def pdbs_of(self, pod: Pod) -> list[PodDisruptionBudget]:
        """Those with an empty selector select all pods, those without one select none."""
        return [
            pdb
            for pdb in self._pdbs.get(pod.metadata.namespace, ())
            if selects(pdb.spec.selector, pod.metadata.labels)
        ]

    def pods_of_budget(self, budget: PodDisruptionBudget) -> list[Pod]:
        pods = self._snapshot.all_pods_in(budget.metadata.namespace)
        return [pod for pod in pods if budget in self.pdbs_of(pod)]

    def scaler_of(self, ref: ObjectRef) -> Scaler | None:
        """Whatever owns the replica count: an HPA, or KEDA's ScaledObject."""
        return self._scalers.get((ref.kind, ref.namespace, ref.name))

    def vertical_scaler_of(self, ref: ObjectRef) -> VerticalPodAutoscaler | None:
        return self._vpas.get((ref.kind, ref.namespace, ref.name))


def selecting_in(snapshot: Snapshot) -> Selecting:
    """The services, budgets and scalers of a snapshot by what they select."""
    return snapshot.view(Selecting)


def _target(item: Scaler | VerticalPodAutoscaler, target: TargetRef) -> Target:
    return (target.kind or "Deployment", item.metadata.namespace, target.name)
