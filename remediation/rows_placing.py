"""Rows of the failures that keep pods from being made, placed and started."""

from __future__ import annotations

from detection.domain.causes import Cause
from remediation.row_types import (
    ESCALATE,
    NODES,
    RESTARTS,
    ROLLBACK,
    Offer,
    Row,
    RowMode,
    always,
    revision_borne,
    single_revision_borne,
)

BY_HAND = always(RowMode.SUGGEST)

PLACING: dict[Cause, Row] = {
    Cause.CONFIGMAP_MISSING: Row(revision_borne, (ROLLBACK, ESCALATE), bad=RESTARTS),
    Cause.SECRET_MISSING: Row(single_revision_borne, (ROLLBACK, ESCALATE), bad=RESTARTS),
    Cause.WRONG_ARCH: Row(always(RowMode.ASK), (ROLLBACK, ESCALATE), bad=NODES),
    Cause.NODE_SELECTOR_MISMATCH: Row(
        revision_borne, (ROLLBACK, ESCALATE), bad=frozenset({"uncordon_node", "scale"})
    ),
    Cause.UNTOLERATED_TAINT: Row(
        single_revision_borne,
        (ROLLBACK, ESCALATE),
        bad=frozenset({"uncordon_node", "drain_node"}),
    ),
    Cause.ANTI_AFFINITY: Row(single_revision_borne, (ROLLBACK, ESCALATE), bad=frozenset({"scale"})),
    Cause.NODE_CORDONED: Row(
        always(RowMode.ASK),
        (ESCALATE, Offer("uncordon_node", lambda s: s.finding.owner.kind == "Node")),
        bad=frozenset({"drain_node"}),
    ),
    Cause.PVC_NOT_FOUND: Row(revision_borne, (ROLLBACK, ESCALATE), bad=RESTARTS),
    Cause.PVC_PENDING: Row(BY_HAND, (ESCALATE,), bad=RESTARTS | {"expand_pvc", "rollback"}),
    Cause.VOLUME_NODE_AFFINITY: Row(
        BY_HAND, (ESCALATE,), bad=frozenset({"drain_node", "rollback", "restart_pod"})
    ),
    Cause.PREEMPTED: Row(BY_HAND, (ESCALATE,), bad=frozenset({"scale", "restart_pod"})),
    Cause.QUOTA_EXCEEDED: Row(
        revision_borne, (ROLLBACK, ESCALATE), bad=RESTARTS | {"drain_node", "scale"}
    ),
    Cause.ADMISSION_FORBIDDEN: Row(revision_borne, (ROLLBACK, ESCALATE), bad=RESTARTS),
    Cause.WEBHOOK_DOWN: Row(BY_HAND, (ESCALATE,), bad=RESTARTS | {"drain_node", "rollback"}),
    Cause.SANDBOX_FAILED: Row(BY_HAND, (ESCALATE,), bad=RESTARTS | {"drain_node", "rollback"}),
    Cause.MOUNT_FAILED: Row(BY_HAND, (ESCALATE,), bad=RESTARTS | {"drain_node", "rollback"}),
}
