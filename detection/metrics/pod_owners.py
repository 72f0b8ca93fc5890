"""Who owns a pod, by Prometheus: the way while no scan of the cluster has told it.

Prometheus knows no UIDs of controllers, so these owners have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from detection.metrics.prometheus import Prometheus
from detection.metrics.responses import PrometheusError, ResultSeries
from detection.metrics.samples import Owner, Owners, owners_of

LOOKBACK_SECONDS = 3600
CHAIN = {
    "pod": "kube_pod_owner",
    "replicaset": "kube_replicaset_owner",
    "job_name": "kube_job_owner",
}
LABELS_OF_KIND = {"ReplicaSet": "replicaset", "Job": "job_name"}
Child = tuple[str, str, str]


def owners_by_prometheus(
    client: Prometheus, now: datetime, lookback_seconds: int = LOOKBACK_SECONDS
) -> Owners:
    """The top controller of each pod that lived within the lookback. Raises a PrometheusError."""
    links: dict[Child, Owner] = {}
    for label, metric in CHAIN.items():
        answer = client.query(_promql(label, metric, lookback_seconds), now)
        links |= dict(link for one in answer.series if (link := _link(label, one)))
    pods = {
        f"{namespace}/{name}": _top(owner, namespace, links)
        for (label, namespace, name), owner in links.items()
        if label == "pod"
    }
    return owners_of(pods)


def known_or_asked(known: Owners, client: Prometheus, now: datetime) -> Owners:
    """The scan's owners, else those by Prometheus, else none: pods then stand for themselves."""
    if known.pods:
        return known
    try:
        return owners_by_prometheus(client, now)
    except PrometheusError:
        return Owners()


def _promql(label: str, metric: str, lookback_seconds: int) -> str:
    names = f"namespace, {label}, exported_namespace, exported_{label}, owner_kind, owner_name"
    return f"max by ({names}) (last_over_time({metric}[{lookback_seconds}s]))"


def _link(label: str, one: ResultSeries) -> tuple[Child, Owner] | None:
    labels = one.labels
    name = labels.get(f"exported_{label}") or labels.get(label, "")
    namespace = labels.get("exported_namespace") or labels.get("namespace", "")
    kind, owner = labels.get("owner_kind", ""), labels.get("owner_name", "")
    if not owner or owner == "<none>":
        return None
    return (label, namespace, name), Owner(kind, owner)


def _top(owner: Owner, namespace: str, links: Mapping[Child, Owner]) -> Owner:
    label = LABELS_OF_KIND.get(owner.kind, "")
    above = links.get((label, namespace, owner.name))
    return above or owner
