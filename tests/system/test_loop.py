"""The main job with real processes: broker, workers, beat, web and the simulated cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pairs.own import SMALL, Pair
from tests.system.peers import debian_prometheus, debian_redis, exporter
from tests.system.product import Product, running

EXPOSED = 'queries_waiting{namespace="shop",deployment="search"} 250\n'
OWN_QUERY = """
from detection.models import MetricQuery
MetricQuery.objects.create(
    name="queries_waiting", query="max by (namespace, deployment) (queries_waiting)",
    entity_kind="workload", threshold=100, dwell_seconds=4, severity="warning",
)
"""
pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def test_auto_rolls_a_bad_image_back_and_verifies_it(tmp_path: Path, pair: Pair) -> None:
    with running(tmp_path, pair, DEFAULT_REMEDIATION_MODE="AUTO") as product:
        _resolved_by_rollback(product, executor="AUTO")


def test_manual_waits_for_an_approval_over_the_api(tmp_path: Path, pair: Pair) -> None:
    with running(tmp_path, pair) as product:
        name = product.inject("image_not_found")["target"].rpartition("/")[2]
        event = product.event(name, "AwaitingApproval")
        assert product.writes() == []
        plan = event["plan"]
        path = f"remediation/events/{event['anomaly_id']}"
        unseen = product.send("POST", f"{path}/approve", {"plan": plan["id"]})
        assert unseen.status_code == 400
        body = {"plan": plan["id"], "digest": plan["digest"], "reason": "looks right"}
        assert product.send("POST", f"{path}/approve", body).status_code == 202
        _check_resolved(product, product.event(name, "Resolved"), executor="admin")


@pytest.mark.live
def test_the_same_with_redis_from_debian(tmp_path: Path) -> None:
    with debian_redis(tmp_path) as url:
        environment = {"CELERY_BROKER_URL": url, "DEFAULT_REMEDIATION_MODE": "AUTO"}
        with running(tmp_path, SMALL, **environment) as product:
            assert product.pids("--unixsocket") == []
            _resolved_by_rollback(product, executor="AUTO")


@pytest.mark.live
def test_a_threshold_incident_from_a_real_prometheus(tmp_path: Path) -> None:
    """An exporter of somebody's own, a query of the operator's own, a real Prometheus between."""
    product = Product(tmp_path)
    with exporter(EXPOSED) as target, debian_prometheus(tmp_path, target) as url:
        product.environment["PROMETHEUS_URL"] = url
        try:
            product.start()
            product.shell(OWN_QUERY)
            event = product.event("search", "RemediationSuggested", "Escalated")
        finally:
            product.kill_everything()
    assert (event["cause"], event["severity"]) == ("THRESHOLD_BREACH", "warning")
    assert "threshold 100" in event["notes"] + str(event["evidence"])
    assert event["owner"]["uid"], "the series' labels lead to the object of the scan"
    assert event["remediation_attempts"] == []


def _resolved_by_rollback(product: Product, executor: str) -> None:
    name = product.inject("image_not_found")["target"].rpartition("/")[2]
    _check_resolved(product, product.event(name, "Resolved"), executor)


def _check_resolved(product: Product, event: dict[str, Any], executor: str) -> None:
    assert event["cause"] == "IMAGE_NOT_FOUND"
    [attempt] = event["remediation_attempts"]
    assert attempt["command"].startswith("rollback_deployment name=")
    assert (attempt["executor"], attempt["success"]) == (executor, True)
    assert event["resolution_time"]
    assert len(product.writes()) == 1
    steps = [row["after"] for row in event["timeline"] if row["after"]]
    assert steps[0] == "Detected"
    assert steps[-3:] == ["RemediationAttempted", "VerificationPending", "Resolved"]
