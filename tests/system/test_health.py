"""Health as the real processes leave it: every queue with its worker, and how long it waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pairs.own import Pair
from tests.system.product import Product, running, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
TICKED = ("detect", "sweep")


def health(product: Product) -> dict[str, Any]:
    return dict(product.session.get(f"{product.base}/api/v1/health/", timeout=10).json())


def all_well(product: Product) -> dict[str, Any] | None:
    """Healthy, and each queue that ticks has begun a message."""
    found = health(product)
    queues = found["services"]["workers"]["queues"]
    timed = all(queues[name]["latency_ms"] is not None for name in TICKED)
    return found if found["overall_status"] == "healthy" and timed else None


def test_every_part_tells_its_state_since_when_and_how_long_it_takes(
    tmp_path: Path, pair: Pair
) -> None:
    with running(tmp_path, pair) as product:
        services = wait_for("all parts to be well", lambda: all_well(product))["services"]
        queues = services["workers"]["queues"]
        for name in ("database", "broker", "kubernetes", "beat", "workers"):
            assert services[name]["since"], (name, services[name])
        for name in ("database", "broker", "kubernetes"):
            assert 0 < services[name]["latency_ms"] < 30_000, (name, services[name])
        assert services["gemini"]["status"] == "disabled"
        assert queues.pop("train")["status"] == "disabled"
        assert {queue["status"] for queue in queues.values()} == {"healthy"}
        assert [name.partition("@")[0] for name in queues["act"]["workers"]] == ["act"]
