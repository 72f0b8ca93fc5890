"""The fixed vocabulary of causes: what an incident can be about, in code, API and admin."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Severity(StrEnum):
    """critical: no ready replica, or a node lost; warning: degraded but serving; info: hygiene."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The higher the worse; every order of severities is made from it."""
        return list(Severity).index(self)


class Precedence(IntEnum):
    """Which of several matching causes names the incident; the lowest number wins."""

    NODE = 1
    ADMISSION = 2
    DEPENDENCY = 3
    SPECIFIC = 4
    GENERAL = 5
    METRIC = 6


@dataclass(frozen=True)
class CauseInfo:
    """`failure` is the row of the failure specification, '' for metric causes."""

    failure: str
    title: str
    precedence: Precedence


class Cause(StrEnum):
    BAD_RELEASE = "BAD_RELEASE"
    CRASH_NO_HISTORY = "CRASH_NO_HISTORY"
    BAD_COMMAND = "BAD_COMMAND"
    IMAGE_NOT_FOUND = "IMAGE_NOT_FOUND"
    PULL_UNAUTHORIZED = "PULL_UNAUTHORIZED"
    REGISTRY_DOWN = "REGISTRY_DOWN"
    WRONG_ARCH = "WRONG_ARCH"
    CONFIGMAP_MISSING = "CONFIGMAP_MISSING"
    SECRET_MISSING = "SECRET_MISSING"  # noqa: S105 a cause, no secret
    INIT_CRASH = "INIT_CRASH"
    OOM_LIMIT_LOW = "OOM_LIMIT_LOW"
    HUNG_REPLICA = "HUNG_REPLICA"
    BARE_POD_FAILING = "BARE_POD_FAILING"
    CRASH_STABLE_REVISION = "CRASH_STABLE_REVISION"
    INSUFFICIENT_CAPACITY = "INSUFFICIENT_CAPACITY"
    ROLLOUT_STALLED = "ROLLOUT_STALLED"
    SCALED_TO_ZERO = "SCALED_TO_ZERO"
    JOB_FAILED = "JOB_FAILED"
    NODE_NOT_READY = "NODE_NOT_READY"
    NODE_STORM = "NODE_STORM"
    UNCLASSIFIED = "UNCLASSIFIED"
    SELECTOR_MISMATCH = "SELECTOR_MISMATCH"
    WRONG_TARGET_PORT = "WRONG_TARGET_PORT"
    SERVICE_DELETED = "SERVICE_DELETED"
    NETPOL_BLOCK = "NETPOL_BLOCK"
    DNS_FAILURE = "DNS_FAILURE"
    INGRESS_BROKEN = "INGRESS_BROKEN"
    CERT_EXPIRED = "CERT_EXPIRED"
    DEPENDENCY_CASCADE = "DEPENDENCY_CASCADE"
    VOLUME_FILLING = "VOLUME_FILLING"
    MULTI_ATTACH = "MULTI_ATTACH"
    DISK_PRESSURE = "DISK_PRESSURE"
    MEMORY_PRESSURE = "MEMORY_PRESSURE"
    PID_PRESSURE = "PID_PRESSURE"
    KERNEL_FAULT = "KERNEL_FAULT"
    APISERVER_OVERLOAD = "APISERVER_OVERLOAD"
    NAMESPACE_TERMINATING = "NAMESPACE_TERMINATING"
    STALE_SECRET_ENV = "STALE_SECRET_ENV"  # noqa: S105 a cause, no secret
    ENV_CHANGED = "ENV_CHANGED"
    MESH_DENY = "MESH_DENY"
    INIT_HANG = "INIT_HANG"
    OOM_LEAK = "OOM_LEAK"
    LIVENESS_MISCONFIG = "LIVENESS_MISCONFIG"
    READINESS_MISCONFIG = "READINESS_MISCONFIG"
    CPU_THROTTLED = "CPU_THROTTLED"
    POD_STUCK_TERMINATING = "POD_STUCK_TERMINATING"
    NODE_SELECTOR_MISMATCH = "NODE_SELECTOR_MISMATCH"
    UNTOLERATED_TAINT = "UNTOLERATED_TAINT"
    ANTI_AFFINITY = "ANTI_AFFINITY"
    NODE_CORDONED = "NODE_CORDONED"
    PVC_NOT_FOUND = "PVC_NOT_FOUND"
    PVC_PENDING = "PVC_PENDING"
    VOLUME_NODE_AFFINITY = "VOLUME_NODE_AFFINITY"
    PREEMPTED = "PREEMPTED"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    ADMISSION_FORBIDDEN = "ADMISSION_FORBIDDEN"
    WEBHOOK_DOWN = "WEBHOOK_DOWN"
    STS_STUCK_UPDATE = "STS_STUCK_UPDATE"
    DS_ONE_NODE = "DS_ONE_NODE"
    CRONJOB_STALLED = "CRONJOB_STALLED"
    HPA_MAXED = "HPA_MAXED"
    HPA_NO_METRICS = "HPA_NO_METRICS"
    PDB_BLOCKS_DRAIN = "PDB_BLOCKS_DRAIN"
    SANDBOX_FAILED = "SANDBOX_FAILED"
    MOUNT_FAILED = "MOUNT_FAILED"
    METRIC_ANOMALY = "METRIC_ANOMALY"
    THRESHOLD_BREACH = "THRESHOLD_BREACH"
    FORECAST_BREACH = "FORECAST_BREACH"
    EXTERNAL_ALERT = "EXTERNAL_ALERT"


P = Precedence
CAUSES: dict[Cause, CauseInfo] = {
    Cause.BAD_RELEASE: CauseInfo("F01", "The newest revision crashes", P.SPECIFIC),
    Cause.CRASH_NO_HISTORY: CauseInfo("F02", "It crashes and never ran well", P.SPECIFIC),
    Cause.BAD_COMMAND: CauseInfo("F03", "The command can't be started", P.SPECIFIC),
    Cause.IMAGE_NOT_FOUND: CauseInfo("F05", "The image does not exist", P.SPECIFIC),
    Cause.PULL_UNAUTHORIZED: CauseInfo("F06", "The registry refuses the credentials", P.SPECIFIC),
    Cause.REGISTRY_DOWN: CauseInfo("F07", "The registry does not answer", P.SPECIFIC),
    Cause.WRONG_ARCH: CauseInfo("F04", "The image is for another architecture", P.SPECIFIC),
    Cause.CONFIGMAP_MISSING: CauseInfo("F08", "A ConfigMap is missing", P.SPECIFIC),
    Cause.SECRET_MISSING: CauseInfo("F09", "A Secret is missing", P.SPECIFIC),
    Cause.INIT_CRASH: CauseInfo("F10", "An init container crashes", P.SPECIFIC),
    Cause.OOM_LIMIT_LOW: CauseInfo("F12", "The memory limit is too low", P.SPECIFIC),
    Cause.HUNG_REPLICA: CauseInfo("F16", "One replica is wedged", P.SPECIFIC),
    Cause.BARE_POD_FAILING: CauseInfo("F19", "A pod without a controller fails", P.SPECIFIC),
    Cause.CRASH_STABLE_REVISION: CauseInfo("F61", "A stable revision crashes", P.SPECIFIC),
    Cause.INSUFFICIENT_CAPACITY: CauseInfo("F20", "No node has room", P.SPECIFIC),
    Cause.ROLLOUT_STALLED: CauseInfo("F32", "The rollout does not progress", P.GENERAL),
    Cause.SCALED_TO_ZERO: CauseInfo("F33", "Scaled to zero by mistake", P.GENERAL),
    Cause.JOB_FAILED: CauseInfo("F36", "The Job failed", P.SPECIFIC),
    Cause.NODE_NOT_READY: CauseInfo("F51", "The node is not ready", P.NODE),
    Cause.NODE_STORM: CauseInfo("F52", "Many nodes are not ready", P.NODE),
    Cause.UNCLASSIFIED: CauseInfo("F64", "Below its desired readiness, unexplained", P.GENERAL),
    Cause.SELECTOR_MISMATCH: CauseInfo("F41", "The Service selects no pod", P.SPECIFIC),
    Cause.WRONG_TARGET_PORT: CauseInfo("F42", "The Service leads to a wrong port", P.SPECIFIC),
    Cause.SERVICE_DELETED: CauseInfo("F43", "A Service that is named is gone", P.DEPENDENCY),
    Cause.NETPOL_BLOCK: CauseInfo("F44", "A NetworkPolicy blocks it", P.DEPENDENCY),
    Cause.DNS_FAILURE: CauseInfo("F45", "Names are not resolved", P.DEPENDENCY),
    Cause.INGRESS_BROKEN: CauseInfo("F46", "What the Ingress names is missing", P.SPECIFIC),
    Cause.CERT_EXPIRED: CauseInfo("F47", "A certificate has expired", P.DEPENDENCY),
    Cause.DEPENDENCY_CASCADE: CauseInfo("F48", "Several fail on one dependency", P.DEPENDENCY),
    Cause.VOLUME_FILLING: CauseInfo("F49", "The volume is full, or soon will be", P.SPECIFIC),
    Cause.MULTI_ATTACH: CauseInfo("F50", "The volume is attached elsewhere", P.SPECIFIC),
    Cause.DISK_PRESSURE: CauseInfo("F53", "The node is short of disk", P.NODE),
    Cause.MEMORY_PRESSURE: CauseInfo("F54", "The node is short of memory", P.NODE),
    Cause.PID_PRESSURE: CauseInfo("F54", "The node is short of process numbers", P.NODE),
    Cause.KERNEL_FAULT: CauseInfo("F55", "The node's kernel or runtime is faulty", P.NODE),
    Cause.APISERVER_OVERLOAD: CauseInfo("F56", "The API server is overloaded", P.NODE),
    Cause.NAMESPACE_TERMINATING: CauseInfo("F57", "The namespace can't be removed", P.ADMISSION),
    Cause.STALE_SECRET_ENV: CauseInfo("F58", "It runs with an old Secret", P.SPECIFIC),
    Cause.ENV_CHANGED: CauseInfo("F59", "Its new environment brings errors", P.SPECIFIC),
    Cause.MESH_DENY: CauseInfo("F60", "The mesh denies the calls", P.DEPENDENCY),
    Cause.INIT_HANG: CauseInfo("F11", "An init container never ends", P.SPECIFIC),
    Cause.OOM_LEAK: CauseInfo("F13", "Its memory leaks", P.SPECIFIC),
    Cause.LIVENESS_MISCONFIG: CauseInfo("F14", "The liveness probe kills it", P.SPECIFIC),
    Cause.READINESS_MISCONFIG: CauseInfo("F15", "The readiness probe never passes", P.SPECIFIC),
    Cause.CPU_THROTTLED: CauseInfo("F17", "Its CPU is throttled", P.SPECIFIC),
    Cause.POD_STUCK_TERMINATING: CauseInfo("F18", "A pod does not end", P.SPECIFIC),
    Cause.NODE_SELECTOR_MISMATCH: CauseInfo(
        "F21", "No node has the labels it asks for", P.SPECIFIC
    ),
    Cause.UNTOLERATED_TAINT: CauseInfo("F22", "It does not tolerate the nodes' taints", P.SPECIFIC),
    Cause.ANTI_AFFINITY: CauseInfo("F23", "Its pods may not stand together", P.SPECIFIC),
    Cause.NODE_CORDONED: CauseInfo("F24", "Pods wait for a cordoned node", P.NODE),
    Cause.PVC_NOT_FOUND: CauseInfo("F25", "A volume claim that it names is missing", P.SPECIFIC),
    Cause.PVC_PENDING: CauseInfo("F26", "The volume claim gets no volume", P.SPECIFIC),
    Cause.VOLUME_NODE_AFFINITY: CauseInfo("F27", "Its volume is not where it can run", P.SPECIFIC),
    Cause.PREEMPTED: CauseInfo("F28", "Pods of higher priority took its place", P.SPECIFIC),
    Cause.QUOTA_EXCEEDED: CauseInfo("F29", "The quota is used up", P.ADMISSION),
    Cause.ADMISSION_FORBIDDEN: CauseInfo("F30", "Its pods are not admitted", P.ADMISSION),
    Cause.WEBHOOK_DOWN: CauseInfo("F31", "An admission webhook does not answer", P.ADMISSION),
    Cause.STS_STUCK_UPDATE: CauseInfo("F34", "The StatefulSet's update is stuck", P.SPECIFIC),
    Cause.DS_ONE_NODE: CauseInfo("F35", "It is not ready on one node", P.SPECIFIC),
    Cause.CRONJOB_STALLED: CauseInfo("F37", "The CronJob does not run any more", P.SPECIFIC),
    Cause.HPA_MAXED: CauseInfo("F38", "The autoscaler is at its maximum", P.SPECIFIC),
    Cause.HPA_NO_METRICS: CauseInfo("F39", "The autoscaler gets no metrics", P.SPECIFIC),
    Cause.PDB_BLOCKS_DRAIN: CauseInfo("F40", "A disruption budget allows no eviction", P.SPECIFIC),
    Cause.SANDBOX_FAILED: CauseInfo("F62", "The pod's sandbox can't be made", P.SPECIFIC),
    Cause.MOUNT_FAILED: CauseInfo("F63", "A volume can't be mounted", P.SPECIFIC),
    Cause.METRIC_ANOMALY: CauseInfo("", "Its metrics look unusual", P.METRIC),
    Cause.THRESHOLD_BREACH: CauseInfo("", "A metric is beyond its threshold", P.METRIC),
    Cause.FORECAST_BREACH: CauseInfo("", "A metric will reach its limit", P.METRIC),
    Cause.EXTERNAL_ALERT: CauseInfo("", "An alert of Alertmanager fires", P.METRIC),
}
