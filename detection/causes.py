"""The fixed vocabulary of causes: what an incident can be about, in code, API and admin."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Severity(StrEnum):
    """critical: no ready replica, or a node lost; warning: degraded but serving; info: hygiene."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


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
    Cause.METRIC_ANOMALY: CauseInfo("", "Its metrics look unusual", P.METRIC),
    Cause.THRESHOLD_BREACH: CauseInfo("", "A metric is beyond its threshold", P.METRIC),
    Cause.FORECAST_BREACH: CauseInfo("", "A metric will reach its limit", P.METRIC),
    Cause.EXTERNAL_ALERT: CauseInfo("", "An alert of Alertmanager fires", P.METRIC),
}
