"""What if a part dies: kill -9 at the worst moments, and a broker that is flushed or gone.

The moments are chosen at the API server, which holds the request before or after applying it:
nothing in the product knows of these tests.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from kubewise_site.core import broker
from tests.pairs.own import SMALL, Pair
from tests.system.product import Product, running, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
AUTO = {"DEFAULT_REMEDIATION_MODE": "AUTO", "ATTEMPT_LEASE_SECONDS": "5"}
DEPLOYMENTS = {"resource": "deployments.apps", "verbs": ["patch"], "times": 1}


def test_killed_between_claim_and_call_nothing_happened_and_nothing_is_stuck(
    tmp_path: Path, pair: Pair
) -> None:
    with running(tmp_path, pair, **AUTO) as product:
        product.simulate("switches", {"mode": "hang", **DEPLOYMENTS})
        name = product.inject("image_not_found")["target"].rpartition("/")[2]
        _kill_while_held(product)
        assert product.writes() == []
        event = product.event(name, "Resolved")
        assert len(product.writes()) == 1
        _check_nothing_stuck(event)


def test_killed_between_call_and_record_there_is_no_second_effect(
    tmp_path: Path, pair: Pair
) -> None:
    with running(tmp_path, pair, **AUTO) as product:
        product.simulate("switches", {"mode": "hang_after", "dry_run": False, **DEPLOYMENTS})
        name = product.inject("image_not_found")["target"].rpartition("/")[2]
        _kill_while_held(product)
        event = product.event(name, "Resolved")
        assert len(product.writes()) == 1, product.writes()
        _check_nothing_stuck(event)


def test_a_flushed_broker_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path, SMALL) as product:
        client = _broker(product)
        name = product.inject("image_not_found")["target"].rpartition("/")[2]
        event = product.event(name, "AwaitingApproval")
        _approve(product, event)
        client.flushall()
        client.close()
        product.event(name, "Resolved")
        assert len(product.writes()) == 1


def test_with_the_broker_down_an_approval_is_kept_and_carried_out_later(tmp_path: Path) -> None:
    with running(tmp_path, SMALL) as product:
        name = product.inject("image_not_found")["target"].rpartition("/")[2]
        event = product.event(name, "AwaitingApproval")
        [pid] = product.pids("--unixsocket")
        os.kill(pid, signal.SIGSTOP)
        try:
            _approve(product, event)
            assert product.writes() == []
        finally:
            os.kill(pid, signal.SIGKILL)
        product.event(name, "Resolved")
        assert len(product.writes()) == 1


def test_what_dies_is_restarted_and_ctrl_c_stops_all(tmp_path: Path) -> None:
    with running(tmp_path, SMALL) as product:
        for part in ("kubewise_site.web", "detect@", " beat ", "-m simulator"):
            _kill_and_see_it_back(product, part)
        assert product.stop() == 0
        wait_for("all processes to end", lambda: product.pids("") == [])


def _kill_and_see_it_back(product: Product, part: str) -> None:
    before = set(product.pids(part))
    assert before, part
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(f"{part} to be back", lambda: set(product.pids(part)) - before)


def _kill_while_held(product: Product) -> None:
    """kill -9 of the whole acting worker while the API server holds its request."""
    wait_for("a request to be held", lambda: _held(product))
    for pid in product.pids("act@"):
        os.kill(pid, signal.SIGKILL)
    requests.delete(f"{product.simulator}/_sim/switches", timeout=5)


def _held(product: Product) -> bool:
    return bool(requests.get(f"{product.simulator}/_sim/switches", timeout=5).json()["held"])


def _approve(product: Product, event: dict[str, Any]) -> None:
    plan = event["plan"]
    body = {"plan": plan["id"], "digest": plan["digest"], "reason": "looks right"}
    path = f"remediation/events/{event['anomaly_id']}/approve"
    answer = product.send("POST", path, body)
    assert answer.status_code == 202, answer.text


def _check_nothing_stuck(event: dict[str, Any]) -> None:
    assert event["status"] == "Resolved"
    assert all(attempt["success"] is not None for attempt in event["remediation_attempts"])


def _broker(product: Product) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(broker.socket_path(product.directory / "var")))
