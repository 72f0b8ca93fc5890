"""The fields that we read of objects for network, storage and scaling; see core.py."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from detection.kubernetes.objects.core import (
    Condition,
    Count,
    Kind,
    Labels,
    ManagedMetadata,
    Name,
    Object,
    Part,
    Quantity,
    Selector,
    Time,
)


class ServicePort(Part, frozen=True):
    """`target_port` '' is the port itself."""

    name: str = ""
    port: Count = 0
    target_port: Count | str = ""
    protocol: str = "TCP"


class ServiceSpec(Part, frozen=True):
    selector: Labels = {}
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    ports: tuple[ServicePort, ...] = ()


class LoadBalancerIngress(Part, frozen=True):
    ip: str = ""
    hostname: str = ""


class LoadBalancer(Part, frozen=True):
    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Part, frozen=True):
    load_balancer: LoadBalancer = LoadBalancer()


class Service(Object, frozen=True):
    KIND: ClassVar[str] = "Service"
    metadata: ManagedMetadata = ManagedMetadata()
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class EndpointConditions(Part, frozen=True):
    ready: bool = True


class Endpoint(Part, frozen=True):
    conditions: EndpointConditions = EndpointConditions()


class EndpointSlice(Object, frozen=True):
    KIND: ClassVar[str] = "EndpointSlice"
    endpoints: tuple[Endpoint, ...] = ()


class BackendPort(Part, frozen=True):
    """By its number, or by its name; neither where the Ingress leaves it out."""

    number: Count = 0
    name: str = ""

    def is_of(self, port: ServicePort) -> bool:
        return self.number == port.port if self.number else self.name == port.name


class IngressServiceBackend(Part, frozen=True):
    name: str = ""
    port: BackendPort = BackendPort()


class IngressBackend(Part, frozen=True):
    service: IngressServiceBackend | None = None


class IngressPath(Part, frozen=True):
    backend: IngressBackend = IngressBackend()


class IngressHttp(Part, frozen=True):
    paths: tuple[IngressPath, ...] = ()


class IngressRule(Part, frozen=True):
    host: str = ""
    http: IngressHttp = IngressHttp()


class IngressTls(Part, frozen=True):
    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class IngressSpec(Part, frozen=True):
    default_backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] = ()
    ingress_class_name: str = ""
    tls: tuple[IngressTls, ...] = ()


class IngressStatus(Part, frozen=True):
    load_balancer: LoadBalancer = LoadBalancer()


class Ingress(Object, frozen=True):
    KIND: ClassVar[str] = "Ingress"
    metadata: ManagedMetadata = ManagedMetadata()
    spec: IngressSpec = IngressSpec()
    status: IngressStatus = IngressStatus()

    def backends(self) -> list[str]:
        """The names of the Services that it leads to."""
        return [service.name for service in self.services()]

    def services(self) -> list[IngressServiceBackend]:
        """The Services and ports that it leads to, in its order."""
        paths = [path.backend for rule in self.spec.rules for path in rule.http.paths]
        found = [*paths, self.spec.default_backend or IngressBackend()]
        return [backend.service for backend in found if backend.service is not None]


class TargetRef(Part, frozen=True):
    kind: Kind = ""
    name: Name = ""
    api_version: str = ""


class MetricTarget(Part, frozen=True):
    type: str = ""
    average_utilization: Count | None = None
    average_value: Quantity | None = None
    value: Quantity | None = None


class ResourceMetric(Part, frozen=True):
    """Of `spec` with `target`, of `status` with `current`."""

    name: str = ""
    target: MetricTarget = MetricTarget()
    current: MetricTarget = MetricTarget()


class ScalerMetric(Part, frozen=True):
    type: str = ""
    resource: ResourceMetric | None = None


class ScalerSpec(Part, frozen=True):
    scale_target_ref: TargetRef = TargetRef()
    metrics: tuple[ScalerMetric, ...] = ()
    max_replicas: Count = 0


class ScalerStatus(Part, frozen=True):
    current_replicas: Count = 0
    last_scale_time: Time | None = None
    current_metrics: tuple[ScalerMetric, ...] = ()
    conditions: tuple[Condition, ...] = ()


class HorizontalPodAutoscaler(Object, frozen=True):
    KIND: ClassVar[str] = "HorizontalPodAutoscaler"
    spec: ScalerSpec = ScalerSpec()
    status: ScalerStatus = ScalerStatus()


class ScaledObjectSpec(Part, frozen=True):
    scale_target_ref: TargetRef = TargetRef()


class ScaledObject(Object, frozen=True):
    """KEDA's; a target without a kind is a Deployment."""

    KIND: ClassVar[str] = "ScaledObject"
    spec: ScaledObjectSpec = ScaledObjectSpec()


class VerticalScalerSpec(Part, frozen=True):
    target_ref: TargetRef = TargetRef()


class VerticalPodAutoscaler(Object, frozen=True):
    KIND: ClassVar[str] = "VerticalPodAutoscaler"
    spec: VerticalScalerSpec = VerticalScalerSpec()


class DisruptionBudgetSpec(Part, frozen=True):
    selector: Selector | None = None


class DisruptionBudgetStatus(Part, frozen=True):
    disruptions_allowed: Count = 0
    current_healthy: Count = 0
    desired_healthy: Count = 0
    expected_pods: Count = 0
    conditions: tuple[Condition, ...] = ()


class PodDisruptionBudget(Object, frozen=True):
    KIND: ClassVar[str] = "PodDisruptionBudget"
    spec: DisruptionBudgetSpec = DisruptionBudgetSpec()
    status: DisruptionBudgetStatus = DisruptionBudgetStatus()
