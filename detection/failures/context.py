"""What failures are judged by beside the snapshot: the time, the past, what metrics say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from detection.domain.facts import Growth
from detection.domain.findings import ObjectRef, key_of
from detection.domain.sights import Sight, Sights
from detection.failures.dwell import Dwell
from detection.forecasting.restart_interval import Rhythm

if TYPE_CHECKING:
    from detection.domain.baselines import Baseline


@dataclass(frozen=True)
class Restarts:
    """`rhythm` counts from the time of its question; `pod` is the one that is due first."""

    pod: str
    rhythm: Rhythm


@dataclass(frozen=True)
class Filling:
    """`free_ratio` of its capacity is left; it is full in `hours`, None where it doesn't fill."""

    free_ratio: float
    hours: float | None = None


@dataclass(frozen=True)
class Metrics:
    """What Prometheus adds; all of it may be missing.

    `memory_ratios`: (kind, namespace, name, container) of the top owner → the highest share of
    the memory limit within the last hour.
    `replicas`: (kind, namespace, name) → the last non-zero count of replicas.
    `ready_replicasets`: (namespace, name) of ReplicaSets that once had ready replicas.
    `readiness_changes`: (namespace, pod) → how often it flipped within the last hour.
    `memory_growth`: as `memory_ratios` → how the memory of a container near its limit grows.
    `throttling`: as `memory_ratios` → the least share of throttled CPU periods in 15 minutes.
    `restarts`: as `memory_ratios` → the rhythm in which a container of one of its pods restarts.
    `volumes`: (namespace, claim) → how full it is, and in how many hours at the present trend.
    `secrets`: (namespace, name) of Secrets that there are; empty where that isn't known.
    `changed`: (kind, namespace, name) of Secrets and ConfigMaps → changed within so many seconds.
    `certificates`: (kind, namespace, name) of what bears a certificate that ends within a week or
    has ended → seconds until then.
    `error_ratios`: (namespace, pod) → share of its requests that it answers with an error.
    `dns_error_ratio`: share of the answers of DNS that are errors.
    `overload`: what says that the API server is overloaded; '' for nothing.
    """

    memory_ratios: Mapping[tuple[str, str, str, str], float] = field(default_factory=dict)
    replicas: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    ready_replicasets: frozenset[tuple[str, str]] = frozenset()
    readiness_changes: Mapping[tuple[str, str], float] = field(default_factory=dict)
    memory_growth: Mapping[tuple[str, str, str, str], Growth] = field(default_factory=dict)
    throttling: Mapping[tuple[str, str, str, str], float] = field(default_factory=dict)
    restarts: Mapping[tuple[str, str, str, str], Restarts] = field(default_factory=dict)
    volumes: Mapping[tuple[str, str], Filling] = field(default_factory=dict)
    secrets: frozenset[tuple[str, str]] = frozenset()
    changed: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    certificates: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    error_ratios: Mapping[tuple[str, str], float] = field(default_factory=dict)
    dns_error_ratio: float = 0.0
    overload: str = ""


@dataclass(frozen=True)
class Context:
    """`baselines`: owner UID → revisions that KubeWise itself saw fully available.

    `sights`: what earlier passes saw abnormal.
    """

    now: datetime
    dwell: Dwell = field(default_factory=Dwell)
    baselines: Mapping[str, Sequence[Baseline]] = field(default_factory=dict)
    metrics: Metrics = Metrics()
    sights: Sights = field(default_factory=dict)

    def sight_of(self, owner: ObjectRef) -> Sight | None:
        """What earlier passes saw of this owner; None: it looked well, or nobody looked."""
        return self.sights.get(key_of(owner))

    def ago(self, seconds: float) -> datetime:
        return self.now - timedelta(seconds=seconds)
