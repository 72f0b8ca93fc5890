"""Faults of the simulator, run to their end on its live background with all controllers."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.remediation.oracle import Key
from simulator.faults.base import TABLES

IDEMPOTENT = "kubewise.io/idempotent"
ROLLBACK = frozenset({"rollback"})


@dataclass(frozen=True)
class Fault:
    """A fault of the simulator. `families`: what failures.md allows that changes anything."""

    fault: str
    target: str
    families: frozenset[str] = frozenset()
    mark: str = ""

    @property
    def key(self) -> Key:
        namespace, kind, name = self.target.split("/")
        return TABLES[kind], namespace, name

    @property
    def name(self) -> str:
        return f"{self.fault} {self.target}"


FAULTS = (
    Fault("crash_loop", "shop/deployment/checkout", ROLLBACK),
    Fault("crash_loop", "platform/deployment/notifications", ROLLBACK),
    Fault("crash_loop", "payments/deployment/gateway", ROLLBACK),
    Fault("image_not_found", "shop/deployment/checkout", ROLLBACK),
    Fault("image_not_found", "platform/deployment/auth", ROLLBACK),
    Fault("image_not_found", "shop/deployment/cart", ROLLBACK),
    Fault("bad_config", "shop/deployment/checkout", ROLLBACK),
    Fault("readiness_misconfig", "shop/deployment/checkout", ROLLBACK),
    Fault("rollout_stalled", "shop/deployment/checkout", ROLLBACK),
    Fault("insufficient_capacity", "shop/deployment/checkout", ROLLBACK),
    Fault("oom", "shop/deployment/catalog", frozenset({"adjust_resources", "rollback"})),
    Fault("oom", "payments/deployment/fraud", frozenset({"adjust_resources", "rollback"})),
    Fault("hung_replica", "shop/deployment/cart", frozenset({"restart_pod"})),
    Fault("hung_replica", "platform/deployment/auth", frozenset({"restart_pod"})),
    Fault("scaled_to_zero", "payments/deployment/gateway", frozenset({"restore_replicas"})),
    Fault("job_failed", "payments/job/settlement", frozenset({"rerun_job"}), IDEMPOTENT),
    Fault("job_failed", "payments/job/settlement"),
    Fault("pull_unauthorized", "shop/deployment/checkout"),
    Fault("crash_no_history", "shop/deployment/recommender"),
)
