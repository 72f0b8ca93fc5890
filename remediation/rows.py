"""What may be done about each cause: the failure specification as one table."""

from __future__ import annotations

from collections.abc import Mapping

from detection.domain.causes import Cause
from remediation.row_types import (
    CHANGES,
    ESCALATE,
    NODES,
    RESTARTS,
    ROLLBACK,
    Condition,
    ModeOf,
    Offer,
    Row,
    RowMode,
    Situation,
    always,
    has_older,
    proven,
    revision_borne,
    single_revision_borne,
)
from remediation.rows_placing import PLACING
from remediation.rows_running import RUNNING

__all__ = [
    "CHANGES",
    "ROWS",
    "Condition",
    "ModeOf",
    "Offer",
    "Row",
    "RowMode",
    "Situation",
    "always",
    "has_older",
    "proven",
    "revision_borne",
    "row_of",
]

NEAR_THE_LIMIT_RATIO = 0.9


def stalled(situation: Situation) -> RowMode:
    return RowMode.IGNORE if situation.paused else revision_borne(situation)


def out_of_memory(situation: Situation) -> RowMode:
    """A where metrics saw it near the limit and nothing was raised within a day."""
    if proven(situation):
        return RowMode.ACT
    if not situation.fact("memory_limit"):
        return RowMode.SUGGEST
    if situation.vertical_scaler or situation.fact("raised_at"):
        return RowMode.ASK
    near = (situation.fact("working_set_ratio") or 0.0) >= NEAR_THE_LIMIT_RATIO
    return RowMode.ACT if near and not situation.fact("node_memory_pressure") else RowMode.ASK


def may_raise_memory(situation: Situation) -> bool:
    """Once a day at most, and never beside a VerticalPodAutoscaler."""
    known = situation.fact("memory_limit") and situation.fact("container")
    return bool(known) and not situation.vertical_scaler and not situation.fact("raised_at")


def hung(situation: Situation) -> RowMode:
    several = situation.replicas >= 2 and situation.finding.owner.kind == "Deployment"
    return RowMode.ACT if several else RowMode.ASK


def capacity(situation: Situation) -> RowMode:
    return RowMode.IGNORE if situation.fact("scale_up_running") else revision_borne(situation)


def scaled_to_zero(situation: Situation) -> RowMode:
    return RowMode.ASK if recorded_replicas(situation) else RowMode.SUGGEST


def recorded_replicas(situation: Situation) -> bool:
    return bool(situation.fact("recorded_replicas"))


def idempotent(situation: Situation) -> bool:
    return bool(situation.fact("idempotent"))


def job_failed(situation: Situation) -> RowMode:
    return RowMode.ASK if idempotent(situation) else RowMode.SUGGEST


def node_not_ready(situation: Situation) -> RowMode:
    return RowMode.SUGGEST if situation.last_schedulable else RowMode.ASK


def volume_grows(situation: Situation) -> bool:
    return bool(situation.fact("expandable") and situation.fact("size"))


def volume_filling(situation: Situation) -> RowMode:
    return RowMode.ASK if volume_grows(situation) else RowMode.SUGGEST


def has_evicted_pods(situation: Situation) -> bool:
    """Evicted pods to tidy up, none of them a Job's: those are its evidence."""
    return bool(situation.fact("evicted")) and not situation.fact("job_pods")


def corroborated(situation: Situation) -> bool:
    return bool(situation.fact("corroborated")) and not situation.last_schedulable


def may_be_cordoned(situation: Situation) -> bool:
    return not situation.last_schedulable and not situation.fact("cordoned")


def kernel_fault(situation: Situation) -> RowMode:
    return RowMode.ASK if corroborated(situation) else RowMode.SUGGEST


ROWS: Mapping[Cause, Row] = (
    PLACING
    | RUNNING
    | {
        Cause.BAD_RELEASE: Row(
            revision_borne,
            (ROLLBACK, ESCALATE),
            bad=frozenset({"scale"}),
            futile=RESTARTS | {"adjust_resources"},
        ),
        Cause.BAD_COMMAND: Row(
            revision_borne, (ROLLBACK, ESCALATE), bad=frozenset({"adjust_resources", "scale"})
        ),
        Cause.INIT_CRASH: Row(
            revision_borne,
            (ROLLBACK, ESCALATE),
            bad=frozenset({"scale"}),
            futile=frozenset({"restart"}),
        ),
        Cause.CRASH_NO_HISTORY: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=frozenset({"rollback", "scale"})
        ),
        Cause.IMAGE_NOT_FOUND: Row(revision_borne, (ROLLBACK, ESCALATE), bad=RESTARTS | {"scale"}),
        Cause.PULL_UNAUTHORIZED: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | {"drain_node", "rollback"}
        ),
        Cause.REGISTRY_DOWN: Row(
            always(RowMode.SUGGEST),
            (ESCALATE, Offer("noop")),
            bad=RESTARTS | {"drain_node", "rollback"},
        ),
        Cause.OOM_LIMIT_LOW: Row(
            out_of_memory,
            (
                ROLLBACK,
                Offer("adjust_resources", may_raise_memory),
                ESCALATE,
            ),
            bad=frozenset({"scale"}),
            futile=RESTARTS,
        ),
        Cause.HUNG_REPLICA: Row(
            hung,
            (Offer("restart_pod", lambda s: s.pod is not None), ESCALATE),
            bad=frozenset({"restart", "scale", "drain_node", "rollback"}),
        ),
        Cause.BARE_POD_FAILING: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=frozenset({"restart_pod", "drain_node"})
        ),
        Cause.CRASH_STABLE_REVISION: Row(
            always(RowMode.SUGGEST),
            (ESCALATE,),
            bad=frozenset({"rollback", "scale"}),
            futile=frozenset({"restart"}),
        ),
        Cause.INSUFFICIENT_CAPACITY: Row(
            capacity,
            (Offer("noop", lambda s: bool(s.fact("scale_up_running"))), ROLLBACK, ESCALATE),
            bad=frozenset({"scale", "drain_node", "adjust_resources"}),
        ),
        Cause.ROLLOUT_STALLED: Row(stalled, (ROLLBACK, ESCALATE), bad=frozenset({"scale"})),
        Cause.SCALED_TO_ZERO: Row(
            scaled_to_zero,
            (Offer("restore_replicas", recorded_replicas), ESCALATE),
            bad=frozenset({"rollback", "restart"}),
        ),
        Cause.JOB_FAILED: Row(
            job_failed,
            (Offer("rerun_job", idempotent), ESCALATE),
            bad=frozenset({"clean_failed_pods", "rollback"}),
        ),
        Cause.NODE_NOT_READY: Row(
            node_not_ready,
            (Offer("cordon_node", may_be_cordoned), ESCALATE),
            bad=RESTARTS | {"rollback"},
        ),
        Cause.NODE_STORM: Row(
            always(RowMode.SUGGEST),
            (ESCALATE, Offer("noop")),
            bad=RESTARTS | NODES | {"rollback"},
        ),
        Cause.SELECTOR_MISMATCH: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | {"rollback", "scale"}
        ),
        Cause.WRONG_TARGET_PORT: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | {"rollback", "scale"}
        ),
        Cause.SERVICE_DELETED: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | {"rollback", "scale"}
        ),
        Cause.NETPOL_BLOCK: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | {"rollback", "scale"}
        ),
        Cause.DNS_FAILURE: Row(single_revision_borne, (ROLLBACK, ESCALATE), bad=RESTARTS),
        Cause.INGRESS_BROKEN: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | {"rollback"}
        ),
        Cause.CERT_EXPIRED: Row(always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | {"rollback"}),
        Cause.DEPENDENCY_CASCADE: Row(
            single_revision_borne, (ROLLBACK, ESCALATE), bad=RESTARTS | {"scale"}
        ),
        Cause.VOLUME_FILLING: Row(
            volume_filling,
            (Offer("expand_pvc", volume_grows), ESCALATE),
            bad=RESTARTS | {"rollback"},
        ),
        Cause.MULTI_ATTACH: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | {"drain_node", "scale"}
        ),
        Cause.DISK_PRESSURE: Row(
            always(RowMode.ASK),
            (ESCALATE, Offer("clean_failed_pods", has_evicted_pods)),
            bad=frozenset({"drain_node", "restart_pod"}),
        ),
        Cause.MEMORY_PRESSURE: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=frozenset({"drain_node", "restart_pod"})
        ),
        Cause.PID_PRESSURE: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=frozenset({"drain_node", "restart_pod"})
        ),
        Cause.KERNEL_FAULT: Row(
            kernel_fault,
            (Offer("cordon_node", lambda s: corroborated(s) and may_be_cordoned(s)), ESCALATE),
            bad=frozenset({"drain_node"}),
        ),
        Cause.APISERVER_OVERLOAD: Row(
            always(RowMode.SUGGEST), (ESCALATE, Offer("noop")), bad=RESTARTS | {"drain_node"}
        ),
        Cause.NAMESPACE_TERMINATING: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | NODES | CHANGES
        ),
        Cause.STALE_SECRET_ENV: Row(
            always(RowMode.ASK), (Offer("restart"), ESCALATE), bad=frozenset({"rollback", "scale"})
        ),
        Cause.ENV_CHANGED: Row(
            single_revision_borne, (ROLLBACK, ESCALATE), bad=RESTARTS | {"scale"}
        ),
        Cause.MESH_DENY: Row(
            always(RowMode.SUGGEST), (ESCALATE,), bad=RESTARTS | {"rollback", "scale"}
        ),
    }
)
ESCALATE_ONLY = Row(always(RowMode.SUGGEST), (ESCALATE,))


def row_of(cause: Cause) -> Row:
    """The row of a cause; causes without one are handed to people."""
    return ROWS.get(cause, ESCALATE_ONLY)
