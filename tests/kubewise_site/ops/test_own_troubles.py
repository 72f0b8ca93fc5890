"""What KubeWise was late for, blind to or failed at: shown as its own health."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from detection.models import Heartbeat
from detection.runtime.heartbeats import beat
from kubewise_site import celery
from kubewise_site.ops import health
from kubewise_site.ops.health import HealthState, ServiceHealth
from kubewise_site.ops.own_troubles import blind_sources, troubles
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "check_broker", lambda: ServiceHealth(HealthState.HEALTHY))


@pytest.fixture
def alive() -> None:
    for name in ("scrape", "detect", "sweep", "beat"):
        beat(name, records.NOW)


def told() -> list[tuple[str, str]]:
    found = troubles(health.heartbeats(), blind_sources(), records.NOW)
    return [(one.kind.value, one.name) for one in found]


@pytest.mark.usefixtures("alive")
def test_nothing_is_told_while_all_is_well() -> None:
    assert told() == []


def test_a_pass_that_never_ended_is_late() -> None:
    assert ("late", "scan and detect") in told()


@pytest.mark.usefixtures("alive")
def test_late_blind_silent_and_failed_are_told_with_since_when() -> None:
    Heartbeat.objects.filter(name="detect").update(at=records.NOW - HOUR)
    beat("worker/act@a", records.NOW - timedelta(minutes=5))
    beat("worker/act@old", records.NOW - timedelta(days=2))
    records.source("kubernetes/pods", "blind", "403")
    beat("task/decide", records.NOW, ok=False, error="KeyError: 'index'")
    beat("scrape", records.NOW, ok=False, error="it broke")
    assert told() == [
        ("late", "scan and detect"), ("late", "worker/act@a"), ("blind", "kubernetes/pods"),
        ("failed", "scrape metrics"), ("failed", "decide"),
    ]  # fmt: skip
    found = troubles(health.heartbeats(), blind_sources(), records.NOW)
    assert found[0].since == records.NOW - HOUR
    assert found[2].detail == "403"


@pytest.mark.usefixtures("alive")
def test_a_failure_is_over_after_an_hour() -> None:
    beat("task/decide", records.NOW - HOUR - timedelta(seconds=1), ok=False, error="x")
    assert told() == []


@pytest.mark.usefixtures("alive")
def test_a_task_that_raises_leaves_its_mark_without_secrets_or_control_characters() -> None:
    secret = "password=hunter2hunter2"
    celery.note_what_failed(
        sender=SimpleNamespace(name="remediation.tasks.decide"),
        exception=ValueError(f"\x00\u202e {secret}"),
    )
    row = Heartbeat.objects.get(name="task/decide")
    assert not row.ok
    assert row.detail["error"].startswith("ValueError: \\u0000\\u202e")
    assert "hunter2" not in row.detail["error"]


def test_dashboard_and_health_show_them(api: Api, browser: Client) -> None:
    beat("task/decide", records.NOW, ok=False, error="KeyError: 'index'")
    records.source("kubernetes/pods", "blind", "403")
    rows: list[dict[str, Any]] = api.get("health/").json()["troubles"]
    assert {"kind": "failed", "name": "decide", "detail": "KeyError: 'index'"}.items() <= next(
        row for row in rows if row["name"] == "decide"
    ).items()
    page = browser.get("/admin/").content.decode()
    assert "failed: decide" in page
    assert "late: scan and detect" in page
    assert "This is about KubeWise, not about the cluster." in page
    metrics = api.client.get("/metrics").content.decode()
    assert 'heartbeat_age_seconds{name="task/decide"}' not in metrics


def test_a_well_kubewise_says_so(alive: None, browser: Client) -> None:
    assert "It is on time, sees every source" in browser.get("/admin/").content.decode()
