"""The one table of how long each failure must last before it opens an incident."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Dwell:
    """How long a signal must last before it is a finding. Seconds, but for `crash_restarts`."""

    crash_restarts: int = 3
    crash_backoff_seconds: float = 60
    image_seconds: float = 60
    config_seconds: float = 60
    unschedulable_seconds: float = 120
    scale_up_seconds: float = 300
    not_ready_seconds: float = 300
    node_seconds: float = 300
    storm_window_seconds: float = 600
    init_seconds: float = 600
    scaled_to_zero_seconds: float = 120
    quota_seconds: float = 60
    sandbox_seconds: float = 120
    mount_seconds: float = 300
    terminating_seconds: float = 300
    claim_seconds: float = 300
    cron_seconds: float = 1800
    cron_job_seconds: float = 3600
    scaler_maxed_seconds: float = 900
    scaler_blind_seconds: float = 120
    drain_seconds: float = 600
    disruption_seconds: float = 3600
    throttled_seconds: float = 900
    unexplained_seconds: float = 600
    flapping_seconds: float = 600
    node_condition_seconds: float = 120
    namespace_seconds: float = 900
    callers_seconds: float = 60
    service_seconds: float = 120
    certificate_seconds: float = 300
    stable_seconds: float = 3600

    def scaled(self, factor: float) -> Dwell:
        """All of it multiplied, the number of restarts and the storm's window left alone."""
        kept = {"crash_restarts", "storm_window_seconds"}
        return Dwell(
            **{
                f.name: getattr(self, f.name) * (1 if f.name in kept else factor)
                for f in fields(self)
            }
        )
