"""Services that lead nowhere, and what looks like one and is none."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.manifests.expand import uid_of
from detection.domain.causes import Cause
from detection.domain.findings import Finding
from remediation.playbooks import diagnose
from tests.detection.builders import incidents, snapshot_of

Entry = dict[str, Any]
MADE = {"creationTimestamp": "-9d", "namespace": "shop"}


def service(name: str = "desk", **more: Any) -> Entry:
    ports = [{"port": 80, "targetPort": 8080}]
    spec = {"clusterIP": "10.0.0.9", "selector": {"app": name}, "ports": ports} | more
    return {
        "raw": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": MADE | {"name": name, "uid": uid_of("Service", "shop", name)},
            "spec": spec,
        }
    }


def ingress(port: Entry | None = None, to: str = "desk") -> Entry:
    backend = {"service": {"name": to, "port": port or {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    spec = {"rules": [{"host": "x.example", "http": {"paths": paths}}]}
    return {"raw": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": MADE | {"name": "door"}, "spec": spec}}  # fmt: skip


def found(*entries: Entry) -> list[Finding]:
    return incidents(snapshot_of(*entries))


def test_an_ingress_to_a_service_without_any_workload_is_an_outage() -> None:
    (one,) = found(service(), ingress())
    assert (one.cause, one.owner.kind) == (Cause.SERVICE_LEADS_NOWHERE, "Service")


def test_a_leftover_that_nothing_leads_to_is_none() -> None:
    assert found(service()) == []


def test_a_workload_at_zero_that_would_make_pods_is_another_matter() -> None:
    workload = {"deployment": "desk", "replicas": 0, "pods": [], "labels": {"app": "desk"}}
    assert Cause.SERVICE_LEADS_NOWHERE not in {
        f.cause for f in found(service(), ingress(), workload)
    }


def test_a_load_balancer_that_the_cloud_refuses_is_told_with_its_words() -> None:
    balancer = service("web", type="LoadBalancer", selector={})
    about = {"kind": "Service", "name": "web"}
    event = {"event": "SyncLoadBalancerFailed", "about": about, "type": "Warning", "age": "1m",
             "message": "quota of addresses is used up"}  # fmt: skip
    assert found(balancer) == []
    (one,) = found(balancer, event)
    assert "no address" in one.summary
    assert "quota of addresses is used up" in one.evidence[0].text


@pytest.mark.parametrize(("port", "broken"), [({"number": 80}, False), ({"number": 9091}, True)])
def test_a_port_that_the_service_lacks_breaks_the_ingress(port: Entry, broken: bool) -> None:
    workload = {"deployment": "desk", "pods": [{}], "labels": {"app": "desk"}}
    causes = {f.cause for f in found(service(), ingress(port), workload)}
    assert (Cause.INGRESS_BROKEN in causes) == broken


def test_pods_that_are_well_behind_a_refused_load_balancer_are_not_called_down() -> None:
    balancer = service("web", type="LoadBalancer")
    workload = {"deployment": "web", "replicas": 1, "pods": [{}], "labels": {"app": "web"}}
    event = {"event": "SyncLoadBalancerFailed", "about": {"kind": "Service", "name": "web"},
             "type": "Warning", "age": "1m", "message": "no subnet"}  # fmt: skip
    (one,) = found(balancer, workload, event)
    assert "1 of 1 endpoint ready" in one.facts.impact
    assert not any("workload back" in line for line in diagnose(one).recommendations)
