"""Names, logs, model text and reasons are hostile: shown as text, in every place."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from detection.models import Heartbeat, Incident, SourceState, WorkloadBaseline
from detection.runtime.heartbeats import beat
from kubewise_site.templatetags.kubewise import plain
from remediation.controls import mode_and_stop
from remediation.models import Attempt, Plan
from tests.kubewise_site import records

PAYLOAD = "<script>alert('x')</script>"
ATTRIBUTE = '"><img src=x onerror=alert(1)>'
ANSI = "\x1b[31mred\x1b[0m\x1b]0;title\x07"
TURNED = "\u202egnp.exe"
HOSTILE = f"{PAYLOAD}{ATTRIBUTE}{ANSI}{TURNED}{{{{ 7 }}}}{{% now %}}"
LISTS = (
    "detection/incident/?state=all", "detection/transition/", "detection/sourcestate/",
    "detection/heartbeat/", "detection/workloadbaseline/", "detection/metricquery/",
    "remediation/attempt/", "remediation/approval/", "remediation/plan/", "remediation/mode/",
    "remediation/stopswitch/", "remediation/silence/", "remediation/acceptance/",
    "remediation/maintenancewindow/",
    "remediation/policy/", "remediation/llmcall/", "detection/modelversion/",
    "detection/anomalyfeedback/", "remediation/delivery/",
)  # fmt: skip


def poisoned(row: Any) -> None:
    """Put the payload into every text and JSON field of a saved row that has no fixed choices."""
    for field in row._meta.concrete_fields:
        kind = field.get_internal_type()
        if field.choices or field.unique or field.is_relation:
            continue
        if kind in ("CharField", "TextField"):
            setattr(row, field.name, HOSTILE[: field.max_length])
        elif kind == "JSONField":
            setattr(row, field.name, _hostile_json(getattr(row, field.name)))
    row.save()


def _hostile_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hostile_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hostile_json(inner) for inner in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.fixture
def incident(admin: User) -> Incident:
    """An incident whose every field, and those of all around it, is hostile."""
    facts = {"contributions": {HOSTILE: 0.5}, "nodes": ["n"], "callers": ["c"], "memory_limit": "m"}
    revision = {"current": 2, "proven": 3, "older": 3, "changed": ["image: a → b"]}
    made = records.incident(
        owner_uid=HOSTILE[:64], facts=facts, revision=revision, prediction={"text": "t"},
        decision={"verdict": "ask", "reasons": [f"mode: ask: {HOSTILE}", HOSTILE]},
    )  # fmt: skip
    plan = records.plan(made)
    records.attempt(plan, approval=records.approval(plan, admin, reason=HOSTILE), error="e")
    poisoned(plan)
    Plan.objects.update(digest=records.DIGEST)
    poisoned(Attempt.objects.get())
    for row in made.transitions.all():
        poisoned(row)
    poisoned(made)
    return made


@pytest.fixture
def surroundings(db: None) -> None:
    cluster = records.source("kubernetes/x", "blind", HOSTILE).cluster
    SourceState.objects.update(name=HOSTILE[:100])
    beat("detect", records.NOW, ok=False, error=HOSTILE)
    mode_and_stop.set_mode(cluster, "AUTO", HOSTILE[:150], HOSTILE, records.NOW)
    mode_and_stop.set_stop(cluster, True, HOSTILE[:150], HOSTILE, records.NOW)
    WorkloadBaseline.objects.create(
        cluster=cluster, owner_uid="u", owner_kind=HOSTILE[:100], owner_namespace=HOSTILE[:253],
        owner_name=HOSTILE[:253], template_hash="h", first_available=records.NOW,
        last_available=records.NOW, replicas=1, resources={HOSTILE: HOSTILE},
    )  # fmt: skip
    assert Heartbeat.objects.exists()


def check_harmless(page: str, *, ours: bool) -> None:
    """`ours`: one of our own templates, which also take control characters out."""
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in page
    if ours:
        assert "\x1b" not in page
        assert "\u202e" not in page


def test_the_page_of_an_incident_shows_hostile_text_as_text(
    browser: Client, incident: Incident
) -> None:
    url = reverse("admin:detection_incident_change", args=[incident.pk])
    check_harmless(browser.get(url).content.decode(), ours=True)


def test_the_dashboard_and_the_switches_show_hostile_text_as_text(
    browser: Client, incident: Incident, surroundings: None
) -> None:
    for path in ("/admin/", "/admin/fragment/", "/admin/switches/"):
        check_harmless(browser.get(path).content.decode(), ours=True)


def test_the_confirmation_shows_hostile_text_as_text(browser: Client, incident: Incident) -> None:
    Plan.objects.update(candidates=[records.ROLLBACK | {"description": HOSTILE, "risk": HOSTILE}])
    body = {"action": "approve_selected", "_selected_action": [incident.pk]}
    page = browser.post("/admin/detection/incident/", body).content.decode()
    check_harmless(page, ours=True)


@pytest.mark.parametrize("path", LISTS)
def test_no_list_of_the_admin_runs_hostile_text(
    browser: Client, incident: Incident, surroundings: None, path: str
) -> None:
    page = browser.get(f"/admin/{path}").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_no_page_of_a_record_runs_hostile_text(
    browser: Client, incident: Incident, surroundings: None
) -> None:
    rows = [Plan.objects.get(), Attempt.objects.get(), SourceState.objects.get(),
            WorkloadBaseline.objects.get(), incident.transitions.first()]  # fmt: skip
    for row in rows:
        assert row is not None
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        page = browser.get(reverse(name, args=[row.pk])).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_message_about_a_hostile_refusal_is_text(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from remediation import results
    from remediation.approval import approvals

    monkeypatch.setattr(approvals, "approve", lambda *_: results.Refused(PAYLOAD))
    answer = browser.post(
        "/admin/detection/incident/review/",
        {"verdict": "approve", "choice": "1:0:d"},
        follow=True,
    )
    assert "<script>alert" not in answer.content.decode()
    assert "&lt;script&gt;alert" in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("line\nnext\ttab", "line\nnext\ttab"),
        ("bell\x07", "bell\N{REPLACEMENT CHARACTER}"),
        ("\u202eturned", "\N{REPLACEMENT CHARACTER}turned"),
        (7, "7"),
    ],
)
def test_plain_takes_control_out_and_leaves_text(given: Any, shown: str) -> None:
    assert plain(given) == shown
    assert not hasattr(plain("<b>"), "__html__")
