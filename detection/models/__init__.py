"""The records of detection, known to Django by this module. History rows are never changed.

Remediation writes nine columns of Incident: `diagnosis`, `decision`, `analyzed_version`,
`decided_version`, `decide_again_at`, `decided_again`, `lease_until`, `published_at` and
`inconclusive`. They stand here because an incident is one row: what remediation finds, the lease
under which it does and the status change in one conditional UPDATE, and no list needs a join.
"""

from detection.models.alerts import Alert
from detection.models.anomaly import (
    AnomalyFeedback,
    AnomalyOutlook,
    MetricLevelChange,
    ModelVersion,
)
from detection.models.baselines import WorkloadBaseline
from detection.models.cluster import Cluster
from detection.models.incidents import Incident, Transition
from detection.models.metric_queries import MetricQuery
from detection.models.processes import Heartbeat, Lease
from detection.models.sources import SourceState
from detection.models.watched import WatchedFailure

__all__ = [
    "Alert",
    "AnomalyFeedback",
    "AnomalyOutlook",
    "Cluster",
    "Heartbeat",
    "Incident",
    "Lease",
    "MetricLevelChange",
    "MetricQuery",
    "ModelVersion",
    "SourceState",
    "Transition",
    "WatchedFailure",
    "WorkloadBaseline",
]
