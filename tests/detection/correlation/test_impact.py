"""Who is served less: counted, and nothing said where nothing was counted."""

from __future__ import annotations

from typing import Any

import pytest

from detection.correlation.impact import impact_of
from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding, ObjectRef
from detection.snapshot import Snapshot
from tests.detection.builders import NOW, snapshot_of

CRASHED = {"containers": {"app": {"waiting": "CrashLoopBackOff", "exit": 1, "restarts": 5}}}


def about(kind: str, name: str, related: tuple[ObjectRef, ...] = ()) -> Finding:
    owner = ObjectRef(kind, "shop", name)
    return Finding(Cause.UNCLASSIFIED, owner, Severity.WARNING, "seen", NOW, NOW, related=related)


def said(snapshot: Snapshot, kind: str = "Deployment") -> str:
    refs = [ref for ref in snapshot.owners_of_pods if ref.kind == kind and ref.name == "cart"]
    finding = about(kind, "cart")
    owner = refs[0] if refs else finding.owner
    return impact_of(Finding(finding.cause, owner, finding.severity, "seen", NOW, NOW), snapshot)


def cart(*pods: dict[str, Any]) -> dict[str, Any]:
    return {"deployment": "cart", "replicas": len(pods), "pods": list(pods)}


@pytest.mark.parametrize(
    ("pods", "replicas", "endpoints"),
    [
        ([{}, {}], "All of it is ready (2 of 2 replicas).", "2 of 2 endpoints ready"),
        ([{}, CRASHED], "1 of 2 replicas ready.", "1 of 2 endpoints ready"),
        ([CRASHED, CRASHED], "No ready replicas (2 wanted).", "no endpoint ready"),
    ],
)
def test_replicas_and_endpoints_are_counted(
    pods: list[dict[str, Any]], replicas: str, endpoints: str
) -> None:
    text = said(snapshot_of(cart(*pods), {"service": "cart"}))
    assert replicas in text
    assert f"Service shop/cart has {endpoints}" in text


def test_a_service_that_other_pods_serve_too_is_not_called_down() -> None:
    older = {"deployment": "cart-old", "replicas": 2, "pods": [{}, {}], "labels": {"app": "cart"}}
    text = said(snapshot_of(cart(CRASHED), older, {"service": "cart"}))
    assert "No ready replicas (1 wanted)." in text


def test_a_job_serves_nobody() -> None:
    assert "serve" not in impact_of(about("Job", "load"), snapshot_of())


def test_nothing_is_said_where_pods_could_not_be_read() -> None:
    snapshot = snapshot_of(cart({}))
    snapshot.blind["kubernetes/pods"] = "403"
    assert said(snapshot) == ""


def test_a_thing_names_how_many_of_its_users_are_down() -> None:
    snapshot = snapshot_of(cart(CRASHED))
    related = tuple(ref for ref in snapshot.owners_of_pods if ref.name == "cart")
    text = impact_of(about("Node", "a", related), snapshot)
    assert text == "1 workload is concerned, 1 of them without a ready replica."
