"""Faults of the simulator, run to their end on its live background with all controllers."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.remediation.oracle import Key
from simulator.faults.base import TABLES

IDEMPOTENT = "kubewise.io/idempotent"
ROLLBACK = frozenset({"rollback"})


@dataclass(frozen=True)
class FaultCase:
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
    FaultCase("crash_loop", "shop/deployment/checkout", ROLLBACK),
    FaultCase("crash_loop", "platform/deployment/notifications", ROLLBACK),
    FaultCase("crash_loop", "payments/deployment/gateway", ROLLBACK),
    FaultCase("image_not_found", "shop/deployment/checkout", ROLLBACK),
    FaultCase("image_not_found", "platform/deployment/auth", ROLLBACK),
    FaultCase("image_not_found", "shop/deployment/cart", ROLLBACK),
    FaultCase("bad_config", "shop/deployment/checkout", ROLLBACK),
    FaultCase("readiness_misconfig", "shop/deployment/checkout", ROLLBACK),
    FaultCase("rollout_stalled", "shop/deployment/checkout", ROLLBACK),
    FaultCase("insufficient_capacity", "shop/deployment/checkout", ROLLBACK),
    FaultCase("oom", "shop/deployment/catalog", frozenset({"adjust_resources", "rollback"})),
    FaultCase("oom", "payments/deployment/fraud", frozenset({"adjust_resources", "rollback"})),
    FaultCase("hung_replica", "shop/deployment/cart", frozenset({"restart_pod"})),
    FaultCase("hung_replica", "platform/deployment/auth", frozenset({"restart_pod"})),
    FaultCase("scaled_to_zero", "payments/deployment/gateway", frozenset({"restore_replicas"})),
    FaultCase("job_failed", "payments/job/settlement", frozenset({"rerun_job"}), IDEMPOTENT),
    FaultCase("job_failed", "payments/job/settlement"),
    FaultCase("pull_unauthorized", "shop/deployment/checkout"),
    FaultCase("crash_no_history", "shop/deployment/recommender"),
)
