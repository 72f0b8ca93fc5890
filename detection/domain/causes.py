"""The fixed vocabulary of causes: what an incident can be about, in code, API and admin.

A cause is a name in `Cause` and a row in `ROWS`. The order of the rows is the order of the causes:
of two causes of the same precedence the upper row names the incident.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from functools import cache


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
    UNSCHEDULABLE = "UNSCHEDULABLE"
    NO_SCHEDULER = "NO_SCHEDULER"
    SERVICE_LEADS_NOWHERE = "SERVICE_LEADS_NOWHERE"
    SCALER_TARGET_MISSING = "SCALER_TARGET_MISSING"
    NODE_REPORTED = "NODE_REPORTED"
    UNKNOWN_HOST = "UNKNOWN_HOST"
    DEPENDENCY_REFUSES = "DEPENDENCY_REFUSES"
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
    CONTAINER_NOT_STARTED = "CONTAINER_NOT_STARTED"
    HOST_PORT_TAKEN = "HOST_PORT_TAKEN"
    PODS_EVICTED = "PODS_EVICTED"
    METRIC_ANOMALY = "METRIC_ANOMALY"
    THRESHOLD_BREACH = "THRESHOLD_BREACH"
    FORECAST_BREACH = "FORECAST_BREACH"
    EXTERNAL_ALERT = "EXTERNAL_ALERT"


class Through(StrEnum):
    """How correlation finds what a cause explains.

    CALLERS: owners whose logs tell of it. USERS: owners that use the object, as its fact
    `explains` names them. NODE: pods on that node, since it is as it is. NAMESPACE: whatever is
    inside. LOST_NODES: whatever ran on nodes that are gone.
    """

    CALLERS = "callers"
    USERS = "users"
    NODE = "node"
    NAMESPACE = "namespace"
    LOST_NODES = "lost nodes"


@dataclass(frozen=True)
class Explains:
    """What findings of other causes fold into a finding of this one.

    `causes` are explained beside what their way explains anyway: general causes of callers and
    users, everything in a namespace or on lost nodes. `taint`: what a node of this cause is tainted
    with, so that pods wait. `only_told`: nothing but words in logs speaks for it; that never
    outweighs an old revision that serves beside a new one that fails.
    """

    through: Through
    causes: frozenset[Cause] = frozenset()
    taint: str = ""
    only_told: bool = False


@dataclass(frozen=True)
class CauseInfo:
    """`failure` is the row of the failure specification, '' for metric causes.

    `suspends`: why nothing is done without a person anywhere, while this cause stands.
    """

    cause: Cause
    failure: str
    title: str
    precedence: Precedence
    explains: Explains | None = None
    suspends: str = ""


# What fails on a node that is short of something or faulty.
ON_A_SICK_NODE = frozenset(
    {
        Cause.HUNG_REPLICA,
        Cause.UNCLASSIFIED,
        Cause.ROLLOUT_STALLED,
        Cause.SANDBOX_FAILED,
        Cause.MOUNT_FAILED,
        Cause.POD_STUCK_TERMINATING,
        Cause.DS_ONE_NODE,
    }
)
KILLED = frozenset({Cause.OOM_LIMIT_LOW, Cause.OOM_LEAK})
# What pods show that wait because of a node's taint.
UNPLACED = frozenset(
    {
        Cause.INSUFFICIENT_CAPACITY,
        Cause.HOST_PORT_TAKEN,
        Cause.UNTOLERATED_TAINT,
        Cause.ANTI_AFFINITY,
        Cause.NODE_SELECTOR_MISMATCH,
        Cause.UNSCHEDULABLE,
        Cause.UNCLASSIFIED,
        Cause.ROLLOUT_STALLED,
    }
)
# What a caller shows when something that it calls fails; never an image, a mount or memory.
SYMPTOMS_OF_CALLERS = frozenset(
    {
        Cause.BAD_RELEASE,
        Cause.CRASH_NO_HISTORY,
        Cause.CRASH_STABLE_REVISION,
        Cause.INIT_CRASH,
        Cause.INIT_HANG,
        Cause.HUNG_REPLICA,
        Cause.BARE_POD_FAILING,
        Cause.LIVENESS_MISCONFIG,
        Cause.READINESS_MISCONFIG,
        Cause.CPU_THROTTLED,
        Cause.ENV_CHANGED,
        Cause.JOB_FAILED,
        Cause.STS_STUCK_UPDATE,
        Cause.DS_ONE_NODE,
    }
)

P = Precedence
TOLD_BY_CALLERS = Explains(Through.CALLERS, SYMPTOMS_OF_CALLERS)
ONLY_TOLD = replace(TOLD_BY_CALLERS, only_told=True)
STORM = Explains(Through.LOST_NODES, frozenset({Cause.NODE_NOT_READY}))
LOST_NODE = Explains(Through.LOST_NODES)
INSIDE = Explains(Through.NAMESPACE)


def on_node(short_of: str = "", *more: Cause) -> Explains:
    """A node that is short of something bears a taint of its own."""
    taint = f"node.kubernetes.io/{short_of}-pressure" if short_of else ""
    return Explains(Through.NODE, ON_A_SICK_NODE | frozenset(more), taint)


def of_users(*causes: Cause) -> Explains:
    return Explains(Through.USERS, frozenset(causes))


ROWS: tuple[CauseInfo, ...] = (
    # A node, or the cluster as a whole.
    CauseInfo(
        Cause.NODE_STORM,
        "F52",
        "Many nodes are not ready",
        P.NODE,
        STORM,
        suspends="many nodes are lost",
    ),
    CauseInfo(
        Cause.APISERVER_OVERLOAD,
        "F56",
        "The API server is overloaded",
        P.NODE,
        suspends="the API server is overloaded",
    ),
    CauseInfo(
        Cause.KERNEL_FAULT, "F55", "The node's kernel or runtime is faulty", P.NODE, on_node()
    ),
    CauseInfo(Cause.NODE_NOT_READY, "F51", "The node is not ready", P.NODE, LOST_NODE),
    CauseInfo(Cause.DISK_PRESSURE, "F53", "The node is short of disk", P.NODE, on_node("disk")),
    CauseInfo(
        Cause.MEMORY_PRESSURE,
        "F54",
        "The node is short of memory",
        P.NODE,
        on_node("memory", *KILLED),
    ),
    CauseInfo(
        Cause.PID_PRESSURE, "F54", "The node is short of process IDs", P.NODE, on_node("pid")
    ),
    CauseInfo(
        Cause.NODE_CORDONED,
        "F24",
        "Pods wait for a cordoned node",
        P.NODE,
        of_users(Cause.STS_STUCK_UPDATE),
    ),
    CauseInfo(
        Cause.NO_SCHEDULER,
        "F72",
        "No scheduler places pods",
        P.NODE,
        of_users(
            Cause.UNCLASSIFIED,
            Cause.ROLLOUT_STALLED,
            Cause.STS_STUCK_UPDATE,
            Cause.BARE_POD_FAILING,
        ),
    ),
    # What refuses pods before they are made.
    CauseInfo(
        Cause.WEBHOOK_DOWN,
        "F31",
        "An admission webhook does not answer",
        P.ADMISSION,
        of_users(Cause.STS_STUCK_UPDATE),
    ),
    CauseInfo(
        Cause.QUOTA_EXCEEDED,
        "F29",
        "The quota is used up",
        P.ADMISSION,
        of_users(Cause.STS_STUCK_UPDATE, Cause.HPA_MAXED),
    ),
    CauseInfo(Cause.ADMISSION_FORBIDDEN, "F30", "Its pods are not admitted", P.ADMISSION),
    CauseInfo(
        Cause.NAMESPACE_TERMINATING, "F57", "The namespace can't be removed", P.ADMISSION, INSIDE
    ),
    # What callers tell of: what an object's own content proves stands before what only callers say.
    CauseInfo(
        Cause.NETPOL_BLOCK, "F44", "A NetworkPolicy blocks it", P.DEPENDENCY, TOLD_BY_CALLERS
    ),
    CauseInfo(Cause.MESH_DENY, "F60", "The mesh denies the calls", P.DEPENDENCY, TOLD_BY_CALLERS),
    CauseInfo(
        Cause.SELECTOR_MISMATCH, "F41", "The Service selects no pod", P.SPECIFIC, TOLD_BY_CALLERS
    ),
    CauseInfo(
        Cause.WRONG_TARGET_PORT,
        "F42",
        "The Service leads to a wrong port",
        P.SPECIFIC,
        TOLD_BY_CALLERS,
    ),
    CauseInfo(
        Cause.SERVICE_DELETED,
        "F43",
        "A Service that others name does not exist",
        P.DEPENDENCY,
        TOLD_BY_CALLERS,
    ),
    CauseInfo(
        Cause.UNKNOWN_HOST,
        "F73",
        "A variable names a host that does not exist",
        P.DEPENDENCY,
        TOLD_BY_CALLERS,
    ),
    CauseInfo(
        Cause.DEPENDENCY_REFUSES,
        "F74",
        "What it depends on refuses",
        P.DEPENDENCY,
        TOLD_BY_CALLERS,
    ),
    CauseInfo(Cause.CERT_EXPIRED, "F47", "A certificate has expired", P.DEPENDENCY, ONLY_TOLD),
    CauseInfo(
        Cause.VOLUME_FILLING,
        "F49",
        "The volume is full, or soon will be",
        P.SPECIFIC,
        TOLD_BY_CALLERS,
    ),
    CauseInfo(
        Cause.STALE_SECRET_ENV, "F58", "It runs with an old Secret", P.SPECIFIC, TOLD_BY_CALLERS
    ),
    CauseInfo(Cause.DNS_FAILURE, "F45", "Names are not resolved", P.DEPENDENCY, TOLD_BY_CALLERS),
    CauseInfo(
        Cause.DEPENDENCY_CASCADE, "F48", "Several fail on one dependency", P.DEPENDENCY, ONLY_TOLD
    ),
    # What one owner's own pods and objects prove.
    CauseInfo(Cause.MULTI_ATTACH, "F50", "The volume is attached elsewhere", P.SPECIFIC),
    CauseInfo(Cause.PULL_UNAUTHORIZED, "F06", "The registry refuses the credentials", P.SPECIFIC),
    CauseInfo(Cause.REGISTRY_DOWN, "F07", "The registry does not answer", P.SPECIFIC),
    CauseInfo(Cause.WRONG_ARCH, "F04", "The image is for another architecture", P.SPECIFIC),
    CauseInfo(Cause.IMAGE_NOT_FOUND, "F05", "The image does not exist", P.SPECIFIC),
    CauseInfo(Cause.SECRET_MISSING, "F09", "A Secret is missing", P.SPECIFIC),
    CauseInfo(Cause.CONFIGMAP_MISSING, "F08", "A ConfigMap is missing", P.SPECIFIC),
    CauseInfo(Cause.CONTAINER_NOT_STARTED, "F65", "The kubelet refuses a container", P.SPECIFIC),
    CauseInfo(Cause.JOB_FAILED, "F36", "The Job failed", P.SPECIFIC),
    CauseInfo(Cause.OOM_LEAK, "F13", "Its memory leaks", P.SPECIFIC),
    CauseInfo(Cause.OOM_LIMIT_LOW, "F12", "The memory limit is too low", P.SPECIFIC),
    CauseInfo(Cause.BAD_COMMAND, "F03", "The command can't be started", P.SPECIFIC),
    CauseInfo(Cause.INIT_CRASH, "F10", "An init container crashes", P.SPECIFIC),
    CauseInfo(Cause.LIVENESS_MISCONFIG, "F14", "The liveness probe kills it", P.SPECIFIC),
    CauseInfo(Cause.CRASH_STABLE_REVISION, "F61", "A stable revision crashes", P.SPECIFIC),
    CauseInfo(Cause.BAD_RELEASE, "F01", "The newest revision crashes", P.SPECIFIC),
    CauseInfo(Cause.CRASH_NO_HISTORY, "F02", "It crashes and never ran well", P.SPECIFIC),
    CauseInfo(Cause.PVC_NOT_FOUND, "F25", "A volume claim that it names is missing", P.SPECIFIC),
    CauseInfo(Cause.VOLUME_NODE_AFFINITY, "F27", "Its volume is not where it can run", P.SPECIFIC),
    CauseInfo(Cause.PREEMPTED, "F28", "Pods of higher priority took its place", P.SPECIFIC),
    CauseInfo(
        Cause.NODE_SELECTOR_MISMATCH, "F21", "No node has the labels it asks for", P.SPECIFIC
    ),
    CauseInfo(Cause.UNTOLERATED_TAINT, "F22", "It does not tolerate the nodes' taints", P.SPECIFIC),
    CauseInfo(Cause.ANTI_AFFINITY, "F23", "Its pods may not stand together", P.SPECIFIC),
    CauseInfo(Cause.HOST_PORT_TAKEN, "F66", "No node has its host port free", P.SPECIFIC),
    CauseInfo(Cause.INSUFFICIENT_CAPACITY, "F20", "No node has room", P.SPECIFIC),
    CauseInfo(Cause.UNSCHEDULABLE, "F68", "The scheduler finds no node", P.SPECIFIC),
    CauseInfo(
        Cause.SANDBOX_FAILED,
        "F62",
        "The pod's sandbox can't be made",
        P.SPECIFIC,
        of_users(Cause.DS_ONE_NODE, Cause.STS_STUCK_UPDATE, Cause.INIT_HANG),
    ),
    CauseInfo(Cause.MOUNT_FAILED, "F63", "A volume can't be mounted", P.SPECIFIC),
    CauseInfo(Cause.INIT_HANG, "F11", "An init container never ends", P.SPECIFIC),
    CauseInfo(Cause.READINESS_MISCONFIG, "F15", "The readiness probe never passes", P.SPECIFIC),
    CauseInfo(Cause.STS_STUCK_UPDATE, "F34", "The StatefulSet's update is stuck", P.SPECIFIC),
    CauseInfo(Cause.POD_STUCK_TERMINATING, "F18", "A pod does not end", P.SPECIFIC),
    CauseInfo(Cause.CPU_THROTTLED, "F17", "Its CPU is throttled", P.SPECIFIC),
    CauseInfo(Cause.PODS_EVICTED, "F67", "Its pods are evicted again and again", P.SPECIFIC),
    CauseInfo(Cause.DS_ONE_NODE, "F35", "It is not ready on one node", P.SPECIFIC),
    CauseInfo(Cause.HUNG_REPLICA, "F16", "One replica is wedged", P.SPECIFIC),
    CauseInfo(Cause.CRONJOB_STALLED, "F37", "The CronJob does not run any more", P.SPECIFIC),
    CauseInfo(Cause.BARE_POD_FAILING, "F19", "A pod without a controller fails", P.SPECIFIC),
    CauseInfo(Cause.HPA_MAXED, "F38", "The autoscaler is at its maximum", P.SPECIFIC),
    CauseInfo(
        Cause.HPA_NO_METRICS, "F39", "The autoscaler gets no metrics", P.SPECIFIC, of_users()
    ),
    CauseInfo(Cause.SERVICE_LEADS_NOWHERE, "F69", "The Service leads nowhere", P.SPECIFIC),
    CauseInfo(Cause.SCALER_TARGET_MISSING, "F70", "The autoscaler's target is missing", P.SPECIFIC),
    CauseInfo(Cause.INGRESS_BROKEN, "F46", "What the Ingress names is missing", P.SPECIFIC),
    CauseInfo(Cause.ENV_CHANGED, "F59", "Its new environment brings errors", P.SPECIFIC),
    CauseInfo(
        Cause.PVC_PENDING,
        "F26",
        "The volume claim gets no volume",
        P.SPECIFIC,
        explains=Explains(
            Through.USERS,
            frozenset(
                {
                    Cause.INSUFFICIENT_CAPACITY,
                    Cause.UNSCHEDULABLE,
                    Cause.MOUNT_FAILED,
                    Cause.STS_STUCK_UPDATE,
                }
            ),
        ),
    ),
    CauseInfo(
        Cause.PDB_BLOCKS_DRAIN,
        "F40",
        "A disruption budget allows no eviction",
        P.SPECIFIC,
        of_users(Cause.HUNG_REPLICA),
    ),
    # What is seen, without its reason.
    CauseInfo(Cause.SCALED_TO_ZERO, "F33", "Scaled to zero by mistake", P.GENERAL),
    CauseInfo(Cause.ROLLOUT_STALLED, "F32", "The rollout does not progress", P.GENERAL),
    CauseInfo(Cause.UNCLASSIFIED, "F64", "Below its desired readiness, unexplained", P.GENERAL),
    CauseInfo(Cause.NODE_REPORTED, "F71", "The node reports something", P.GENERAL),
    # What metrics and alerts alone say.
    CauseInfo(Cause.THRESHOLD_BREACH, "", "A metric is beyond its threshold", P.METRIC),
    CauseInfo(Cause.FORECAST_BREACH, "", "A metric will reach its limit", P.METRIC),
    CauseInfo(Cause.METRIC_ANOMALY, "", "Its metrics look unusual", P.METRIC),
    CauseInfo(Cause.EXTERNAL_ALERT, "", "An alert of Alertmanager fires", P.METRIC),
)
CAUSES: Mapping[Cause, CauseInfo] = {row.cause: row for row in ROWS}
PLACES: Mapping[Cause, int] = {row.cause: place for place, row in enumerate(ROWS)}


def order_of(cause: Cause) -> tuple[int, int]:
    """The order of causes as a key to sort by: precedence, then the place among the rows."""
    return CAUSES[cause].precedence, PLACES[cause]


@cache
def explaining(through: Through) -> tuple[Cause, ...]:
    """The causes that explain others in this way, in their order."""
    return tuple(row.cause for row in ROWS if row.explains and row.explains.through == through)


def explained_by(cause: Cause) -> frozenset[Cause]:
    """The causes that a finding of `cause` explains, beside what its way explains anyway."""
    explains = CAUSES[cause].explains
    return explains.causes if explains else frozenset()
