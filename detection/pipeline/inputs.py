"""What an observation takes in beside the cluster's lists and logs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from detection.clients import prometheus
from detection.domain.baselines import Baseline
from detection.domain.findings import Finding
from detection.domain.sights import Sights
from detection.failures.context import Metrics
from detection.incidents.baselines import load_baselines
from detection.incidents.watched import sights_of
from detection.metric_evidence import evidence
from detection.metrics import history
from detection.models import Cluster
from detection.snapshot import Snapshot


@dataclass(frozen=True)
class MetricView:
    """What metrics tell. `evidence` is what failures ask of them; `findings` stand beside those.

    `blind`: source → why it could not be seen. `frames`: the ticks, oldest first.
    """

    evidence: Metrics = field(default_factory=Metrics)
    findings: tuple[Finding, ...] = ()
    blind: Mapping[str, str] = field(default_factory=dict)
    frames: tuple[history.MetricFrame, ...] = ()


ReadMetrics = Callable[[Snapshot, datetime], MetricView]
ExtraFindings = Callable[[Snapshot], Iterable[Finding]]


def without_metrics(snapshot: Snapshot, now: datetime) -> MetricView:
    return MetricView()


def without_extra_findings(snapshot: Snapshot) -> Iterable[Finding]:
    return ()


@dataclass(frozen=True)
class Inputs:
    """All of it is asked once an observation, and never of one that is shared.

    `extra_findings` is the one place where findings that are no failures' join before correlation:
    it is called with the snapshot after all failures were looked for. `cluster_id` is that of the
    records that are read; None where none are.
    """

    metrics: ReadMetrics = without_metrics
    baselines: Callable[[], Mapping[str, Sequence[Baseline]]] = dict
    extra_findings: ExtraFindings = without_extra_findings
    cluster_id: int | None = None
    sights: Callable[[], Sights] = dict


def from_records(
    cluster: Cluster, extra_findings: ExtraFindings = without_extra_findings
) -> Inputs:
    """What the workers know: recorded baselines, and evidence by metrics kept for a minute."""

    def metrics(snapshot: Snapshot, now: datetime) -> MetricView:
        return MetricView(evidence(cluster.pk, prometheus(), now))

    def baselines() -> Mapping[str, Sequence[Baseline]]:
        return load_baselines(cluster)

    def sights() -> Sights:
        return sights_of(cluster)

    return Inputs(metrics, baselines, extra_findings, cluster.pk, sights)
