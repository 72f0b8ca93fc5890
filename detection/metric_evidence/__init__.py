"""What Prometheus adds to the failures that the scan finds, as plain mappings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from detection.domain.facts import Growth
from detection.failures.context import Metrics
from detection.forecasting.memory_growth import growth_of
from detection.metric_evidence.infrastructure import surroundings
from detection.metric_evidence.restarts import restart_rhythms
from detection.metrics.history import owner_map
from detection.metrics.other_clusters import held, look
from detection.metrics.pod_owners import known_or_asked
from detection.metrics.prometheus import Prometheus
from detection.metrics.promql import one_of
from detection.metrics.responses import PrometheusError, ResultSeries
from detection.metrics.samples import Entity, Owners, Query, entity_of
from kubewise_site.core import cache
from kubewise_site.core.cache import packed

log = structlog.get_logger(__name__)
KEPT_SECONDS = 60
Key = TypeVar("Key")

# The highest of the hour, not the newest: after an out-of-memory kill the newest is low again.
MEMORY_RATIO = """max by (namespace, pod, container) (
  max_over_time(container_memory_working_set_bytes{container!="", container!="POD"}[1h])
)
/ on (namespace, pod, container)
max by (namespace, pod, container) (
  label_replace(label_replace(label_replace(
    kube_pod_container_resource_limits{resource="memory"} > 0,
    "namespace", "$1", "exported_namespace", "(.+)"),
    "pod", "$1", "exported_pod", "(.+)"),
    "container", "$1", "exported_container", "(.+)")
)"""
REPLICAS = {
    ("Deployment", "deployment"): "kube_deployment_spec_replicas",
    ("StatefulSet", "statefulset"): "kube_statefulset_replicas",
}
READY_REPLICASETS = """max by (namespace, replicaset, exported_namespace) (
  max_over_time(kube_replicaset_status_ready_replicas[2d])
) > 0"""
NEAR_ITS_LIMIT = 0.8
MOST_NEAR = 40
USED_SHARE = """max by (namespace, pod, container) (
  container_memory_working_set_bytes{{container!="", container!="POD", {pods}}}
)
/ on (namespace, pod, container)
max by (namespace, pod, container) (
  label_replace(label_replace(label_replace(
    kube_pod_container_resource_limits{{resource="memory"}} > 0,
    "namespace", "$1", "exported_namespace", "(.+)"),
    "pod", "$1", "exported_pod", "(.+)"),
    "container", "$1", "exported_container", "(.+)")
)"""
GROWTH_SECONDS, GROWTH_STEP_SECONDS = 6 * 3600, 60
# The least share over 15 minutes: a short burst of work is no throttling.
THROTTLED = """min_over_time((
  sum by (namespace, pod, container) (
    increase(container_cpu_cfs_throttled_periods_total{container!="", container!="POD"}[5m]))
  / sum by (namespace, pod, container) (
    increase(container_cpu_cfs_periods_total{container!="", container!="POD"}[5m]) > 0)
)[15m:1m]) > 0.25"""
READINESS_CHANGES = """max by (namespace, pod, exported_namespace, exported_pod) (
  changes(kube_pod_status_ready{condition="true"}[1h])
) > 0"""


def evidence(
    cluster_id: int, client: Prometheus | None, now: datetime, owners: Owners | None = None
) -> Metrics:
    """What there is, asked at most once a minute for all workers. Never raises.

    What a query that fails would have told is left out: the failures then do without. `owners`:
    those of the last scan, unless given.
    """
    if client is None or held(cluster_id, now):
        return Metrics()
    key = f"evidence:{cluster_id}"
    if known := _kept(key):
        return known
    if look(cluster_id, client, now):
        return Metrics()
    found = query_evidence(client, now, owners or owner_map(cluster_id))
    cache.set_many({key: packed.compress(found)}, KEPT_SECONDS)
    return found


def _kept(key: str) -> Metrics | None:
    try:
        return packed.decompress((cache.get_many([key]) or {}).get(key), Metrics)
    except packed.Unreadable:
        return None


def query_evidence(client: Prometheus, now: datetime, owners: Owners) -> Metrics:
    """The same, asked now."""
    return replace(
        surroundings(client, now),
        memory_ratios=_memory_ratios(client, now, known_or_asked(owners, client, now)),
        replicas={
            (kind, namespace, name): round(value)
            for (kind, label), metric in REPLICAS.items()
            for (namespace, name), value in _pairs(
                client, newest_above_zero(label, metric), now, _namespace_and_label(label)
            )
        },
        ready_replicasets=frozenset(
            key
            for key, _ in _pairs(client, READY_REPLICASETS, now, _namespace_and_label("replicaset"))
        ),
        memory_growth=_growths(client, now, known_or_asked(owners, client, now)),
        restarts=restart_rhythms(client, now, known_or_asked(owners, client, now)),
        throttling=_by_container(client, now, known_or_asked(owners, client, now), THROTTLED),
        readiness_changes=dict(_pairs(client, READINESS_CHANGES, now, _namespace_and_label("pod"))),
    )


def _memory_ratios(
    client: Prometheus, now: datetime, owners: Owners
) -> dict[tuple[str, str, str, str], float]:
    """Of a workload's pods, the highest."""
    return _by_container(client, now, owners, MEMORY_RATIO)


def _by_container(
    client: Prometheus, now: datetime, owners: Owners, promql: str
) -> dict[tuple[str, str, str, str], float]:
    query, found = Query("memory", promql, "pod"), dict[tuple[str, str, str, str], float]()
    for entity, value in _pairs(client, promql, now, partial(_entity, query, owners)):
        if entity:
            found[entity[:4]] = max(value, found.get(entity[:4], 0.0))
    return found


def _growths(
    client: Prometheus, now: datetime, owners: Owners
) -> dict[tuple[str, str, str, str], Growth]:
    """Of containers near their limit; of a workload's pods, one that leaks before one that not."""
    near = _pairs(client, MEMORY_RATIO, now, lambda one: _label(one, "pod"))
    pods = sorted({pod for pod, ratio in near if ratio >= NEAR_ITS_LIMIT})[:MOST_NEAR]
    if not pods:
        return {}
    promql = USED_SHARE.format(pods=f"pod=~{one_of(pods)}")
    query, found = Query("memory", promql, "pod"), dict[tuple[str, str, str, str], Growth]()
    try:
        start = now - timedelta(seconds=GROWTH_SECONDS)
        answer = client.query_range(promql, start, now, GROWTH_STEP_SECONDS)
    except PrometheusError as error:
        log.info("no evidence by metrics", query=promql, error=str(error))
        return {}
    for one in answer.series:
        entity, growth = _entity(query, owners, one), growth_of(one.times, one.values)
        if entity and growth and not (entity[:4] in found and found[entity[:4]].steady):
            found[entity[:4]] = growth
    return found


def _entity(query: Query, owners: Owners, one: ResultSeries) -> Entity | None:
    return entity_of(query, one.labels, owners)


def newest_above_zero(label: str, metric: str) -> str:
    """The newest count above zero of those that ask for none now.

    A subquery, since `last_over_time` of the metric itself would give the zero.
    """
    names = f"namespace, {label}, exported_namespace"
    asked = f"max by ({names}) ({metric})"
    return f"last_over_time(({asked} > 0)[2d:10m]) and on ({names}) ({asked} == 0)"


def _pairs(
    client: Prometheus, promql: str, now: datetime, key: Callable[[ResultSeries], Key]
) -> list[tuple[Key, float]]:
    try:
        return [(key(one), one.values[0]) for one in client.query(promql, now).series]
    except PrometheusError as error:
        log.info("no evidence by metrics", query=promql, error=f"{type(error).__name__}: {error}")
        return []


def _label(one: ResultSeries, name: str) -> str:
    return one.labels.get(f"exported_{name}") or one.labels.get(name, "")


def _namespace_and_label(label: str) -> Callable[[ResultSeries], tuple[str, str]]:
    return lambda one: (_label(one, "namespace"), _label(one, label))
