"""The one table of after-effects: which symptoms an earlier cause can produce, and for how long.

A symptom in this table joins the story of its cause instead of opening an incident. It opens one
all the same once the time is over, counted from the end of the cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from detection.domain.causes import (
    CAUSES,
    SYMPTOMS_OF_CALLERS,
    Cause,
    Precedence,
    Through,
    explaining,
)
from detection.domain.facts import Facts, MetricFacts
from detection.domain.findings import Finding
from detection.incidents.happenings import Kind


class Reach(StrEnum):
    """Where the symptoms of a cause show: what is compared with the owner of the symptom.

    UNPLACED: any owner whose pods find no node.
    """

    OWNER = "the same owner, or its pods"
    RELATED = "owners that the incident names"
    NODE = "pods on that node"
    UNPLACED = "pods without a node"
    NAMESPACE = "others in the namespace"
    CLUSTER = "everything"


class Span(StrEnum):
    """When the symptoms of a cause show. `seconds` count from its end, or also its beginning.

    ENDS: what moves when it begins and when it ends; in between a failure has another reason.
    AFTER: what began before its end; as long as it goes on, correlation knows the reason.
    """

    WHOLE = "as long as it goes on, and after its end"
    ENDS = "after its beginning, and after its end"
    AFTER = "after its end"


@dataclass(frozen=True)
class AfterEffect:
    """`metrics`: of thresholds and forecasts only these, None: all. `kinds`: of these owners only,
    empty: of all."""

    earlier: frozenset[str]
    symptoms: frozenset[Cause]
    reach: Reach
    seconds: int
    reason: str
    metrics: frozenset[str] | None = None
    kinds: frozenset[str] = frozenset()
    span: Span = Span.WHOLE

    def is_about(self, sign: Sign, finding: Finding) -> bool:
        """Whether it is a metric and an owner of which the row speaks."""
        named = self.metrics is None or not sign.metric or sign.metric in self.metrics
        return named and (not self.kinds or finding.owner.kind in self.kinds)


class Sign(NamedTuple):
    """One of the signals that are merged in a finding; `metric` is that of a threshold."""

    cause: Cause
    metric: str = ""


def signs_of(finding: Finding) -> list[Sign]:
    """All of them: a finding is an after-effect only if each of its signs is."""
    causes = [finding.cause, *(Cause(name) for name in finding.facts.also)]
    metric = finding.facts.of(MetricFacts).metric
    return [sign for cause in causes for sign in _signs(cause, finding.facts, metric)]


def _signs(cause: Cause, facts: Facts, metric: str) -> list[Sign]:
    if cause not in (Cause.THRESHOLD_BREACH, Cause.FORECAST_BREACH):
        return [Sign(cause)]
    return [Sign(cause, name) for name in facts.beyond or (metric,)]


def _of(*levels: Precedence) -> frozenset[Cause]:
    return frozenset(row.cause for row in CAUSES.values() if row.precedence in levels)


P = Precedence
FAILURES = frozenset(CAUSES) - _of(P.METRIC)
NODES = frozenset(
    {
        Cause.NODE_NOT_READY,
        Cause.NODE_STORM,
        Cause.KERNEL_FAULT,
        Cause.DISK_PRESSURE,
        Cause.MEMORY_PRESSURE,
        Cause.PID_PRESSURE,
        Cause.NODE_CORDONED,
    }
)
# Of what others call, mount or are admitted by.
SHARED = _of(P.ADMISSION, P.DEPENDENCY) | {
    Cause.SELECTOR_MISMATCH,
    Cause.WRONG_TARGET_PORT,
    Cause.VOLUME_FILLING,
    Cause.REGISTRY_DOWN,
    Cause.PULL_UNAUTHORIZED,
    Cause.SECRET_MISSING,
    Cause.CONFIGMAP_MISSING,
}
ANOMALY = frozenset({Cause.METRIC_ANOMALY})
THRESHOLD = frozenset({Cause.THRESHOLD_BREACH})
TRENDS = frozenset({Cause.METRIC_ANOMALY, Cause.FORECAST_BREACH})
RETRIED = frozenset(
    {
        Cause.BAD_RELEASE,
        Cause.CRASH_NO_HISTORY,
        Cause.CRASH_STABLE_REVISION,
        Cause.INIT_CRASH,
    }
)
# What pods show until they run and are ready.
STARTING = frozenset(
    {
        Cause.UNCLASSIFIED,
        Cause.HUNG_REPLICA,
        Cause.DS_ONE_NODE,
        Cause.STS_STUCK_UPDATE,
    }
)
ON_A_NEW_NODE = STARTING | {
    Cause.SANDBOX_FAILED,
    Cause.MOUNT_FAILED,
    Cause.MULTI_ATTACH,
    Cause.POD_STUCK_TERMINATING,
}
HOMELESS = frozenset(
    {
        Cause.INSUFFICIENT_CAPACITY,
        Cause.NODE_SELECTOR_MISMATCH,
        Cause.UNTOLERATED_TAINT,
        Cause.ANTI_AFFINITY,
        Cause.UNCLASSIFIED,
    }
)
CHANGED = frozenset({Kind.ROLLED_OUT, Kind.SCALED, Kind.PODS_STARTED})
COUNTED = frozenset({"container_restarts", "container_oom_kills"})
READINESS = frozenset(
    {
        "pod_ready",
        "container_waiting",
        "deployment_unavailable_ratio",
        "statefulset_unready_ratio",
        "daemonset_unavailable_ratio",
    }
)
LOAD = frozenset(
    {
        "container_cpu_throttled_ratio",
        "hpa_at_maximum",
        "hpa_replicas_ratio",
        "node_cpu_ratio",
        "node_memory_ratio",
    }
)
DAEMONS = frozenset({"DaemonSet"})

AFTER_EFFECTS: tuple[AfterEffect, ...] = (
    # After an incident.
    AfterEffect(
        FAILURES,
        THRESHOLD,
        Reach.OWNER,
        1080,
        "restarts are counted over 15 minutes, and seen up to three minutes later",
        metrics=COUNTED,
    ),
    AfterEffect(
        FAILURES, THRESHOLD, Reach.OWNER, 300, "values that are averaged over five minutes lag"
    ),
    AfterEffect(
        FAILURES, ANOMALY, Reach.OWNER, 1800, "15 minutes of restarts, averaged over 15 more"
    ),
    AfterEffect(
        FAILURES,
        frozenset({Cause.FORECAST_BREACH, Cause.EXTERNAL_ALERT}),
        Reach.OWNER,
        1080,
        "trends and alerting rules look back over 15 minutes",
    ),
    AfterEffect(
        SHARED | NODES,
        _of(P.METRIC),
        Reach.RELATED,
        1080,
        "who depends on it counted errors and restarts meanwhile",
        metrics=COUNTED | READINESS | LOAD,
    ),
    AfterEffect(
        frozenset(explaining(Through.CALLERS)),
        SYMPTOMS_OF_CALLERS - {Cause.JOB_FAILED, Cause.BAD_RELEASE, Cause.ENV_CHANGED},
        Reach.RELATED,
        330,
        "a container that crashed meanwhile waits up to 300 s for its next start",
        span=Span.AFTER,
    ),
    AfterEffect(
        FAILURES,
        ANOMALY,
        Reach.NAMESPACE,
        900,
        "neighbours get other traffic once it fails",
        span=Span.ENDS,
    ),
    AfterEffect(
        _of(P.METRIC), ANOMALY, Reach.OWNER, 900, "the same excursion, seen by another detector"
    ),
    AfterEffect(
        NODES, ON_A_NEW_NODE, Reach.NODE, 300, "sandboxes, volumes and DaemonSets come back"
    ),
    AfterEffect(
        NODES,
        ON_A_NEW_NODE,
        Reach.RELATED,
        300,
        "its pods start elsewhere, or again",
        span=Span.ENDS,
    ),
    AfterEffect(
        NODES,
        HOMELESS,
        Reach.UNPLACED,
        300,
        "its pods look for another place",
        span=Span.ENDS,
    ),
    # After what is no failure at all.
    AfterEffect(
        frozenset({Kind.NODE_STARTED}),
        ON_A_NEW_NODE,
        Reach.NODE,
        300,
        "images, sandboxes, volumes and DaemonSets come first",
    ),
    AfterEffect(
        frozenset({Kind.NODE_STARTED}),
        RETRIED,
        Reach.NODE,
        300,
        "a DaemonSet's pod may start before what it needs on the node",
        kinds=DAEMONS,
    ),
    AfterEffect(
        frozenset({Kind.NODE_STARTED, Kind.NODE_LEAVING}),
        ANOMALY | THRESHOLD,
        Reach.OWNER,
        900,
        "load moves between nodes",
        metrics=READINESS | LOAD | {"node_not_ready"},
    ),
    AfterEffect(
        frozenset({Kind.NODE_LEAVING}),
        HOMELESS,
        Reach.UNPLACED,
        300,
        "pods wait for the node that takes its place",
    ),
    AfterEffect(
        frozenset({Kind.NODE_LEAVING}),
        ON_A_NEW_NODE,
        Reach.NODE,
        300,
        "its pods are ended one after the other",
    ),
    AfterEffect(
        frozenset({Kind.NODE_LEAVING}),
        STARTING,
        Reach.OWNER,
        300,
        "its pods start elsewhere",
    ),
    AfterEffect(
        CHANGED, TRENDS, Reach.OWNER, 1800, "new pods have empty caches, and then other load"
    ),
    AfterEffect(
        CHANGED,
        THRESHOLD,
        Reach.OWNER,
        600,
        "pods are exchanged or added within the progress deadline",
        metrics=READINESS | LOAD,
    ),
    # A pod that was ready and is not any more (HUNG_REPLICA) is no start.
    AfterEffect(
        CHANGED,
        STARTING - {Cause.HUNG_REPLICA},
        Reach.OWNER,
        180,
        "new pods become ready one by one",
    ),
    AfterEffect(
        frozenset({Kind.SCALED}),
        HOMELESS,
        Reach.OWNER,
        300,
        "an autoscaler of nodes needs minutes to bring one",
    ),
    AfterEffect(
        frozenset({Kind.JOB_STARTED}),
        RETRIED,
        Reach.OWNER,
        600,
        "a Job tries again by itself until it has failed for good",
    ),
    AfterEffect(
        frozenset({Kind.JOB_STARTED, Kind.JOB_ENDED}),
        TRENDS | THRESHOLD,
        Reach.OWNER,
        1080,
        "what it used rises and falls with it, and its retries are counted over 15 minutes",
        metrics=COUNTED | READINESS | LOAD,
    ),
    AfterEffect(
        frozenset({Kind.METRICS_STARTED}),
        TRENDS,
        Reach.CLUSTER,
        900,
        "rates and averages begin anew, after a gap",
    ),
    AfterEffect(
        frozenset({Kind.SOURCE_SEEN}),
        ANOMALY,
        Reach.CLUSTER,
        900,
        "after a gap nobody knows what is usual",
    ),
    AfterEffect(
        frozenset({Kind.METRICS_STARTED}),
        THRESHOLD,
        Reach.CLUSTER,
        180,
        "counters begin anew, and the first samples are missing",
    ),
)
LONGEST_SECONDS = max(row.seconds for row in AFTER_EFFECTS)


@cache
def rows_for(earlier: str, symptom: Cause) -> tuple[AfterEffect, ...]:
    """The rows by which that cause can produce this symptom."""
    return tuple(r for r in AFTER_EFFECTS if earlier in r.earlier and symptom in r.symptoms)
