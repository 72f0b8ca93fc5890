"""In which rhythm containers restart, asked of Prometheus for those that did so several times."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from detection.failures.context import Restarts
from detection.forecasting.restart_interval import FEWEST_RESTARTS, restart_times, rhythm_of
from detection.metrics.prometheus import Prometheus
from detection.metrics.promql import one_of
from detection.metrics.responses import PrometheusError, ResultSeries
from detection.metrics.samples import Entity, Owners, Query, entity_of

log = structlog.get_logger(__name__)
HOURS, STEP_SECONDS = 12, 60
MOST_PODS = 40
COUNTS = "namespace, pod, container, exported_namespace, exported_pod, exported_container"
OFTEN = f"""topk({MOST_PODS}, max by ({COUNTS}) (
  increase(kube_pod_container_status_restarts_total[{HOURS}h])
) > {FEWEST_RESTARTS - 2})"""
QUERY = Query("container_restarts", OFTEN, "pod")
Found = dict[tuple[str, str, str, str], Restarts]


def restart_rhythms(client: Prometheus, now: datetime, owners: Owners) -> Found:
    """(kind, namespace, name, container) → its pod that is due first. Never raises."""
    found: Found = {}
    for one in _counts(client, now):
        entity = entity_of(QUERY, one.labels, owners)
        restarts = restart_times(one.times, one.values)
        rhythm = rhythm_of(restarts, now.timestamp(), STEP_SECONDS)
        if entity and rhythm and _first(found, entity, rhythm.next.seconds):
            found[entity[:4]] = Restarts(entity.pod, rhythm)
    return found


def _first(found: Found, entity: Entity, seconds: float) -> bool:
    return entity[:4] not in found or seconds < found[entity[:4]].rhythm.next.seconds


def _counts(client: Prometheus, now: datetime) -> list[ResultSeries]:
    """The counters of the containers that restarted most often; one that ended is left out."""
    try:
        pods = sorted({_pod(one) for one in client.query(OFTEN, now).series} - {""})
        if not pods:
            return []
        start = now - timedelta(hours=HOURS)
        named = one_of(pods)
        promql = f"""max by ({COUNTS}) (
          kube_pod_container_status_restarts_total{{pod=~{named}}}
          or kube_pod_container_status_restarts_total{{exported_pod=~{named}}}
        )"""
        answer = client.query_range(promql, start, now, STEP_SECONDS)
    except PrometheusError as error:
        log.info("no evidence by metrics", query="restarts", error=str(error))
        return []
    return [one for one in answer.series if now.timestamp() - one.times[-1] <= 2 * STEP_SECONDS]


def _pod(one: ResultSeries) -> str:
    return one.labels.get("exported_pod") or one.labels.get("pod", "")
