"""The few fields of Kubernetes objects that we read, as typed structs.

Unknown fields are ignored and missing ones have defaults, so that a field that a server leaves
out is never an error. A `null` counts as missing (see decoding.py). Pod templates stay raw bytes:
they are decoded only where two are compared. Secrets have no struct, because they are never read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from detection.domain.findings import ObjectRef
from kubewise_site.core.foreign_numbers import INT32_LEAST, INT32_MOST, INT64_LEAST, INT64_MOST

Time = Annotated[datetime, msgspec.Meta(tz=True)]
# The ranges of Kubernetes, which are the databases' too: what lies outside is refused here.
Count = Annotated[int, msgspec.Meta(ge=INT32_LEAST, le=INT32_MOST)]
Whole = Annotated[int, msgspec.Meta(ge=INT64_LEAST, le=INT64_MOST)]
# No name, kind or UID is longer, nor has a column room for more.
Name = Annotated[str, msgspec.Meta(max_length=253)]
Kind = Annotated[str, msgspec.Meta(max_length=63)]
Uid = Annotated[str, msgspec.Meta(max_length=64)]
Quantity = str | int | float
Labels = dict[str, str]


class Part(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A piece of an object. Without garbage collector: these trees have no cycles."""


class OwnerReference(Part, frozen=True):
    kind: Kind = ""
    name: Name = ""
    uid: Uid = ""
    api_version: str = ""
    controller: bool = False


class ManagedField(Part, frozen=True):
    """Who changed the object when; the field set itself is not read."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: Time | None = None


class Metadata(Part, frozen=True):
    name: Name = ""
    namespace: Name = ""
    uid: Uid = ""
    labels: Labels = {}
    annotations: Labels = {}
    owner_references: tuple[OwnerReference, ...] = ()
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    deletion_grace_period_seconds: Whole = 0
    finalizers: tuple[str, ...] = ()
    generation: Whole = 0
    resource_version: str = ""


class ManagedMetadata(Metadata, frozen=True):
    """Of the kinds that people and tools change: who did."""

    managed_fields: tuple[ManagedField, ...] = ()


class Condition(Part, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: Time | None = None
    last_update_time: Time | None = None


class Requirement(Part, frozen=True):
    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class Selector(Part, frozen=True):
    match_labels: Labels = {}
    match_expressions: tuple[Requirement, ...] = ()


class Object(Part, frozen=True):
    """What all kinds share. The kind stands in the class: items of a list don't carry it."""

    KIND: ClassVar[str] = ""
    metadata: Metadata = Metadata()

    @property
    def ref(self) -> ObjectRef:
        meta = self.metadata
        return ObjectRef(self.KIND, meta.namespace, meta.name, meta.uid)

    @property
    def controller(self) -> OwnerReference | None:
        """The reference with controller=true; other owners only keep an object from deletion."""
        return next((ref for ref in self.metadata.owner_references if ref.controller), None)

    @property
    def is_terminating(self) -> bool:
        return self.metadata.deletion_timestamp is not None


def condition(conditions: Iterable[Condition], type_: str) -> Condition | None:
    """The condition of that type, None where the object doesn't carry it."""
    return next((found for found in conditions if found.type == type_), None)


# Pods


class Waiting(Part, frozen=True):
    reason: str = ""
    message: str = ""


class Running(Part, frozen=True):
    started_at: Time | None = None


class Terminated(Part, frozen=True):
    exit_code: Count = 0
    signal: Count = 0
    reason: str = ""
    message: str = ""
    started_at: Time | None = None
    finished_at: Time | None = None


class ContainerState(Part, frozen=True):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part, frozen=True):
    name: str = ""
    ready: bool = False
    restart_count: Count = 0
    image: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class Resources(Part, frozen=True):
    requests: dict[str, Quantity] = {}
    limits: dict[str, Quantity] = {}


class ContainerPort(Part, frozen=True):
    name: str = ""
    container_port: Count = 0
    protocol: str = "TCP"


class HttpProbe(Part, frozen=True):
    port: Count | str = 0
    path: str = ""


class SocketProbe(Part, frozen=True):
    port: Count | str = 0


class ExecProbe(Part, frozen=True):
    command: tuple[str, ...] = ()


class GrpcProbe(Part, frozen=True):
    port: Count = 0


class Probe(Part, frozen=True):
    """One of `http_get`, `tcp_socket`, `exec` and `grpc` is there."""

    initial_delay_seconds: Count = 0
    period_seconds: Count = 10
    failure_threshold: Count = 3
    http_get: HttpProbe | None = None
    tcp_socket: SocketProbe | None = None
    exec: ExecProbe | None = None
    grpc: GrpcProbe | None = None

    @property
    def check(self) -> str:
        """How it asks, as the field of the object is called; '' where none is known."""
        kinds = {"httpGet": self.http_get, "tcpSocket": self.tcp_socket, "exec": self.exec}
        return next((name for name, one in kinds.items() if one), "grpc" if self.grpc else "")

    @property
    def patience_seconds(self) -> int:
        """How long a container that never answers lives until the probe gives up."""
        return self.initial_delay_seconds + self.period_seconds * self.failure_threshold

    @property
    def port(self) -> int | str:
        """0 where it asks no port."""
        asked = self.http_get or self.tcp_socket or self.grpc
        return asked.port if asked else 0


class Container(Part, frozen=True):
    name: str = ""
    image: str = ""
    resources: Resources = Resources()
    restart_policy: str = ""
    ports: tuple[ContainerPort, ...] = ()
    env: msgspec.Raw = msgspec.Raw()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None


class Named(Part, frozen=True):
    name: str = ""


class ClaimSource(Part, frozen=True):
    claim_name: str = ""


class ConfigMapSource(Part, frozen=True):
    name: str = ""
    optional: bool = False


class SecretSource(Part, frozen=True):
    """The name alone: no Secret is ever read."""

    secret_name: str = ""


class Local(Part, frozen=True):
    """A volume source that keeps data on the node; what it says is not read."""


class Volume(Part, frozen=True):
    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    config_map: ConfigMapSource | None = None
    secret: SecretSource | None = None
    empty_dir: Local | None = None
    host_path: Local | None = None


class PodSpec(Part, frozen=True):
    node_name: str = ""
    restart_policy: str = "Always"
    node_selector: Labels = {}
    tolerations: msgspec.Raw = msgspec.Raw()
    affinity: msgspec.Raw = msgspec.Raw()
    scheduler_name: str = ""
    priority: Count = 0
    priority_class_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    image_pull_secrets: tuple[Named, ...] = ()
    volumes: tuple[Volume, ...] = ()
    dns_policy: str = "ClusterFirst"


class PodStatus(Part, frozen=True):
    pod_ip: str = msgspec.field(name="podIP", default="")
    phase: str = ""
    reason: str = ""
    message: str = ""
    start_time: Time | None = None
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object, frozen=True):
    KIND: ClassVar[str] = "Pod"
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


# Workloads


class RollingUpdate(Part, frozen=True):
    partition: Count = 0


class UpdateStrategy(Part, frozen=True):
    """Of a StatefulSet or DaemonSet."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class WorkloadSpec(Part, frozen=True):
    replicas: Count = 1
    update_strategy: UpdateStrategy = UpdateStrategy()
    paused: bool = False
    progress_deadline_seconds: Count = 600
    selector: Selector = Selector()
    template: msgspec.Raw = msgspec.Raw()


class WorkloadStatus(Part, frozen=True):
    replicas: Count = 0
    ready_replicas: Count = 0
    available_replicas: Count = 0
    updated_replicas: Count = 0
    observed_generation: Whole = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: tuple[Condition, ...] = ()


class ReplicaSet(Object, frozen=True):
    KIND: ClassVar[str] = "ReplicaSet"
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class Deployment(Object, frozen=True):
    KIND: ClassVar[str] = "Deployment"
    metadata: ManagedMetadata = ManagedMetadata()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class StatefulSet(Object, frozen=True):
    KIND: ClassVar[str] = "StatefulSet"
    metadata: ManagedMetadata = ManagedMetadata()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class DaemonSetStatus(Part, frozen=True):
    desired_number_scheduled: Count = 0
    current_number_scheduled: Count = 0
    number_ready: Count = 0
    number_available: Count = 0
    updated_number_scheduled: Count = 0
    observed_generation: Whole = 0
    conditions: tuple[Condition, ...] = ()


class DaemonSet(Object, frozen=True):
    KIND: ClassVar[str] = "DaemonSet"
    metadata: ManagedMetadata = ManagedMetadata()
    spec: WorkloadSpec = WorkloadSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class ControllerRevision(Object, frozen=True):
    """A revision of a StatefulSet or DaemonSet; `data` holds the patch with its template."""

    KIND: ClassVar[str] = "ControllerRevision"
    revision: Whole = 0
    data: msgspec.Raw = msgspec.Raw()


class JobSpec(Part, frozen=True):
    suspend: bool = False
    completions: Count | None = None
    template: msgspec.Raw = msgspec.Raw()


class JobStatus(Part, frozen=True):
    active: Count = 0
    failed: Count = 0
    start_time: Time | None = None
    conditions: tuple[Condition, ...] = ()


class Job(Object, frozen=True):
    KIND: ClassVar[str] = "Job"
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class CronJobSpec(Part, frozen=True):
    schedule: str = ""
    time_zone: str = ""
    suspend: bool = False
    concurrency_policy: str = "Allow"


class CronJobStatus(Part, frozen=True):
    last_schedule_time: Time | None = None


class CronJob(Object, frozen=True):
    KIND: ClassVar[str] = "CronJob"
    metadata: ManagedMetadata = ManagedMetadata()
    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()


# Nodes, events, namespaces


class Taint(Part, frozen=True):
    key: str = ""
    value: str = ""
    effect: str = ""
    time_added: Time | None = None


class NodeSpec(Part, frozen=True):
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeInfo(Part, frozen=True):
    architecture: str = ""
    operating_system: str = ""

    @property
    def platform(self) -> str:
        """As images name it, `windows/amd64`; '' where the node does not tell."""
        return "/".join(filter(None, (self.operating_system, self.architecture)))


class NodeStatus(Part, frozen=True):
    conditions: tuple[Condition, ...] = ()
    node_info: NodeInfo = NodeInfo()
    allocatable: dict[str, Quantity] = {}


class Node(Object, frozen=True):
    KIND: ClassVar[str] = "Node"
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class InvolvedObject(Part, frozen=True):
    kind: Kind = ""
    namespace: Name = ""
    name: Name = ""
    uid: Uid = ""
    field_path: str = ""


class EventSeries(Part, frozen=True):
    count: Count = 0
    last_observed_time: Time | None = None


class Event(Object, frozen=True):
    """An event of either API: `events.k8s.io` fills eventTime and series, the core the others."""

    KIND: ClassVar[str] = "Event"
    involved_object: InvolvedObject = InvolvedObject()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: Count = 0
    first_timestamp: Time | None = None
    last_timestamp: Time | None = None
    event_time: Time | None = None
    series: EventSeries | None = None

    @property
    def at(self) -> datetime | None:
        """When it was last seen."""
        latest = self.series.last_observed_time if self.series else None
        created = self.metadata.creation_timestamp
        return latest or self.last_timestamp or self.event_time or created

    @property
    def began(self) -> datetime | None:
        return self.first_timestamp or self.event_time or self.metadata.creation_timestamp

    @property
    def times(self) -> int:
        return max(self.count, self.series.count if self.series else 0, 1)


class NamespaceStatus(Part, frozen=True):
    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class Namespace(Object, frozen=True):
    KIND: ClassVar[str] = "Namespace"
    status: NamespaceStatus = NamespaceStatus()


class ConfigMap(Object, frozen=True):
    """Metadata only: the content is not asked for."""

    KIND: ClassVar[str] = "ConfigMap"
    metadata: ManagedMetadata = ManagedMetadata()


class ResourceQuotaStatus(Part, frozen=True):
    hard: dict[str, Quantity] = {}
    used: dict[str, Quantity] = {}


class ResourceQuota(Object, frozen=True):
    KIND: ClassVar[str] = "ResourceQuota"
    metadata: ManagedMetadata = ManagedMetadata()
    status: ResourceQuotaStatus = ResourceQuotaStatus()


Workload = ReplicaSet | Deployment | StatefulSet | DaemonSet
