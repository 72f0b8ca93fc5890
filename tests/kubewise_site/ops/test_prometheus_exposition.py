"""GET /metrics: what the database says, in Prometheus's format, for those who may read it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from detection.domain.statuses import Status
from detection.runtime import heartbeats
from kubewise_site.core.config.reading import BASE_DIR
from remediation.models import Attempt, LlmCall
from tests.kubewise_site import records
from tests.kubewise_site.api_client import Api, check_problem

DEPLOY = BASE_DIR / "deploy"
NAME = re.compile(r"kubewise_[a-z_]+")
# Written where calls to models are on record.
OF_MODELS = {"kubewise_model_calls_total", "kubewise_model_cost_usd_total"}


def scraped(api: Api) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = api.client.get("/metrics", headers={"Accept": "text/plain;version=0.0.4,*/*;q=0.1"})
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def value(found: Any, name: str, /, **labels: str) -> float:
    return float(found[f"kubewise_{name}", tuple(sorted(labels.items()))])


def test_metrics_say_what_models_took(api: Api) -> None:
    for tokens in (100, 200):
        LlmCall.objects.create(
            task="assess", provider="gemini", model="m", prompt="assess@1", outcome="ok",
            prompt_tokens=tokens, answer_tokens=10, cost_usd="0.001", duration_seconds=1.5,
            at=records.NOW,
        )  # fmt: skip
    found, of = scraped(api), {"provider": "gemini", "model": "m", "outcome": "ok"}
    assert value(found, "model_calls_total", **of) == 2
    assert value(found, "model_tokens_total", **of) == 320
    assert value(found, "model_cost_usd_total", **of) == pytest.approx(0.002)
    assert value(found, "model_seconds_total", **of) == pytest.approx(3)


def test_metrics_say_what_the_records_say(api: Api) -> None:
    now = records.NOW
    waiting = records.incident(first_seen=now - timedelta(minutes=5))
    plan = records.plan(waiting)
    records.attempt(plan)
    records.attempt(
        plan, state=Attempt.State.APPLIED, outcome="", verify_due_at=now - timedelta(seconds=90)
    )
    times = {"onset": now - timedelta(minutes=10), "first_seen": now - timedelta(minutes=9)}
    records.incident("over", status=Status.RESOLVED, open_key=None, closed_at=now, **times)
    records.source("prometheus", "blind", "time-out")
    records.source("kubernetes/pods")
    heartbeats.beat("detect", now - timedelta(seconds=30))
    found = scraped(api)
    is_open = {"status": "AwaitingApproval", "cause": "IMAGE_NOT_FOUND", "severity": "critical"}
    assert value(found, "incidents_open", **is_open) == 1
    closed = {"status": "Resolved", "cause": "IMAGE_NOT_FOUND"}
    assert value(found, "incidents_closed_total", **closed) == 1
    attempts = {"action": "rollback_deployment", "state": "verified", "outcome": "resolved"}
    assert value(found, "attempts_total", **attempts) == 1
    assert value(found, "repair_seconds", percentile="95") == 540
    assert value(found, "detection_seconds", percentile="50") == 60
    assert value(found, "source_blind", source="prometheus") == 1
    assert value(found, "source_blind", source="kubernetes/pods") == 0
    assert value(found, "gate_refusals", gate="mode", verdict="ask") == 1
    assert value(found, "queue_age_seconds", stage="approval") >= 300
    assert value(found, "queue_age_seconds", stage="verification") >= 90
    assert value(found, "heartbeat_age_seconds", name="detect") >= 30
    assert (value(found, "stopped"), value(found, "mode_auto")) == (0, 0)
    assert ("kubewise_build_info", (("version", "0.1.0"),)) in found


def test_a_queue_tells_how_long_its_last_message_waited_while_that_is_news(api: Api) -> None:
    heartbeats.beat("queue/sweep", records.NOW, wait_ms=250.0)
    heartbeats.beat("queue/notify", records.NOW - timedelta(hours=1), wait_ms=90_000.0)
    found = scraped(api)
    assert value(found, "queue_wait_seconds", queue="sweep") == 0.25
    assert ("kubewise_queue_wait_seconds", (("queue", "notify"),)) not in found
    assert ("kubewise_heartbeat_age_seconds", (("name", "queue/notify"),)) not in found


def test_what_never_happened_has_no_sample(api: Api) -> None:
    names = {name for name, _ in scraped(api)}
    assert "kubewise_repair_seconds" not in names
    assert "kubewise_queue_age_seconds" not in names


def test_hostile_names_stay_inside_their_label(api: Api) -> None:
    records.source('x"} 1\nkubewise_stopped{a="', "blind")
    assert value(scraped(api), "stopped") == 0


def test_the_number_of_queries_does_not_grow_with_the_records(
    api: Api, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        records.attempt(records.plan(records.incident(f"app-{number}")))
    with django_assert_max_num_queries(18):
        scraped(api)


def test_metrics_are_not_open_to_strangers(db: None) -> None:
    check_problem(Client().get("/metrics"), 401)


@pytest.mark.parametrize(("address", "status"), [("10.1.2.3", 200), ("192.0.2.1", 401)])
def test_a_network_may_be_let_in_without_a_token(
    db: None, settings: Any, address: str, status: int
) -> None:
    settings.METRICS_NETWORKS = ("10.0.0.0/8",)
    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == status
    forged = Client(REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": address})
    assert forged.get("/metrics").status_code == 401


def _used() -> set[str]:
    rules = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"][0]["rules"]
    board = json.loads((DEPLOY / "grafana" / "kubewise.json").read_text())
    texts = [rule["expr"] for rule in rules]
    texts += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return {name for text in texts for name in NAME.findall(text)}


def test_rules_and_dashboard_ask_for_metrics_that_exist(api: Api) -> None:
    plan = records.plan(records.incident())
    records.attempt(plan)
    records.attempt(plan, state=Attempt.State.APPLIED, outcome="", verify_due_at=records.NOW)
    records.incident("over", status=Status.RESOLVED, open_key=None, closed_at=records.NOW)
    records.source("prometheus", "blind")
    heartbeats.beat("detect", records.NOW)
    assert _used() - OF_MODELS <= {name for name, _ in scraped(api)}


@pytest.mark.live
@pytest.mark.parametrize("words", [["check", "rules", "alerts.yml"],
                                   ["test", "rules", "alerts_test.yml"]])  # fmt: skip
def test_promtool_accepts_the_rules(words: list[str]) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: it comes with Debian's prometheus package"
    done = subprocess.run([promtool, *words], cwd=DEPLOY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.live
def test_promtool_accepts_the_metrics(api: Api, tmp_path: Path) -> None:
    records.incident()
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: it comes with Debian's prometheus package"
    text = api.client.get("/metrics").content
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
