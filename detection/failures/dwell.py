"""The one table of how long each failure must last before it opens an incident."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _after(value: Any, why: str) -> Any:
    """A row of the table: the value, and why it is no shorter."""
    return field(default=value, metadata={"why": why})


@dataclass(frozen=True)
class Dwell:
    """How long a signal must last before it is a finding.

    Seconds, but for `crash_restarts` and `evictions`.
    """

    crash_restarts: int = _after(3, "One crash is bad luck; three within the back-off are a loop.")
    evictions: int = _after(3, "One pod may write too much once; three in 15 minutes go on.")
    crash_backoff_seconds: float = _after(
        60, "The kubelet waits this long after a few crashes only."
    )
    image_seconds: float = _after(60, "A registry may fail one pull.")
    config_seconds: float = _after(60, "ConfigMap and workload may be applied in either order.")
    unschedulable_seconds: float = _after(120, "The scheduler tries again when pods end.")
    scale_up_seconds: float = _after(300, "A new node takes minutes to join.")
    not_ready_seconds: float = _after(300, "Probes and warm-up take their time.")
    node_seconds: float = _after(300, "The control plane itself waits this long before it evicts.")
    storm_window_seconds: float = _after(600, "Nodes lost within it have one reason.")
    init_seconds: float = _after(600, "Init containers migrate databases.")
    scaled_to_zero_seconds: float = _after(120, "A release may scale down and up.")
    quota_seconds: float = _after(60, "The controller tries again at once, and then backs off.")
    sandbox_seconds: float = _after(120, "The network agent of a new node starts last.")
    mount_seconds: float = _after(300, "Attaching a volume elsewhere takes minutes.")
    terminating_seconds: float = _after(300, "Beyond every usual grace period.")
    claim_seconds: float = _after(300, "Provisioners take minutes.")
    cron_seconds: float = _after(1800, "A run may be late without harm.")
    cron_job_seconds: float = _after(3600, "A run may take long.")
    scaler_maxed_seconds: float = _after(900, "A peak of minutes is what the maximum is for.")
    scaler_blind_seconds: float = _after(120, "Metrics are missing for a while after a start.")
    drain_seconds: float = _after(600, "Pods have time to end.")
    disruption_seconds: float = _after(3600, "A budget blocks nothing until somebody drains.")
    throttled_seconds: float = _after(900, "Starts and peaks are throttled.")
    unexplained_seconds: float = _after(
        600, "What nothing explains must last before anybody is told."
    )
    flapping_seconds: float = _after(600, "How far back changes of readiness are counted.")
    node_condition_seconds: float = _after(120, "The kubelet itself holds a condition for minutes.")
    namespace_seconds: float = _after(900, "Finalizers take their time.")
    callers_seconds: float = _after(60, "One error in a log is no outage.")
    service_seconds: float = _after(
        120, "Endpoints follow pods within seconds; releases take longer."
    )
    certificate_seconds: float = _after(300, "A renewal takes a moment.")
    stable_seconds: float = _after(3600, "A revision that ran this long is proven.")
    second_sight_seconds: float = _after(
        10, "It cannot mend itself, so a second look is proof enough."
    )
    none_ready_seconds: float = _after(60, "Nobody is served, or half of the callers are not.")
    serving_node_seconds: float = _after(
        60, "Pods that serve are on it, and nobody answers for them."
    )
    some_not_ready_seconds: float = _after(120, "The others serve meanwhile.")

    def scaled(self, factor: float) -> Dwell:
        """All of it multiplied, the numbers and the storm's window left alone."""
        kept = {"crash_restarts", "evictions", "storm_window_seconds"}
        return Dwell(
            **{
                f.name: getattr(self, f.name) * (1 if f.name in kept else factor)
                for f in fields(self)
            }
        )

    def why(self, name: str) -> str:
        """Why that time is no shorter."""
        return next(str(f.metadata["why"]) for f in fields(self) if f.name == name)


def dwell_names() -> list[str]:
    """The rows of the table, in their order."""
    return [row.name for row in fields(Dwell)]
