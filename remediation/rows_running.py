"""Rows of the failures of pods that run, and of what controls them."""

from __future__ import annotations

from detection.domain.causes import Cause, Severity
from remediation.row_types import (
    ESCALATE,
    RESTARTS,
    ROLLBACK,
    Offer,
    Row,
    RowMode,
    Situation,
    always,
    has_older,
    revision_borne,
    single_revision_borne,
)

BY_HAND = always(RowMode.SUGGEST)


def throttled(situation: Situation) -> RowMode:
    """M beside a symptom: pods that are not ready, or metrics that suffer; alone it is info."""
    suffers = situation.fact("symptom") or situation.finding.severity != Severity.INFO
    return RowMode.ASK if suffers else RowMode.IGNORE


def may_raise_cpu(situation: Situation) -> bool:
    return bool(situation.fact("cpu_limit")) and not situation.vertical_scaler


def on_one_node(situation: Situation) -> RowMode:
    """A where one pod alone fails and nothing is wrong with its node."""
    return RowMode.ACT if may_replace_pod(situation) else RowMode.SUGGEST


def may_replace_pod(situation: Situation) -> bool:
    return situation.pod is not None and not situation.fact("node_suspect")


def may_raise_most(situation: Situation) -> bool:
    """An autoscaler that KEDA made would be put back."""
    return bool(situation.fact("max_replicas")) and not situation.fact("keda")


def without_metrics(situation: Situation) -> RowMode:
    return RowMode.ASK if situation.fact("missing_requests") else RowMode.SUGGEST


def may_ask_for(situation: Situation) -> bool:
    """Known which container asks for none of what; a vertical autoscaler would set it itself."""
    known = situation.fact("missing_requests") and situation.fact("missing")
    return bool(known) and not situation.vertical_scaler


def restart_begins(situation: Situation) -> bool:
    """A StatefulSet's rolling update waits for a member that is not ready: it would never begin."""
    return situation.finding.owner.kind != "StatefulSet" or not situation.unready


def may_replace_ordinal(situation: Situation) -> bool:
    """After a rollback, or where one was made: its controller does not replace an unready pod."""
    return bool(situation.fact("left_behind")) or has_older(situation)


def stuck_update(situation: Situation) -> RowMode:
    return RowMode.ASK if may_replace_ordinal(situation) else RowMode.SUGGEST


RUNNING: dict[Cause, Row] = {
    Cause.INIT_HANG: Row(
        single_revision_borne, (ROLLBACK, ESCALATE), bad=frozenset({"scale"}), futile=RESTARTS
    ),
    Cause.OOM_LEAK: Row(
        always(RowMode.ASK),
        (ESCALATE, Offer("restart", restart_begins)),
        bad=frozenset({"adjust_resources", "scale"}),
    ),
    Cause.LIVENESS_MISCONFIG: Row(
        revision_borne,
        (ROLLBACK, ESCALATE),
        bad=frozenset({"adjust_resources"}),
        futile=RESTARTS,
    ),
    Cause.READINESS_MISCONFIG: Row(
        revision_borne, (ROLLBACK, ESCALATE), bad=frozenset({"scale"}), futile=RESTARTS
    ),
    Cause.CPU_THROTTLED: Row(
        throttled, (Offer("adjust_resources", may_raise_cpu), ESCALATE), bad=RESTARTS
    ),
    Cause.POD_STUCK_TERMINATING: Row(
        BY_HAND, (ESCALATE,), bad=frozenset({"restart_pod", "drain_node", "scale"})
    ),
    Cause.STS_STUCK_UPDATE: Row(
        stuck_update,
        (ROLLBACK, Offer("restart_pod", may_replace_ordinal), ESCALATE),
        bad=frozenset({"scale", "restart"}),
    ),
    Cause.DS_ONE_NODE: Row(
        on_one_node,
        (Offer("restart_pod", may_replace_pod), ESCALATE),
        bad=frozenset({"restart", "drain_node"}),
    ),
    Cause.CRONJOB_STALLED: Row(
        BY_HAND, (ESCALATE,), bad=frozenset({"rerun_job", "clean_failed_pods"})
    ),
    Cause.HPA_MAXED: Row(
        always(RowMode.ASK),
        (Offer("raise_hpa_max", may_raise_most), ESCALATE),
        bad=frozenset({"scale", "restart"}),
    ),
    Cause.HPA_NO_METRICS: Row(
        without_metrics,
        (Offer("adjust_resources", may_ask_for), ESCALATE),
        bad=frozenset({"scale", "restart", "raise_hpa_max"}),
    ),
    Cause.PDB_BLOCKS_DRAIN: Row(
        BY_HAND, (ESCALATE,), bad=frozenset({"restart_pod", "drain_node", "scale"})
    ),
}
