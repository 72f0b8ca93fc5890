"""Failures around workloads: what must not be taken for one, and what a log can't do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from detection.domain.causes import Cause
from detection.domain.findings import Finding
from detection.failures.context import Context, Filling, Metrics
from tests.detection.builders import NOW, crash, incidents, snapshot_of

Entry = Mapping[str, Any]
READY = {"deployment": "store", "replicas": 2, "age": "30d"}
RELEASE = {
    "deployment": "shopfront",
    "replicas": 2,
    "revisions": [
        {"image": "r/s:1", "age": "30d", "replicas": 1, "pods": [{}]},
        {"image": "r/s:2", "age": "9m", "pods": [{"age": "9m", "containers": crash()}]},
    ],
}


def found(*entries: Entry, logs: Mapping[str, str] | None = None, **more: Any) -> list[Finding]:
    """`logs`: the pod's app label → what all its pods wrote."""
    snapshot = snapshot_of(*entries)
    texts = {
        (pod.metadata.namespace, pod.metadata.name, "app"): text
        for pod in snapshot.pods
        for app, text in (logs or {}).items()
        if pod.metadata.labels.get("app") == app
    }
    context = Context(NOW, metrics=Metrics(**more))
    return incidents(replace(snapshot, logs=texts), context)


def causes(findings: list[Finding]) -> list[Cause]:
    return [finding.cause for finding in findings]


def test_a_service_of_a_workload_at_zero_is_no_mismatch() -> None:
    scaled = {"deployment": "store", "replicas": 0, "age": "30d"}
    assert found(scaled, {"service": "store"}, {"deployment": "store-v2", "replicas": 1}) == []


def test_a_second_service_for_an_undeclared_port_is_none_either() -> None:
    shape = {**READY, "containers": [{"name": "app", "ports": [{"containerPort": 8080}]}]}
    metrics = {"service": "store-metrics", "selector": {"app": "store"},
               "ports": [{"port": 9090, "targetPort": 9090}]}  # fmt: skip
    assert found(shape, {"service": "store"}, metrics) == []


def test_one_caller_that_is_refused_makes_no_incident_of_a_healthy_dependency() -> None:
    caller = {"deployment": "caller", "replicas": 1, "age": "30d"}
    said = {"caller": "connection refused store:80"}
    assert found(READY, {"service": "store"}, caller, logs=said) == []


def test_no_line_in_a_log_turns_a_proven_release_away() -> None:
    said = {"shopfront": "x509: certificate has expired\nconnection refused store:80"}
    assert causes(found(RELEASE, READY, {"service": "store"}, logs=said)) == [Cause.BAD_RELEASE]


def test_a_volume_that_is_half_full_and_does_not_fill_is_well() -> None:
    claim = {
        "raw": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "c", "namespace": "shop", "uid": "c"},
            "status": {"phase": "Bound", "capacity": {"storage": "10Gi"}},
        }
    }
    well = {("shop", "c"): Filling(0.5)}
    full = {("shop", "c"): Filling(0.02)}
    assert found(claim, volumes=well) == []
    assert causes(found(claim, volumes=full)) == [Cause.VOLUME_FILLING]


def test_without_metrics_of_secrets_no_certificate_is_called_missing() -> None:
    spec = {"tls": [{"hosts": ["a.example"], "secretName": "a"}]}
    meta = {"name": "a", "namespace": "shop", "uid": "i", "creationTimestamp": "-9d"}
    ingress = {
        "raw": {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": meta,
            "spec": spec,
        }
    }
    assert found(ingress) == []
    other = frozenset({("shop", "b")})
    assert causes(found(ingress, secrets=other)) == [Cause.INGRESS_BROKEN]


def test_a_namespace_has_a_quarter_of_an_hour_to_end() -> None:
    for age, expected in (("-5m", []), ("-20m", [Cause.NAMESPACE_TERMINATING])):
        meta = {"name": "old", "uid": "n", "deletionTimestamp": age}
        entry = {"raw": {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}}
        assert causes(found(entry)) == expected
