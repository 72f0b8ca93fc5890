"""What findings know beyond cause and owner: one class for each family of failures."""

from __future__ import annotations

from detection.domain.facts.base import Facts, FactsT
from detection.domain.facts.containers import (
    ConfigurationFacts,
    ContainerFacts,
    Growth,
    ImageFacts,
    MemoryFacts,
    ProbeFacts,
    ThrottlingFacts,
)
from detection.domain.facts.jobs import CronJobFacts, JobFacts
from detection.domain.facts.metrics import AlertFacts, AnomalyFacts, MetricFacts
from detection.domain.facts.network import (
    CallerFacts,
    CertificateFacts,
    DependencyFacts,
    DnsFacts,
    DriftFacts,
    IngressFacts,
    ServiceFacts,
)
from detection.domain.facts.nodes import CordonFacts, NodeFacts, PressureFacts, StormFacts
from detection.domain.facts.placing import (
    AdmissionFacts,
    NamespaceFacts,
    PreemptionFacts,
    SchedulingFacts,
)
from detection.domain.facts.storage import AttachmentFacts, ClaimFacts, VolumeFacts
from detection.domain.facts.workloads import (
    AutoscalerFacts,
    BackedFacts,
    BudgetFacts,
    DaemonSetFacts,
    ReadinessFacts,
    ReplicaFacts,
    ScaledDownFacts,
    TerminatingFacts,
    UpdateFacts,
)

__all__ = [
    "AdmissionFacts",
    "AlertFacts",
    "AnomalyFacts",
    "AttachmentFacts",
    "AutoscalerFacts",
    "BackedFacts",
    "BudgetFacts",
    "CallerFacts",
    "CertificateFacts",
    "ClaimFacts",
    "ConfigurationFacts",
    "ContainerFacts",
    "CordonFacts",
    "CronJobFacts",
    "DaemonSetFacts",
    "DependencyFacts",
    "DnsFacts",
    "DriftFacts",
    "Facts",
    "FactsT",
    "Growth",
    "ImageFacts",
    "IngressFacts",
    "JobFacts",
    "MemoryFacts",
    "MetricFacts",
    "NamespaceFacts",
    "NodeFacts",
    "PreemptionFacts",
    "PressureFacts",
    "ProbeFacts",
    "ReadinessFacts",
    "ReplicaFacts",
    "ScaledDownFacts",
    "SchedulingFacts",
    "ServiceFacts",
    "StormFacts",
    "TerminatingFacts",
    "ThrottlingFacts",
    "UpdateFacts",
    "VolumeFacts",
]
