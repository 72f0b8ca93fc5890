"""Health: from rows, the database and a broker ping; no sign of life is no good news."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from detection.models import Heartbeat, SourceState
from detection.runtime import latency
from detection.runtime.heartbeats import beat
from kubewise_site.ops import health
from kubewise_site.ops.health import HealthState, ServiceHealth
from kubewise_site.ops.states import Workers
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api

SERVED = {
    "worker/detect@a": ["scrape", "detect"],
    "worker/analyze@a": ["analyze"],
    "worker/consult@a": ["consult"],
    "worker/act@a": ["act", "verify", "sweep", "notify"],
}
ALIVE = ("scrape", "detect", "sweep", "beat", "database", "broker")
FIELDS = {"status", "detail", "since", "last_seen", "latency_ms"}
NAMES = {"prometheus", "kubernetes", "gemini", "database", "broker", "workers", "beat"}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "check_broker", lambda: ServiceHealth(HealthState.HEALTHY))


@pytest.fixture
def alive(db: None, broker: None) -> None:
    for name in ALIVE:
        beat(name, records.NOW, latency_ms=1.5)
    for name, queues in SERVED.items():
        beat(name, records.NOW, queues=queues)
    beat("queue/sweep", records.NOW, wait_ms=40.0)
    for name in ("kubernetes/pods", "prometheus"):
        records.source(name)


def parts() -> dict[str, ServiceHealth]:
    return health.services(records.NOW)


def workers() -> Workers:
    found = parts()["workers"]
    assert isinstance(found, Workers)
    return found


def test_all_alive_is_healthy_and_200(alive: None, api: Api) -> None:
    answer = api.get("health/")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["overall_status"] == "healthy"
    assert set(body["services"]) == NAMES
    assert set(body["services"]["beat"]) == FIELDS
    assert set(body["services"]["workers"]) == FIELDS | {"queues"}
    for name in ("database", "kubernetes", "prometheus"):
        assert body["services"][name]["latency_ms"] > 0, name
    for name in NAMES - {"gemini"}:
        assert body["services"][name]["since"], name


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
    assert found.status is HealthState.UNHEALTHY
    assert found.detail == "kubernetes/pods: 403"
    assert found.since == records.NOW


def test_what_is_not_installed_is_not_blind(alive: None) -> None:
    records.source("kubernetes/hpas", SourceState.State.NOT_INSTALLED)
    assert parts()["kubernetes"].status is HealthState.HEALTHY


def test_sources_that_nobody_looks_at_any_more_are_unhealthy(alive: None) -> None:
    later = records.NOW + timedelta(minutes=10)
    assert health.services(later)["kubernetes"].status is HealthState.UNHEALTHY


def test_no_prometheus_on_purpose_is_disabled_and_healthy(alive: None, settings: Any) -> None:
    settings.PROMETHEUS_URL = ""
    SourceState.objects.filter(name="prometheus").delete()
    found = parts()
    assert found["prometheus"].status is HealthState.DISABLED
    assert health.is_healthy(found)


def test_a_silent_worker_is_named(alive: None) -> None:
    gone = records.NOW - timedelta(minutes=5)
    beat("worker/act@a", gone, queues=SERVED["worker/act@a"])
    found = workers()
    assert found.status is HealthState.UNHEALTHY
    assert found.detail.startswith("act: its worker does not report; verify: ")
    assert found.since == gone
    assert found.queues["act"].status is HealthState.UNHEALTHY
    assert found.queues["analyze"].status is HealthState.HEALTHY


def test_a_worker_that_never_reported_is_missed_too(alive: None) -> None:
    Heartbeat.objects.filter(name="worker/analyze@a").delete()
    assert workers().detail == "analyze: no worker has reported"
    assert workers().queues["analyze"].status is HealthState.UNKNOWN


def test_a_host_that_is_gone_is_not_missed_while_another_does_its_work(alive: None) -> None:
    beat("worker/act@gone", records.NOW - timedelta(hours=1), queues=SERVED["worker/act@a"])
    assert workers().status is HealthState.HEALTHY
    assert workers().queues["act"].workers == ("act@a",)


def test_a_tick_that_does_not_end_is_named(alive: None) -> None:
    beat("sweep", records.NOW - timedelta(minutes=5))
    assert workers().detail == "sweep: sweep is late"
    assert workers().queues["sweep"].since == records.NOW - timedelta(minutes=5)


def test_a_queue_tells_how_long_its_last_message_waited(alive: None) -> None:
    sweep = workers().queues["sweep"]
    assert (sweep.latency_ms, sweep.last_message) == (40.0, records.NOW)
    assert workers().queues["act"].latency_ms is None
    assert workers().latency_ms == 40.0


def test_nobody_who_trains_is_no_trouble_and_a_silent_trainer_is_told(alive: None) -> None:
    assert workers().queues["train"].status is HealthState.DISABLED
    beat("worker/train@a", records.NOW - timedelta(hours=1), queues=["train"])
    assert workers().queues["train"].status is HealthState.UNHEALTHY
    assert workers().status is HealthState.HEALTHY


def test_a_silent_beat_is_unhealthy(alive: None) -> None:
    beat("beat", records.NOW - timedelta(minutes=10))
    assert parts()["beat"].status is HealthState.UNHEALTHY


def test_a_model_that_is_away_makes_nothing_unhealthy(alive: None) -> None:
    beat("gemini", records.NOW, ok=False, error="429")
    found = parts()
    assert (found["gemini"].status, found["gemini"].detail) == (HealthState.UNHEALTHY, "429")
    assert found["gemini"].since == records.NOW
    assert health.is_healthy(found)


def test_a_model_that_nobody_asked_is_unknown_and_one_without_a_key_is_off(alive: None) -> None:
    assert parts()["gemini"].status is HealthState.UNKNOWN
    beat("sweep", records.NOW, no_model="GEMINI_API_KEY is empty")
    found = parts()["gemini"]
    assert found.status is HealthState.DISABLED
    assert found.detail == "GEMINI_API_KEY is empty: the rules diagnose alone"


def test_an_answer_of_days_ago_is_no_news_of_the_model(alive: None) -> None:
    beat("gemini", records.NOW - timedelta(days=3), latency_ms=800.0)
    found = parts()["gemini"]
    assert (found.status, found.latency_ms) == (HealthState.UNKNOWN, 800.0)


def test_since_stays_while_nothing_changes_and_moves_with_a_failure_or_a_gap(db: None) -> None:
    def since(name: str, seconds: int, ok: bool = True) -> float:
        beat(name, records.NOW + timedelta(seconds=seconds), ok)
        found = Heartbeat.objects.get(name=name).since
        assert found is not None
        return (found - records.NOW).total_seconds()

    assert [since("broker", at) for at in (0, 30, 60)] == [0, 0, 0]
    assert [since("broker", 90, ok=False), since("broker", 95, ok=False)] == [90, 90]
    assert [since("broker", 100), since("broker", 300)] == [100, 300]
    assert [since("gemini", at) for at in (0, 30_000)] == [0, 0]


def test_a_row_from_before_there_was_a_since_gets_one(db: None) -> None:
    Heartbeat.objects.create(name="beat", at=records.NOW)
    beat("beat", records.NOW + timedelta(seconds=10))
    assert Heartbeat.objects.get().since == records.NOW + timedelta(seconds=10)


def test_a_broker_that_went_away_is_so_since_it_last_answered(
    alive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        health, "check_broker", lambda: ServiceHealth(HealthState.UNHEALTHY, "TimeoutError")
    )
    assert parts()["broker"].since == records.NOW
    later = records.NOW + timedelta(hours=1)
    assert health.services(later)["broker"].since == records.NOW


def test_nobody_watched_is_no_since(alive: None) -> None:
    assert health.services(records.NOW + timedelta(hours=1))["database"].since is None


def test_the_sweep_notes_round_trips_and_a_broker_that_is_away(db: None, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://:hunter2@127.0.0.1:1/0"
    latency.record_latency(records.NOW)
    database, found = (Heartbeat.objects.get(name=name) for name in ("database", "broker"))
    assert database.ok
    assert database.detail["latency_ms"] > 0
    assert not found.ok
    assert "hunter2" not in str(found.detail)


def test_a_broker_that_is_away_is_unhealthy_and_its_password_is_not_told(
    db: None, settings: Any
) -> None:
    settings.CELERY_BROKER_URL = "redis://:hunter2@127.0.0.1:1/0"
    found = health.check_broker()
    assert found.status is HealthState.UNHEALTHY
    assert "hunter2" not in found.detail


def test_a_database_that_is_away_leaves_the_rest_unknown(
    db: None, broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency, "connection", SimpleNamespace(cursor=_away))
    found = parts()
    assert found["database"].status is HealthState.UNHEALTHY
    assert found["kubernetes"].status is found["workers"].status is HealthState.UNKNOWN


def test_a_database_that_went_away_is_so_since_it_last_answered(
    db: None, broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_answer = health.check_database().last_seen
    monkeypatch.setattr(latency, "connection", SimpleNamespace(cursor=_away))
    assert last_answer is not None
    assert parts()["database"].since == last_answer


def test_alive_and_ready_are_open_and_tell_no_detail(db: None) -> None:
    for path in ("/healthz", "/readyz"):
        answer = Client().get(path)
        assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_not_ready_without_a_database(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "connection", SimpleNamespace(cursor=_away))
    assert Client().get("/readyz").status_code == 503
    assert Client().get("/healthz").status_code == 200


def _away() -> None:
    raise OperationalError("no such host: db.internal")
