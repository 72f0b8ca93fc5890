"""The clients that detection works with, made from the settings: read rights only."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from detection.kubernetes.client import Connection, connect
from detection.metrics.prometheus import Prometheus
from detection.models import Cluster

IN_CLUSTER = "default"


def current_cluster() -> Cluster:
    """The one watched cluster, made at first use from the settings."""
    cluster, _ = Cluster.objects.get_or_create(
        name=settings.CLUSTER_NAME or settings.KUBE_CONTEXT or IN_CLUSTER,
        defaults={"context": settings.KUBE_CONTEXT, "prometheus_url": settings.PROMETHEUS_URL},
    )
    return cluster


@lru_cache(maxsize=1)
def reader() -> Connection:
    """The connection that scan and detect use. Raises NotConfigured."""
    return connection(settings.KUBE_READ_KUBECONFIG, settings.KUBE_READ_TOKEN_FILE)


def connection(own_kubeconfig: str, token_file: str) -> Connection:
    """A kubeconfig of our own, else KUBE_CONTEXT, else the in-cluster account.

    KUBECONFIG counts only together with KUBE_CONTEXT: a kubeconfig that lies around is not used.
    """
    if own_kubeconfig:
        return connect(kubeconfig=own_kubeconfig, token_file=token_file)
    kubeconfig = settings.KUBECONFIG if settings.KUBE_CONTEXT else ""
    return connect(settings.KUBE_CONTEXT, kubeconfig, token_file)


@lru_cache(maxsize=1)
def prometheus() -> Prometheus | None:
    """None where PROMETHEUS_URL is empty on purpose: scan only."""
    if not settings.PROMETHEUS_URL:
        return None
    headers = dict(pair.split("=", 1) for pair in settings.PROMETHEUS_HEADERS if "=" in pair)
    return Prometheus(
        settings.PROMETHEUS_URL,
        token=settings.PROMETHEUS_TOKEN,
        ca=settings.PROMETHEUS_CA,
        headers=headers,
        matchers=settings.PROMETHEUS_MATCHERS,
    )
