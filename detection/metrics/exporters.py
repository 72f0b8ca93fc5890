"""Which exporters Prometheus can be seen through now: seen, blind with a reason, not installed.

An instant query answers with the evaluation time, so freshness is asked for by `timestamp`; and a
target that is down loses its series at once, so absence alone says nothing: `up` is asked too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from detection.metrics.prometheus import Prometheus
from detection.metrics.promql import quote
from detection.metrics.responses import PrometheusError

PROMETHEUS = "prometheus"
STALE_AFTER_SECONDS = 180
REMEMBERED = "1d"
UP = "avg by (job, metrics_path) (up)"


@dataclass(frozen=True)
class Exporter:
    """`probe` is a metric that it always has; `jobs` are parts of the usual job names."""

    name: str
    probe: str
    jobs: tuple[str, ...]


EXPORTERS = (
    Exporter("kube-state-metrics", "kube_node_info", ("kube-state-metrics",)),
    Exporter(
        "cadvisor", 'container_memory_working_set_bytes{container!=""}', ("cadvisor", "kubelet")
    ),
    Exporter("node-exporter", "node_memory_MemTotal_bytes", ("node-exporter", "node_exporter")),
)


@dataclass(frozen=True)
class Sources:
    """`partly` names exporters some of whose targets are down: seen, but absence is no news."""

    seen: frozenset[str] = frozenset()
    blind: Mapping[str, str] = field(default_factory=dict)
    not_installed: frozenset[str] = frozenset()
    partly: Mapping[str, str] = field(default_factory=dict)


def find_sources(client: Prometheus, now: datetime) -> Sources:
    """Three small queries at most. Never raises: a Prometheus that fails is blind, by name."""
    try:
        up = _up(client, now)
        ages = _by_source(client, _for_all("time() - max(timestamp({}))"), now)
        absent = [one for one in EXPORTERS if one.name not in ages]
        remembered = _by_source(client, _remembered(absent), now) if absent else {}
    except PrometheusError as error:
        return Sources(blind={PROMETHEUS: f"{type(error).__name__}: {error}"})
    return _sources(up, ages, frozenset(remembered))


def _sources(
    up: Mapping[str, float], ages: Mapping[str, float], remembered: frozenset[str]
) -> Sources:
    blind, partly = {}, {}
    for one in EXPORTERS:
        share = up.get(one.name, 1.0)
        if reason := _blind(one.name, share, ages, one.name in remembered):
            blind[one.name] = reason
        elif one.name in ages and share < 1:
            partly[one.name] = f"{1 - share:.0%} of its targets are down"
    present = {one.name for one in EXPORTERS if one.name in ages}
    seen = frozenset({PROMETHEUS, *present} - set(blind))
    missing = frozenset({one.name for one in EXPORTERS} - present - set(blind))
    return Sources(seen, blind, missing, partly)


def _blind(name: str, share: float, ages: Mapping[str, float], remembered: bool) -> str:
    if share < 0.5:
        return f"{1 - share:.0%} of its targets are down"
    if name in ages:
        old = ages[name] > STALE_AFTER_SECONDS
        return f"its newest sample is {ages[name]:.0f} s old" if old else ""
    return f"no series now, though there were some in the last {REMEMBERED}" if remembered else ""


def _up(client: Prometheus, now: datetime) -> dict[str, float]:
    """Exporter → share of its targets that answer, the worst of its jobs."""
    shares: dict[str, float] = {}
    for one in client.query(UP, now).series:
        words = f"{one.labels.get('job', '')} {one.labels.get('metrics_path', '')}"
        for exporter in EXPORTERS:
            if any(part in words for part in exporter.jobs):
                shares[exporter.name] = min(shares.get(exporter.name, 1.0), one.values[0])
    return shares


def _for_all(template: str, exporters: tuple[Exporter, ...] = EXPORTERS) -> str:
    """One query for all exporters: each one's result bears its name as `source`."""
    return " or ".join(
        f'label_replace({template.format(one.probe)}, "source", {quote(one.name)}, "", "")'
        for one in exporters
    )


def _remembered(absent: list[Exporter]) -> str:
    return _for_all(f"count(present_over_time({{}}[{REMEMBERED}]))", tuple(absent))


def _by_source(client: Prometheus, promql: str, now: datetime) -> dict[str, float]:
    return {one.labels["source"]: one.values[0] for one in client.query(promql, now).series}
