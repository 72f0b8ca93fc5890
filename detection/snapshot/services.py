"""Which Service a name or an address in the cluster means, and which pods stand behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from detection.domain.findings import ObjectRef
from detection.kubernetes.label_selectors import has_labels
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.network_storage_scaling import (
    EndpointSlice,
    Service,
)
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import is_active, is_ready

SERVICE_OF_SLICE = "kubernetes.io/service-name"
DOMAIN = ".cluster.local"


@dataclass(frozen=True)
class Name:
    """A Service by its name in the cluster's DNS, whether it is there or not."""

    namespace: str
    name: str


def in_cluster_name(host: str, namespace: str) -> Name | None:
    """What `host` means to a pod of `namespace`; None where it is no name of a Service.

    `db`, `db.data`, `db.data.svc`, `db.data.svc.cluster.local`, `db-0.db.data.svc…`.
    """
    parts = host.strip(".").lower().removesuffix(DOMAIN).split(".")
    if "svc" in parts:
        parts = parts[: parts.index("svc")]
        return Name(parts[-1], parts[-2]) if len(parts) >= 2 else None
    if len(parts) == 1:
        return Name(namespace, parts[0]) if parts[0] and not parts[0].isdigit() else None
    return Name(parts[1], parts[0]) if len(parts) == 2 else None


class ServiceNetwork:
    """Indexes over Services, their slices and pods' addresses."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.services: dict[tuple[str, str], Service] = {
            (s.metadata.namespace, s.metadata.name): s for s in snapshot.services
        }
        self.namespaces = frozenset(item.metadata.namespace for item in snapshot.pods)

    @cached_property
    def _by_address(self) -> Mapping[str, Service | o.Pod]:
        found: dict[str, Service | o.Pod] = {}
        for pod in self._snapshot.pods:
            if pod.status.pod_ip and is_active(pod):
                found[pod.status.pod_ip] = pod
        for service in self._snapshot.services:
            if service.spec.cluster_ip not in ("", "None"):
                found[service.spec.cluster_ip] = service
        return found

    @cached_property
    def _pods_by_namespace(self) -> Mapping[str, list[o.Pod]]:
        found: defaultdict[str, list[o.Pod]] = defaultdict(list)
        for pod in self._snapshot.pods:
            if is_active(pod):
                found[pod.metadata.namespace].append(pod)
        return found

    @cached_property
    def _by_label(self) -> Mapping[tuple[str, str, str], list[o.Pod]]:
        """Of the labels that Services select by alone."""
        keys = {key for service in self.services.values() for key in service.spec.selector}
        found: defaultdict[tuple[str, str, str], list[o.Pod]] = defaultdict(list)
        for namespace, pods in self._pods_by_namespace.items():
            for pod in pods:
                for key in keys & pod.metadata.labels.keys():
                    found[namespace, key, pod.metadata.labels[key]].append(pod)
        return found

    @cached_property
    def _slices(self) -> Mapping[tuple[str, str], list[EndpointSlice]]:
        found: defaultdict[tuple[str, str], list[EndpointSlice]] = defaultdict(list)
        for item in self._snapshot.endpointslices:
            name = item.metadata.labels.get(SERVICE_OF_SLICE, "")
            found[item.metadata.namespace, name].append(item)
        return found

    def service(self, host: str, namespace: str) -> Service | None:
        """The Service that `host`, a name or an address, means to a pod of `namespace`."""
        at = self._by_address.get(host)
        if isinstance(at, Service):
            return at
        name = in_cluster_name(host, namespace)
        return self.services.get((name.namespace, name.name)) if name else None

    def pods_at(self, host: str, namespace: str) -> list[o.Pod]:
        """The active pods that answer to `host`."""
        at = self._by_address.get(host)
        if isinstance(at, o.Pod):
            return [at]
        service = self.service(host, namespace)
        return self.pods_behind(service) if service else []

    def pods_in(self, namespace: str) -> list[o.Pod]:
        """The active pods of a namespace."""
        return self._pods_by_namespace.get(namespace, [])

    def pods_behind(self, service: Service) -> list[o.Pod]:
        """The active pods that its selector means; none where it has no selector."""
        selector, namespace = service.spec.selector, service.metadata.namespace
        if not selector:
            return []
        bearing = [self._by_label.get((namespace, *pair), ()) for pair in selector.items()]
        fewest = min(bearing, key=len)
        return [pod for pod in fewest if has_labels(pod.metadata.labels, selector)]

    @cached_property
    def _services_by_namespace(self) -> Mapping[str, list[Service]]:
        found: defaultdict[str, list[Service]] = defaultdict(list)
        for service in self._snapshot.services:
            if service.spec.selector:
                found[service.metadata.namespace].append(service)
        return found

    def selecting(self, pod: o.Pod) -> list[Service]:
        """The Services whose selector means this pod."""
        services = self._services_by_namespace.get(pod.metadata.namespace, [])
        return [s for s in services if has_labels(pod.metadata.labels, s.spec.selector)]

    def slices_of(self, service: Service) -> list[EndpointSlice]:
        """Its EndpointSlices, as far as they are seen."""
        return self._slices.get((service.metadata.namespace, service.metadata.name), [])

    def has_ready_endpoints(self, service: Service) -> bool:
        """By its slices where there are any, else by the pods behind it."""
        slices = self._slices.get((service.metadata.namespace, service.metadata.name), ())
        if slices:
            return any(e.conditions.ready for item in slices for e in item.endpoints)
        return any(map(is_ready, self.pods_behind(service)))

    def workload_at(self, host: str, namespace: str) -> ObjectRef | None:
        """The top owner of what answers to `host`; one of whose template fits, where none runs."""
        pods = self.pods_at(host, namespace)
        if pods:
            return self._snapshot.top_owner(pods[0])
        service = self.service(host, namespace)
        return self._template_owner(service) if service and service.spec.selector else None

    def _template_owner(self, service: Service) -> ObjectRef | None:
        for item in self._snapshot.workloads:
            if item.metadata.namespace != service.metadata.namespace:
                continue
            labels = item.spec.selector.match_labels
            if labels and has_labels(self.template_labels(item), service.spec.selector):
                return item.ref
        return None

    @staticmethod
    def template_labels(item: o.Workload) -> Mapping[str, str]:
        """The labels that its pods bear."""
        from detection.snapshot.pod_templates import normalized

        found = normalized(bytes(item.spec.template)).get("metadata", {}).get("labels")
        return found or item.spec.selector.match_labels


def services_of(snapshot: Snapshot) -> ServiceNetwork:
    """Services by name and address, and the pods behind them."""
    return snapshot.view(ServiceNetwork)
