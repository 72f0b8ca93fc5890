"""What Prometheus knows of volumes, Secrets, certificates, requests, DNS and the API server.

Secrets only by their names and the time of their last change, as kube-state-metrics reports them;
they are never read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

import structlog

from detection.failures.context import Filling, Metrics
from detection.metrics.prometheus import Prometheus
from detection.metrics.responses import PrometheusError, ResultSeries

log = structlog.get_logger(__name__)
CLAIM = "namespace, persistentvolumeclaim, exported_namespace"
FREE = f"""min by ({CLAIM}) (
  kubelet_volume_stats_available_bytes / (kubelet_volume_stats_capacity_bytes > 0)
)"""
# Full within four hours by the last hour, and by its last quarter too: no sawtooth.
HOURS = f"""min by ({CLAIM}) (
  kubelet_volume_stats_available_bytes / (-deriv(kubelet_volume_stats_available_bytes[1h]) > 0)
  / 3600 <= 4
  and kubelet_volume_stats_available_bytes
    / (-deriv(kubelet_volume_stats_available_bytes[15m]) > 0) / 3600 <= 8
)"""
SECRETS = """max by (namespace, secret, exported_namespace, exported_secret) (kube_secret_info)"""
WINDOWS = {"5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21600, "24h": 86400}
WEEK = 7 * 86400
CERTIFICATES = f"""certmanager_certificate_expiration_timestamp_seconds - time() < {WEEK}"""
FILES = f"""x509_cert_not_after{{secret_name!=""}} - time() < {WEEK}"""
PROBES = f"""probe_ssl_earliest_cert_expiry - time() < {WEEK}"""
POD = "namespace, pod, exported_namespace, exported_pod"
ERRORS = " or ".join(
    f'sum by ({POD}) (rate(http_requests_total{{{label}=~"5.."}}[10m]))'
    f" / sum by ({POD}) (rate(http_requests_total[10m]) > 0)"
    for label in ("code", "status", "status_code")
)
DNS_ERRORS = """sum(rate(coredns_dns_responses_total{rcode="SERVFAIL"}[5m]))
/ (sum(rate(coredns_dns_responses_total[5m])) > 0)"""
OVERLOAD = {
    "requests are rejected by flow control": (
        "sum(rate(apiserver_flowcontrol_rejected_requests_total[5m])) > 0.5"
    ),
    "requests are answered with 429": 'sum(rate(apiserver_request_total{code="429"}[5m])) > 0.5',
    "the slowest hundredth of requests take seconds": (
        "histogram_quantile(0.99, sum by (le) (rate("
        'apiserver_request_duration_seconds_bucket{verb!~"WATCH|CONNECT|LIST|WATCHLIST"}[5m]'
        "))) > 2"
    ),
}


def surroundings(client: Prometheus, now: datetime) -> Metrics:
    """Only the fields that this module fills. Never raises: what fails is left out."""

    def ask(promql: str) -> list[ResultSeries]:
        try:
            return list(client.query(promql, now).series)
        except PrometheusError as error:
            log.info("no evidence by metrics", query=promql, error=f"{error}")
            return []

    return Metrics(
        volumes=_volumes(ask(FREE), ask(HOURS)),
        secrets=frozenset((_label(s, "namespace"), _label(s, "secret")) for s in ask(SECRETS)),
        changed=_changed(ask),
        certificates=_certificates(ask),
        error_ratios={(_label(s, "namespace"), _label(s, "pod")): s.values[0] for s in ask(ERRORS)},
        dns_error_ratio=next((s.values[0] for s in ask(DNS_ERRORS)), 0.0),
        overload=_overload(ask),
    )


Ask = Callable[[str], list[ResultSeries]]


def _label(one: ResultSeries, name: str) -> str:
    return one.labels.get(f"exported_{name}") or one.labels.get(name, "")


def _volumes(
    free: list[ResultSeries], hours: list[ResultSeries]
) -> Mapping[tuple[str, str], Filling]:
    trend = {_claim(one): one.values[0] for one in hours}
    return {_claim(one): Filling(one.values[0], trend.get(_claim(one))) for one in free}


def _claim(one: ResultSeries) -> tuple[str, str]:
    return _label(one, "namespace"), one.labels.get("persistentvolumeclaim", "")


def _changed(ask: Ask) -> Mapping[tuple[str, str, str], float]:
    """The shortest window that shows a change says when it was at the earliest."""
    found: dict[tuple[str, str, str], float] = {}
    for kind, label in (("Secret", "secret"), ("ConfigMap", "configmap")):
        metric = f"kube_{label}_metadata_resource_version"
        for one in ask(_changes_of(metric)):
            key = (kind, _label(one, "namespace"), _label(one, label))
            within = float(one.labels["within"])
            found[key] = min(found.get(key, within), within)
    return found


def _changes_of(metric: str) -> str:
    return " or ".join(
        f'label_replace(changes({metric}[{window}]) > 0, "within", "{seconds}", "", "")'
        for window, seconds in WINDOWS.items()
    )


def _certificates(ask: Ask) -> Mapping[tuple[str, str, str], float]:
    found: dict[tuple[str, str, str], float] = {}
    for one in ask(CERTIFICATES):
        found["Certificate", _label(one, "namespace"), one.labels.get("name", "")] = one.values[0]
    for one in ask(FILES):
        namespace = one.labels.get("secret_namespace") or _label(one, "namespace")
        found["Secret", namespace, one.labels["secret_name"]] = one.values[0]
    for one in ask(PROBES):
        instance = one.labels.get("instance", "")
        host = urlsplit(instance if "//" in instance else f"//{instance}").hostname or instance
        found["Host", "", host] = one.values[0]
    return found


def _overload(ask: Ask) -> str:
    said = [f"{what} ({s.values[0]:.1f})" for what, query in OVERLOAD.items() for s in ask(query)]
    return "; ".join(said)
