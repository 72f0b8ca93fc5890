"""Restarts and certificates are foretold from what Prometheus and the objects say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding
from detection.failures import find_all
from detection.failures.context import Context, Metrics
from detection.metric_evidence.infrastructure import surroundings
from detection.metric_evidence.restarts import restart_rhythms
from detection.metrics.prometheus import Prometheus
from detection.metrics.samples import Owner, Owners
from detection.snapshot import Snapshot
from tests.detection.builders import incidents, snapshot_of
from tests.detection.metrics.backends import real, simulated
from tests.detection.metrics.dataset import APP, NOW, SPAN_SECONDS, Line, constant

OWNERS = Owners({"shop/cart-7d9-a": Owner("Deployment", "cart", "u")})
CART = ("Deployment", "shop", "cart", "app")
TARGET = {"job": "kube-state-metrics", "instance": "10.0.0.0:8080"}


INGRESS = {
    "raw": {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "shop", "uid": "i"},
        "spec": {"tls": [{"secretName": "web-tls", "hosts": ["a.example"]}]},
    }
}


def managed(begins: str, ends: str) -> dict[str, Any]:
    """A Certificate of cert-manager."""
    return {
        "raw": {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": {"name": "web", "namespace": "shop", "uid": "c"},
            "spec": {"secretName": "web-tls"},
            "status": {"notBefore": begins, "notAfter": ends},
        }
    }


def counter(every_seconds: float, until: float = SPAN_SECONDS) -> Line:
    """Restarts at even times up to `until`, and none after."""
    return Line(
        "kube_pod_container_status_restarts_total",
        TARGET | APP,
        lambda seconds: float(min(seconds, until) // every_seconds),
        counter=True,
    )


def certificate(days: float) -> list[Line]:
    ends = NOW.timestamp() + days * 86400
    manager = {"name": "web", "exported_namespace": "shop", "namespace": "cert-manager"}
    file = {"secret_namespace": "shop", "secret_name": "web-tls"}
    return [
        Line("certmanager_certificate_expiration_timestamp_seconds", manager, constant(ends)),
        Line("x509_cert_not_after", file, constant(ends)),
        Line("probe_ssl_earliest_cert_expiry", {"instance": "https://a.example"}, constant(ends)),
    ]


def check_rhythm(client: Prometheus) -> None:
    (found,) = restart_rhythms(client, NOW, OWNERS).items()
    key, told = found
    assert (key, told.pod) == (CART, "cart-7d9-a")
    assert abs(told.rhythm.every_seconds - 1500) <= 60
    assert abs(told.rhythm.next.seconds - 300) <= 120


def test_a_rhythm_of_restarts_is_read_from_prometheus() -> None:
    with simulated([counter(1500)]) as client:
        check_rhythm(client)


@pytest.mark.live
def test_a_rhythm_of_restarts_is_read_from_the_real_prometheus(tmp_path: Path) -> None:
    with real([counter(1500)], tmp_path) as client:
        check_rhythm(client)


def test_a_rhythm_that_broke_off_is_none_any_more() -> None:
    with simulated([counter(900, until=4000)]) as client:
        assert restart_rhythms(client, NOW, OWNERS) == {}


def test_a_prometheus_that_does_not_answer_tells_of_no_rhythm() -> None:
    assert restart_rhythms(Prometheus("http://127.0.0.1:1"), NOW, OWNERS) == {}


def running(**more: Any) -> Snapshot:
    state = {"restarts": 5, "exit": 137, "ended": "20m", "ran": "25m", "running": "20m"} | more
    pods = [{"age": "3h", "containers": {"app": state}}]
    return snapshot_of(
        {"deployment": "cart", "ns": "shop", "revisions": [{"image": "a:1", "pods": pods}]}
    )


def restarting(snapshot: Snapshot) -> list[Finding]:
    """What the scan finds where Prometheus saw a restart every 25 minutes."""
    (owner,) = snapshot.owners_of_pods
    (pod,) = snapshot.pods_below(owner)
    with simulated([counter(1500)]) as client:
        ((_, told),) = restart_rhythms(client, NOW, OWNERS).items()
    key = (owner.kind, owner.namespace, owner.name, "app")
    metrics = Metrics(restarts={key: replace(told, pod=pod.metadata.name)})
    return forecasts(snapshot, metrics)


def test_a_container_that_keeps_restarting_is_a_predicted_failure_with_its_next_time() -> None:
    (found,) = restarting(running())
    assert (found.severity, found.source) == (Severity.WARNING, "forecast")
    assert "is restarted about every 25 min" in found.summary
    told = found.facts.prediction
    assert told["text"].startswith("restarts again in")
    assert told["earliest_seconds"] <= told["seconds"] <= told["latest_seconds"]
    assert told["limit"] == told["value"] + 1


def test_a_container_that_ends_well_each_time_is_meant_to() -> None:
    assert restarting(running(exit=0)) == []


@pytest.mark.parametrize(("days", "expected"), [(3.5, Severity.INFO), (0.5, Severity.WARNING)])
def test_a_certificate_that_ends_soon_is_foretold_by_metrics_where_no_object_tells(
    days: float, expected: Severity
) -> None:
    snapshot = snapshot_of(INGRESS)
    with simulated(certificate(days)) as client:
        metrics = surroundings(client, NOW)
    (found,) = forecasts(snapshot, metrics)
    assert (found.owner.kind, found.severity, found.source) == ("Ingress", expected, "forecast")
    assert found.facts.prediction["seconds"] == round(days * 86400)


def test_a_certificate_with_weeks_left_is_no_forecast() -> None:
    with simulated(certificate(20)) as client:
        assert forecasts(snapshot_of(INGRESS), surroundings(client, NOW)) == []


def test_a_certificate_that_is_over_is_a_failure_and_no_forecast() -> None:
    with simulated(certificate(-1)) as client:
        metrics = surroundings(client, NOW)
    found = incidents(snapshot_of(INGRESS), Context(snapshot_of(INGRESS).at, metrics=metrics))
    assert {finding.cause for finding in found} >= {Cause.CERT_EXPIRED}
    assert Cause.FORECAST_BREACH not in {finding.cause for finding in found}


def forecasts(snapshot: Snapshot, metrics: Metrics) -> list[Finding]:
    found = find_all(snapshot, Context(snapshot.at, metrics=metrics))
    opened = [one for one in found if one.opens_at <= snapshot.at]
    return [one for one in opened if one.cause == Cause.FORECAST_BREACH]


def test_a_certificate_that_was_not_renewed_in_time_is_foretold_by_its_object() -> None:
    snapshot = snapshot_of(managed("2025-12-04T12:00:00Z", "2026-03-04T12:00:00Z"))
    (found,) = forecasts(snapshot, Metrics())
    assert found.owner.kind == "Certificate"
    assert "expires in 3 d" in found.summary
    assert found.facts.prediction["predicted_at"].startswith("2026-03-04T12:00")


def test_a_certificate_for_a_day_is_left_alone_until_the_last_of_it() -> None:
    young = managed("2026-03-01T06:00:00Z", "2026-03-02T06:00:00Z")
    late = managed("2026-02-28T15:00:00Z", "2026-03-01T15:00:00Z")
    assert forecasts(snapshot_of(young), Metrics()) == []
    assert len(forecasts(snapshot_of(late), Metrics())) == 1
