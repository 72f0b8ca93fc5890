"""What the page of one incident adds to its records: gates, changes, charts, what is around it."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from detection.domain.statuses import Status
from detection.metrics import history
from detection.metrics.charts import charts_of
from detection.metrics.history import MetricFrame
from detection.models import MetricQuery
from detection.models.anomaly import AnomalyFeedback, ModelVersion
from remediation.admin.decision_view import HELD, PASSED, UNSEEN, gates_of
from remediation.models import AuditEntry, Silence
from tests.kubewise_site import records

VENDOR = {
    "kubewise_site/static/vendor/uplot-1.6.32/uPlot.iife.min.js":
        "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "kubewise_site/static/vendor/uplot-1.6.32/uPlot.min.css":
        "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "tests/browser/vendor/axe-core-4.14.1/axe.min.js":
        "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
}  # fmt: skip


def page_of(client: Client, number: int, query: str = "") -> str:
    return str(client.get(f"/admin/detection/incident/{number}/change/{query}").content.decode())


def do(client: Client, number: int, verb: str, **body: str) -> str:
    answer = client.post(f"/admin/detection/incident/{number}/do/{verb}/", body)
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


@pytest.mark.parametrize(("path", "sha256"), VENDOR.items())
def test_what_others_wrote_is_served_as_they_published_it(path: str, sha256: str) -> None:
    file = Path(settings.BASE_DIR) / path
    assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256
    assert (file.parent / "LICENSE").read_text()


def test_gates_are_told_apart_by_what_they_said() -> None:
    found = {row["gate"]: row for row in gates_of(records.DECISION)}
    assert found["mode"]["state"] == HELD
    assert found["mode"]["reason"] == "the mode is MANUAL"
    assert {found[name]["state"] for name in ("scope", "stop switch", "freshness")} == {PASSED}
    assert found["dry run"]["state"] == UNSEEN


def test_a_rollback_shows_what_the_release_changed_turned_around(browser: Client) -> None:
    revision = {"current": 4, "older": 3, "proven": 3, "changed": ["image: cart:1.9 → cart:2.0"]}
    incident = records.incident(revision=revision)
    records.plan(incident)
    page = page_of(browser, incident.pk)
    assert '<div class="kw-minus">- cart:2.0</div><div class="kw-plus">+ cart:1.9</div>' in page
    assert "not checked by the server yet" in page
    assert "none: it would be the broken release" in page


def test_a_comment_stands_in_the_timeline_as_text(browser: Client) -> None:
    incident = records.incident()
    assert do(browser, incident.pk, "comment", text="<b>look</b>").startswith("The comment")
    assert "&lt;b&gt;look&lt;/b&gt;" in page_of(browser, incident.pk)
    assert do(browser, incident.pk, "comment", text="  ") == "A comment needs a text."


def test_a_silence_covers_the_owner_alone_and_is_audited(browser: Client, admin: User) -> None:
    incident = records.incident()
    assert do(browser, incident.pk, "silence", hours="4", reason="known").startswith("Silenced")
    row = Silence.objects.get()
    assert (row.namespace_pattern, row.name_pattern, row.author) == ("shop", "cart", "anna")
    assert row.ends_at - row.starts_at == timedelta(hours=4)
    assert AuditEntry.objects.filter(model="Silence", row_id=row.pk, actor="anna").exists()


@pytest.mark.parametrize(("hours", "reason"), [("0", "known"), ("9999", "known"), ("1", " ")])
def test_a_silence_without_bounds_or_reason_is_none(
    browser: Client, hours: str, reason: str
) -> None:
    incident = records.incident()
    told = do(browser, incident.pk, "silence", hours=hours, reason=reason)
    assert told.startswith("Not silenced")
    assert not Silence.objects.exists()


def test_an_analysis_is_asked_for_once(browser: Client) -> None:
    incident = records.incident()
    assert do(browser, incident.pk, "analyze") == "The analysis was requested."
    incident.refresh_from_db()
    assert incident.version == 2


def test_what_there_is_no_verb_for_is_404(browser: Client) -> None:
    incident = records.incident()
    for path in (f"{incident.pk}/do/explode/", "999/do/analyze/"):
        assert browser.post(f"/admin/detection/incident/{path}").status_code == 404


def test_related_objects_lead_to_their_incidents(browser: Client) -> None:
    node = records.incident("node-1", owner_kind="Node", owner_namespace="")
    part = records.incident("cart", parent=node)
    assert f"/admin/detection/incident/{node.pk}/change/" in page_of(browser, part.pk)
    assert f"/admin/detection/incident/{part.pk}/change/" in page_of(browser, node.pk)


@pytest.fixture
def watched(db: None) -> Any:
    """A query with a threshold, and ten minutes of one container and of another owner."""
    MetricQuery.objects.create(
        name="memory", query="m", entity_kind="pod", threshold=0.9, unit="ratio"
    )
    incident = records.incident()
    frames = []
    for step in range(10):
        at = (records.NOW - timedelta(minutes=10 - step)).timestamp()
        values = {
            "memory|Deployment|shop|cart|app": 0.5 + step / 20,
            "memory|Deployment|shop|x|": 1,
        }
        frames.append(MetricFrame(at, values))
    history.append_many(incident.cluster_id, frames)
    return incident


def test_charts_are_of_the_owner_with_threshold_and_onset(watched: Any) -> None:
    [chart] = charts_of(watched, None, records.NOW).charts
    assert [one["name"] for one in chart["series"]] == ["app"]
    assert len(chart["times"]) == 10
    assert (chart["threshold"], chart["breached"]) == (0.9, True)
    assert chart["marks"][0]["at"] == watched.onset.timestamp()


def test_a_forecast_goes_on_to_its_limit(watched: Any) -> None:
    later = records.NOW + timedelta(minutes=30)
    watched.prediction = {
        "metric": "memory", "value": 0.95, "limit": 1.0, "text": "reaches 100 %",
        "predicted_at": later.isoformat(), "latest": (later + timedelta(minutes=9)).isoformat(),
    }  # fmt: skip
    [chart] = charts_of(watched, None, records.NOW).charts
    line = chart["series"][-1]
    assert line["name"] == "forecast"
    assert line["values"][-3:] == [0.95, 1.0, 1.0]
    assert {len(one["values"]) for one in chart["series"]} == {len(chart["times"])}


def test_what_a_model_found_is_told_by_metric(browser: Client) -> None:
    facts = {"contributions": {"cpu": 0.2, "<script>memory": 0.7}, "threshold": 1.0,
             "chart": [[1.0, 0.5], [2.0, 1.5]]}  # fmt: skip
    incident = records.incident(cause="METRIC_ANOMALY", facts=facts)
    page = page_of(browser, incident.pk)
    assert page.index("&lt;script&gt;memory") < page.index(">cpu<")
    [chart] = charts_of(incident, None, records.NOW).charts
    assert (chart["threshold"], chart["series"][0]["values"]) == (1.0, [0.5, 1.5])


def test_who_leads_to_it_is_named_and_a_mere_count_of_callers_is_not(browser: Client) -> None:
    named = records.incident(cause="SCALED_TO_ZERO", facts={"callers": ["Ingress shop/way"]})
    assert "Ingress shop/way" in page_of(browser, named.pk)
    counted = records.incident("web", cause="SELECTOR_MISMATCH", facts={"callers": 3})
    assert "leads to it" not in page_of(browser, counted.pk)


def test_without_metrics_the_page_says_why(settings: Any, db: None) -> None:
    incident = records.incident(status=Status.RESOLVED, open_key=None)
    settings.PROMETHEUS_URL = ""
    assert charts_of(incident, None, records.NOW).notice.startswith("No Prometheus")
    settings.PROMETHEUS_URL = "http://127.0.0.1:9"
    assert charts_of(incident, None, records.NOW).notice == "No metric of this owner is recorded."


def test_a_false_positive_is_marked_once_and_only_of_an_anomaly(browser: Client) -> None:
    anomaly = records.incident(cause="METRIC_ANOMALY", facts={"contributions": {"cpu": 1.0}})
    assert "Mark as false positive" in page_of(browser, anomaly.pk)
    assert do(browser, anomaly.pk, "feedback", note="batch job").startswith("Marked")
    assert do(browser, anomaly.pk, "feedback").endswith("It is marked already.")
    row = AnomalyFeedback.objects.get()
    assert (row.owner_name, row.by, row.note) == ("cart", "anna", "batch job")
    other = records.incident("web")
    assert "Not marked" in do(browser, other.pk, "feedback")


def test_a_model_version_that_is_unknown_on_disk_is_refused(browser: Client) -> None:
    row = ModelVersion.objects.create(version="v9", source="data", trained_at=records.NOW)
    body = {"action": "use_this_one", "_selected_action": [row.pk]}
    answer = browser.post("/admin/detection/modelversion/", body)
    told = " ".join(str(message) for message in get_messages(answer.wsgi_request))
    assert told.startswith("Nothing changed")
    row.refresh_from_db()
    assert not row.in_force
