"""Health: from rows, the database and a broker ping; no sign of life is no good news."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from detection.heartbeats import beat
from detection.models import Heartbeat, SourceState
from kubewise_site import health
from kubewise_site.health import Service, State
from tests.site import records
from tests.site.api_client import Api

WORKERS = ("worker/detect@a", "worker/analyze@a", "worker/act@a")
ALIVE = ("scrape", "detect", "sweep", "beat", *WORKERS)
NAMES = {"prometheus", "kubernetes", "gemini", "database", "broker", "workers", "beat"}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "check_broker", lambda: Service(State.HEALTHY))


@pytest.fixture
def alive(db: None, broker: None) -> None:
    for name in ALIVE:
        beat(name, records.NOW)
    for name in ("kubernetes/pods", "prometheus"):
        records.source(name)


def parts() -> dict[str, Service]:
    return health.services(records.NOW)


def test_all_alive_is_healthy_and_200(alive: None, api: Api) -> None:
    answer = api.get("health/")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["overall_status"] == "healthy"
    assert set(body["services"]) == NAMES
    assert set(body["services"]["beat"]) == {"status", "detail", "since", "last_seen"}


def test_nothing_on_record_is_unhealthy_and_503(api: Api, broker: None) -> None:
    answer = api.get("health/")
    assert answer.status_code == 503
    body = answer.json()
    assert body["overall_status"] == "unhealthy"
    assert body["services"]["workers"]["status"] == "unknown"
    assert body["services"]["kubernetes"]["status"] == "unknown"


def test_a_blind_source_is_named_with_its_reason_and_since_when(alive: None) -> None:
    SourceState.objects.filter(name="kubernetes/pods").update(state="blind", reason="403")
    found = parts()["kubernetes"]
    assert found.status is State.UNHEALTHY
    assert found.detail == "kubernetes/pods: 403"
    assert found.since == records.NOW


def test_what_is_not_installed_is_not_blind(alive: None) -> None:
    records.source("kubernetes/hpas", SourceState.State.NOT_INSTALLED)
    assert parts()["kubernetes"].status is State.HEALTHY


def test_sources_that_nobody_looks_at_any_more_are_unhealthy(alive: None) -> None:
    later = records.NOW + timedelta(minutes=10)
    assert health.services(later)["kubernetes"].status is State.UNHEALTHY


def test_no_prometheus_on_purpose_is_disabled_and_healthy(alive: None, settings: Any) -> None:
    settings.PROMETHEUS_URL = ""
    SourceState.objects.filter(name="prometheus").delete()
    found = parts()
    assert found["prometheus"].status is State.DISABLED
    assert health.is_healthy(found)


def test_a_silent_worker_is_named(alive: None) -> None:
    beat("worker/act@a", records.NOW - timedelta(minutes=5))
    found = parts()["workers"]
    assert found.status is State.UNHEALTHY
    assert found.detail == "worker-act is silent"


def test_a_worker_that_never_reported_is_missed_too(alive: None) -> None:
    Heartbeat.objects.filter(name="worker/analyze@a").delete()
    assert parts()["workers"].detail == "worker-analyze is silent"


def test_a_host_that_is_gone_is_not_missed_while_another_does_its_work(alive: None) -> None:
    beat("worker/act@gone", records.NOW - timedelta(hours=1))
    assert parts()["workers"].status is State.HEALTHY


def test_a_tick_that_does_not_end_is_named(alive: None) -> None:
    beat("sweep", records.NOW - timedelta(minutes=5))
    assert parts()["workers"].detail == "sweep is late"


def test_a_silent_beat_is_unhealthy(alive: None) -> None:
    beat("beat", records.NOW - timedelta(minutes=10))
    assert parts()["beat"].status is State.UNHEALTHY


def test_a_model_that_is_away_makes_nothing_unhealthy(alive: None) -> None:
    beat("gemini", records.NOW, ok=False, error="429")
    found = parts()
    assert (found["gemini"].status, found["gemini"].detail) == (State.UNHEALTHY, "429")
    assert health.is_healthy(found)


def test_a_broker_that_is_away_is_unhealthy_and_its_password_is_not_told(
    db: None, settings: Any
) -> None:
    settings.CELERY_BROKER_URL = "redis://:hunter2@127.0.0.1:1/0"
    found = health.check_broker()
    assert found.status is State.UNHEALTHY
    assert "hunter2" not in found.detail


def test_a_database_that_is_away_leaves_the_rest_unknown(
    db: None, broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "connection", SimpleNamespace(cursor=_away))
    found = parts()
    assert found["database"].status is State.UNHEALTHY
    assert found["kubernetes"].status is State.UNKNOWN


def test_alive_and_ready_are_open_and_tell_no_detail(db: None) -> None:
    for path in ("/healthz", "/readyz"):
        answer = Client().get(path)
        assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_not_ready_without_a_database(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "connection", SimpleNamespace(cursor=_away))
    assert Client().get("/readyz").status_code == 503
    assert Client().get("/healthz").status_code == 200


def _away() -> None:
    raise OperationalError("no such host: db.internal")
