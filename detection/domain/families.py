"""Which family of facts each cause has, and how stored facts are read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detection.domain.causes import Cause
from detection.domain.facts import (
    AdmissionFacts,
    AlertFacts,
    AnomalyFacts,
    AttachmentFacts,
    AutoscalerFacts,
    BudgetFacts,
    CallerFacts,
    CertificateFacts,
    ClaimFacts,
    ConfigurationFacts,
    ContainerFacts,
    CordonFacts,
    CronJobFacts,
    DaemonSetFacts,
    DependencyFacts,
    DnsFacts,
    DriftFacts,
    Facts,
    ImageFacts,
    IngressFacts,
    JobFacts,
    MemoryFacts,
    MetricFacts,
    NamespaceFacts,
    NodeFacts,
    PreemptionFacts,
    PressureFacts,
    ProbeFacts,
    ReadinessFacts,
    ReplicaFacts,
    ScaledDownFacts,
    SchedulingFacts,
    ServiceFacts,
    StormFacts,
    TerminatingFacts,
    ThrottlingFacts,
    UpdateFacts,
    VolumeFacts,
)

# A bare pod's facts are of the family of its `specific` cause.
FAMILIES: Mapping[Cause, type[Facts]] = {
    Cause.BAD_RELEASE: ContainerFacts,
    Cause.CRASH_NO_HISTORY: ContainerFacts,
    Cause.BAD_COMMAND: ContainerFacts,
    Cause.IMAGE_NOT_FOUND: ImageFacts,
    Cause.PULL_UNAUTHORIZED: ImageFacts,
    Cause.REGISTRY_DOWN: ImageFacts,
    Cause.WRONG_ARCH: ImageFacts,
    Cause.CONFIGMAP_MISSING: ConfigurationFacts,
    Cause.SECRET_MISSING: ConfigurationFacts,
    Cause.INIT_CRASH: ContainerFacts,
    Cause.OOM_LIMIT_LOW: MemoryFacts,
    Cause.HUNG_REPLICA: ReplicaFacts,
    Cause.BARE_POD_FAILING: Facts,
    Cause.CRASH_STABLE_REVISION: ContainerFacts,
    Cause.INSUFFICIENT_CAPACITY: SchedulingFacts,
    Cause.ROLLOUT_STALLED: ReadinessFacts,
    Cause.SCALED_TO_ZERO: ScaledDownFacts,
    Cause.JOB_FAILED: JobFacts,
    Cause.NODE_NOT_READY: NodeFacts,
    Cause.NODE_STORM: StormFacts,
    Cause.UNCLASSIFIED: ReadinessFacts,
    Cause.SELECTOR_MISMATCH: ServiceFacts,
    Cause.WRONG_TARGET_PORT: ServiceFacts,
    Cause.SERVICE_DELETED: ServiceFacts,
    Cause.NETPOL_BLOCK: CallerFacts,
    Cause.DNS_FAILURE: DnsFacts,
    Cause.INGRESS_BROKEN: IngressFacts,
    Cause.CERT_EXPIRED: CertificateFacts,
    Cause.DEPENDENCY_CASCADE: DependencyFacts,
    Cause.VOLUME_FILLING: VolumeFacts,
    Cause.MULTI_ATTACH: AttachmentFacts,
    Cause.DISK_PRESSURE: PressureFacts,
    Cause.MEMORY_PRESSURE: PressureFacts,
    Cause.PID_PRESSURE: PressureFacts,
    Cause.KERNEL_FAULT: NodeFacts,
    Cause.APISERVER_OVERLOAD: Facts,
    Cause.NAMESPACE_TERMINATING: NamespaceFacts,
    Cause.STALE_SECRET_ENV: DriftFacts,
    Cause.ENV_CHANGED: DriftFacts,
    Cause.MESH_DENY: CallerFacts,
    Cause.INIT_HANG: ContainerFacts,
    Cause.OOM_LEAK: MemoryFacts,
    Cause.LIVENESS_MISCONFIG: ProbeFacts,
    Cause.READINESS_MISCONFIG: ProbeFacts,
    Cause.CPU_THROTTLED: ThrottlingFacts,
    Cause.POD_STUCK_TERMINATING: TerminatingFacts,
    Cause.NODE_SELECTOR_MISMATCH: SchedulingFacts,
    Cause.UNTOLERATED_TAINT: SchedulingFacts,
    Cause.ANTI_AFFINITY: SchedulingFacts,
    Cause.NODE_CORDONED: CordonFacts,
    Cause.PVC_NOT_FOUND: SchedulingFacts,
    Cause.PVC_PENDING: ClaimFacts,
    Cause.VOLUME_NODE_AFFINITY: SchedulingFacts,
    Cause.PREEMPTED: PreemptionFacts,
    Cause.QUOTA_EXCEEDED: AdmissionFacts,
    Cause.ADMISSION_FORBIDDEN: AdmissionFacts,
    Cause.WEBHOOK_DOWN: AdmissionFacts,
    Cause.STS_STUCK_UPDATE: UpdateFacts,
    Cause.DS_ONE_NODE: DaemonSetFacts,
    Cause.CRONJOB_STALLED: CronJobFacts,
    Cause.HPA_MAXED: AutoscalerFacts,
    Cause.HPA_NO_METRICS: AutoscalerFacts,
    Cause.PDB_BLOCKS_DRAIN: BudgetFacts,
    Cause.SANDBOX_FAILED: Facts,
    Cause.MOUNT_FAILED: ClaimFacts,
    Cause.METRIC_ANOMALY: AnomalyFacts,
    Cause.THRESHOLD_BREACH: MetricFacts,
    Cause.FORECAST_BREACH: MetricFacts,
    Cause.EXTERNAL_ALERT: AlertFacts,
}
BY_CODE: Mapping[str, type[Facts]] = {cause.value: family for cause, family in FAMILIES.items()}


def family_of(cause: str, specific: object = "") -> type[Facts]:
    """The family of a cause's facts; what all have in common where the cause is not known."""
    named = str(specific) if cause == Cause.BARE_POD_FAILING else cause
    return BY_CODE.get(named, Facts)


def facts_of(cause: str, stored: Mapping[str, Any]) -> Facts:
    """Stored facts read back. Tolerant: see `Facts.decode`."""
    return family_of(cause, stored.get("specific")).decode(stored)
