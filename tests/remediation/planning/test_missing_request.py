"""F39: a container without a request is offered one, and a person is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.facts import AutoscalerFacts, MemoryFacts
from detection.domain.findings import Finding
from detection.snapshot import Snapshot
from remediation.planning.candidates import candidates
from remediation.planning.situation import situation_of
from remediation.playbooks import playbook_of
from remediation.playbooks.base import Verdict
from tests.detection.builders import incidents, snapshot_of

MISSING = "failed to get cpu utilization: missing request for cpu in container sidecar of Pod p-1"


def scaled(resource: str = "cpu", **sidecar: Any) -> Snapshot:
    """A Deployment whose container `app` asks for cpu and memory, and its sidecar as told."""
    target = {"type": "Utilization", "averageUtilization": 70}
    return snapshot_of(
        {"deployment": "picker", "replicas": 2, "age": "3d", "containers": [
            {"name": "app", "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}}},
            {"name": "sidecar", **sidecar}]},
        {"hpa": "picker",
         "metrics": [{"type": "Resource", "resource": {"name": resource, "target": target}}],
         "conditions": {"ScalingActive": {"status": "False", "reason": "FailedGetResourceMetric",
                                          "message": MISSING, "age": "20m"}}},
    )  # fmt: skip


def found(snapshot: Snapshot) -> Finding:
    return next(item for item in incidents(snapshot) if item.cause == Cause.HPA_NO_METRICS)


@pytest.mark.parametrize(("resource", "asked"), [("cpu", "100m"), ("memory", "128Mi")])
def test_the_resource_that_is_measured_is_asked_for_by_the_container_that_lacks_it(
    resource: str, asked: str
) -> None:
    snapshot = scaled(resource)
    first = candidates(found(snapshot), snapshot, snapshot.at)[0]
    assert first.action == "adjust_resources"
    assert first.parameters["container"] == "sidecar"
    assert first.parameters[f"{resource}_request"] == asked
    assert f"sidecar ask for {resource} {asked}" in first.description
    mode = playbook_of(Cause.HPA_NO_METRICS).mode(
        situation_of(found(snapshot), snapshot, snapshot.at)
    )
    assert mode == Verdict.ASK


def test_where_it_is_not_known_what_is_missing_nothing_is_offered() -> None:
    snapshot = scaled(resources={"requests": {"cpu": "50m"}})
    offered = candidates(found(snapshot), snapshot, snapshot.at)
    assert [item.action for item in offered] == ["escalate"]
    known = found(scaled()).facts
    odd = replace(found(scaled()), facts=known | AutoscalerFacts(missing="example.com/gpu"))
    assert [i.action for i in candidates(odd, scaled(), snapshot.at)] == ["escalate"]


@pytest.mark.parametrize(("kind", "offered"), [("statefulset", False), ("deployment", True)])
def test_a_restart_that_waits_for_the_crashing_member_for_ever_is_not_offered(
    kind: str, offered: bool
) -> None:
    snapshot = snapshot_of({kind: "cache", "replicas": 1, "age": "9d", "pods": [
        {"age": "9d", "state": "unready"}]})  # fmt: skip
    item = snapshot.workloads[0]
    leak = replace(found(scaled()), cause=Cause.OOM_LEAK, owner=item.ref, facts=MemoryFacts())
    actions = [one.action for one in candidates(leak, snapshot, snapshot.at)]
    assert any(one.startswith("restart_") for one in actions) == offered
