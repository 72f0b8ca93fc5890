"""Each kind of limit, from what Prometheus has to the finding: rising it is foretold, level not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from detection.detectors.forecast import LIMITS, Forecast
from detection.detectors.protocol import View
from detection.domain.facts import MetricFacts
from detection.domain.findings import Finding
from detection.metrics import history
from detection.metrics.backfill import frames_between
from detection.metrics.prometheus import Prometheus
from detection.metrics.queries import seeds
from detection.metrics.samples import Owner, Owners
from tests.detection.metrics.backends import real, simulated
from tests.detection.metrics.dataset import (
    APP,
    MIB,
    NOW,
    SPAN_SECONDS,
    Line,
    Value,
    constant,
)

OWNERS = Owners({"shop/cart-7d9-a": Owner("Deployment", "cart")})
NODE = {"job": "node-exporter", "instance": "10.1.0.1:9100"}
SCALER = {"namespace": "shop", "horizontalpodautoscaler": "cart-hpa"}
OWNER_OF = {
    "container_memory_ratio": "Deployment/cart",
    "node_memory_ratio": "Node/n1",
    "node_filesystem_ratio": "Node/n1",
    "volume_used_ratio": "PersistentVolumeClaim/data-db-0",
    "volume_inodes_ratio": "PersistentVolumeClaim/data-db-0",
    "hpa_replicas_ratio": "Deployment/cart",
    "quota_used_ratio": "ResourceQuota/team",
    "certificate_seconds_left": "Node/n1",
}


def climbing(low: float, high: float) -> Value:
    """Level for the first hour, then on a line."""
    return lambda seconds: low + (high - low) * max(0.0, 2 * seconds / SPAN_SECONDS - 1)


def by_ones(low: int, high: int) -> Value:
    """The same in whole numbers, as replicas and quotas go."""
    return lambda seconds: float(int(climbing(low, high + 0.999)(seconds)))


def used(share: Value, of: float) -> Value:
    """What is left, where `share` of it is used."""
    return lambda seconds: of * (1 - share(seconds))


def lines(share: Value, counted: Value, left: Value) -> Iterator[Line]:
    cadvisor = {"job": "cadvisor", "instance": "10.1.0.1:10250"}
    limit = {"resource": "memory", "unit": "byte"}
    yield Line("container_memory_working_set_bytes", cadvisor | APP | {"image": "a"},
               lambda seconds: 100 * MIB * share(seconds))  # fmt: skip
    yield Line("kube_pod_container_resource_limits", APP | limit, constant(100 * MIB))
    yield Line("node_uname_info", NODE | {"nodename": "n1"}, constant(1))
    yield Line("node_memory_MemAvailable_bytes", NODE, used(share, 1e10))
    yield Line("node_memory_MemTotal_bytes", NODE, constant(1e10))
    disk = NODE | {"device": "sda1", "fstype": "ext4", "mountpoint": "/"}
    yield Line("node_filesystem_avail_bytes", disk, used(share, 1e9))
    yield Line("node_filesystem_size_bytes", disk, constant(1e9))
    claim = {"namespace": "shop", "persistentvolumeclaim": "data-db-0"}
    yield Line("kubelet_volume_stats_available_bytes", claim, used(share, 1e9))
    yield Line("kubelet_volume_stats_capacity_bytes", claim, constant(1e9))
    yield Line("kubelet_volume_stats_inodes_used", claim, lambda seconds: 1e6 * share(seconds))
    yield Line("kubelet_volume_stats_inodes", claim, constant(1e6))
    target = SCALER | {"scaletargetref_kind": "Deployment", "scaletargetref_name": "cart"}
    yield Line("kube_horizontalpodautoscaler_info", target, constant(1))
    yield Line("kube_horizontalpodautoscaler_status_current_replicas", SCALER, counted)
    yield Line("kube_horizontalpodautoscaler_spec_max_replicas", SCALER, constant(10))
    for kind, value in (("hard", constant(10)), ("used", counted)):
        quota = {"namespace": "shop", "resourcequota": "team", "resource": "pods", "type": kind}
        yield Line("kube_resourcequota", quota, value)
    kubelet = {"job": "kubelet", "instance": "10.1.0.1:10250", "node": "n1"}
    yield Line("kubelet_certificate_manager_client_ttl_seconds", kubelet, constant(3e7))
    yield Line("kubelet_certificate_manager_server_ttl_seconds", kubelet, left)


RISING = [*lines(climbing(0.3, 0.8), by_ones(3, 8), lambda at: 4e5 - at)]
LEVEL = [*lines(climbing(0.8, 0.8), by_ones(8, 8), constant(3e7))]


def found(client: Prometheus) -> dict[str, Finding]:
    frames = frames_between(seeds(), client, OWNERS, NOW - timedelta(hours=1), NOW)
    view = View(history.window_of(frames), seeds(), NOW, OWNERS)
    return {str(finding.facts.of(MetricFacts).metric): finding for finding in Forecast().find(view)}


def check(client: Prometheus) -> None:
    told = found(client)
    assert {name: f"{f.owner.kind}/{f.owner.name}" for name, f in told.items()} == OWNER_OF
    for name, finding in told.items():
        prediction = finding.facts.prediction
        assert prediction["earliest_seconds"] <= prediction["seconds"]
        assert prediction["seconds"] <= prediction["latest_seconds"]
        if name != "certificate_seconds_left":
            assert 600 < prediction["seconds"] < 2400, (name, prediction)
            assert prediction["text"].startswith("reaches 100 % in ")


def test_every_kind_of_limit_that_is_approached_is_foretold() -> None:
    assert set(OWNER_OF) == set(LIMITS)
    with simulated(RISING) as client:
        check(client)


@pytest.mark.live
def test_every_kind_of_limit_is_foretold_from_the_real_prometheus(tmp_path: Path) -> None:
    with real(RISING, tmp_path) as client:
        check(client)


def test_what_stays_level_is_not_foretold() -> None:
    with simulated(LEVEL) as client:
        assert found(client) == {}
