"""What is known where metrics or an alert found it, rather than the cluster's objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from detection.domain.facts.base import Facts


@dataclass(frozen=True, kw_only=True)
class MetricFacts(Facts):
    """A metric that is beyond its threshold, or will be."""

    metric: str = ""  # name of the query
    value: int | float = 0.0  # its newest value, in `unit`
    threshold: int | float | None = None  # what it is compared with, in `unit`
    unit: str = ""  # ratio, bytes, seconds, count, …


@dataclass(frozen=True, kw_only=True)
class AnomalyFacts(Facts):
    """Metrics that look unusual together."""

    contributions: Mapping[str, float] = field(default_factory=dict)  # metric → share of the error
    threshold: float | None = None  # the score above which it alarms
    model_version: str = ""  # of the model that judged
    history: str = ""  # how much history it was judged on, as a sentence
    chart: tuple[tuple[float, float], ...] = ()  # [epoch seconds, score] of the newest samples


@dataclass(frozen=True, kw_only=True)
class AlertFacts(Facts):
    """An alert of Alertmanager."""

    alert: str = ""  # its name
    fingerprint: str = ""  # what Alertmanager knows it by
