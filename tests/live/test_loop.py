"""The main job, nothing simulated: the product's processes, a real control plane with RBAC,
Debian's Redis and a real Prometheus.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.target import Space
from tests.live.accounts import Accounts
from tests.live.product import RealProduct, running
from tests.live.scenes import deployed, is_rolled_back, release
from tests.system.peers import debian_prometheus, debian_redis, exporter
from tests.system.product import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
EXPOSED = 'queries_waiting{namespace="shop",deployment="search"} 1\n'


def test_auto_rolls_a_bad_image_back_and_verifies_it(
    shop: Space, accounts: Accounts, tmp_path: Path
) -> None:
    with (
        debian_redis(tmp_path) as broker,
        exporter(EXPOSED) as target,
        debian_prometheus(tmp_path, target) as prometheus,
        running(
            tmp_path,
            accounts,
            DEFAULT_REMEDIATION_MODE="AUTO",
            CELERY_BROKER_URL=broker,
            PROMETHEUS_URL=prometheus,
        ) as product,
    ):
        deployed(shop)
        wait_for("all parts to be healthy", lambda: all_healthy(product))
        release(shop, "nginx:missing")
        event = product.event("web", "Resolved")
        check_resolved(event, shop)
        assert is_rolled_back(shop)
        assert product.pids("--unixsocket") == [], "the broker is Debian's"
        assert all_healthy(product), product.services()


def all_healthy(product: RealProduct) -> bool:
    states = {name: part["status"] for name, part in product.services().items()}
    states.pop("gemini")
    return set(states.values()) == {"healthy"}


def check_resolved(event: dict[str, Any], shop: Space) -> None:
    assert event["cause"] == "IMAGE_NOT_FOUND"
    assert event["owner"]["namespace"] == shop.name
    (attempt,) = event["remediation_attempts"]
    assert attempt["command"] == f"rollback_deployment name=web namespace={shop.name} revision=1"
    assert (attempt["executor"], attempt["success"]) == ("AUTO", True)
    assert any("nginx:missing → nginx:1.27" in line for line in attempt["diff"]), attempt["diff"]
    steps = [row["after"] for row in event["timeline"] if row["kind"] == "status"]
    assert steps[0] == "Detected"
    assert steps[-3:] == ["RemediationAttempted", "VerificationPending", "Resolved"]
    assert event["resolution_time"]
