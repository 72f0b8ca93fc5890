"""Dashboard, switches, forms and records of the admin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from detection.clients import current_cluster
from detection.domain.statuses import Status
from detection.models import Incident
from detection.runtime.heartbeats import beat
from kubewise_site.console import dashboard
from kubewise_site.core.access import issuing
from kubewise_site.core.access.models import ApiToken
from remediation.controls import mode_and_stop
from remediation.models import Mode, Policy, Silence, StopSwitch
from tests.kubewise_site import records

READ_ONLY = (
    "remediation_attempt", "remediation_approval", "remediation_plan", "detection_transition",
    "remediation_mode", "remediation_stopswitch", "remediation_budget", "detection_heartbeat",
    "detection_sourcestate", "detection_workloadbaseline", "detection_cluster",
    "detection_incident",
)  # fmt: skip


def test_an_empty_dashboard_says_what_happens_next(browser: Client) -> None:
    page = browser.get("/admin/").content.decode()
    assert "No open incident" in page
    assert "as soon as something fails, it appears here" in page
    assert "not yet" in page


def test_the_dashboard_tells_mode_blindness_incidents_and_pulse(browser: Client) -> None:
    records.incident("cart")
    records.incident("old", status=Status.RESOLVED, open_key=None)
    records.source("kubernetes/pods", "blind", "403: forbidden")
    beat("scrape", records.NOW)
    page = browser.get("/admin/").content.decode()
    for text in ("MANUAL", "kubernetes/pods", "403: forbidden", "1</strong> critical",
                 "1 incident waiting for a person", "Deployment shop/cart"):  # fmt: skip
        assert text in page, text
    assert "shop/old" not in page


def test_a_pulled_stop_switch_is_what_the_dashboard_says(browser: Client) -> None:
    mode_and_stop.set_stop(current_cluster(), True, "anna", "odd rollbacks", records.NOW)
    page = browser.get("/admin/").content.decode()
    assert "STOPPED" in page
    assert "odd rollbacks" in page


def test_the_worst_incident_comes_first(db: None) -> None:
    for severity in ("critical", "info", "warning"):
        records.incident(severity, severity=severity)
    found = [row.severity for row in dashboard.incidents_now(records.NOW)["newest"]]
    assert found == ["critical", "warning", "info"]


def test_the_dashboard_is_kept_fresh_by_a_fragment_without_a_page(browser: Client) -> None:
    assert 'data-refresh="/admin/fragment/"' in browser.get("/admin/").content.decode()
    answer = browser.get("/admin/fragment/")
    assert "<html" not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_the_dashboard_takes_the_same_number_of_queries_for_any_number(
    browser: Client, django_assert_num_queries: Any
) -> None:
    for number in range(30):
        records.incident(f"app-{number}")
    with django_assert_num_queries(21):
        browser.get("/admin/")


def test_strangers_are_sent_to_log_in(db: None) -> None:
    for path in ("/admin/", "/admin/fragment/", "/admin/switches/"):
        assert Client().get(path)["Location"].startswith("/admin/login/")


def test_the_mode_is_set_with_name_and_reason(browser: Client, admin: User) -> None:
    browser.post("/admin/switches/", {"mode": "AUTO", "reason": "night shift"})
    row = Mode.objects.get()
    assert (row.mode, row.actor, row.reason) == ("AUTO", admin.username, "night shift")
    assert "night shift" in browser.get("/admin/switches/").content.decode()


def test_the_stop_switch_is_pulled_and_released(browser: Client) -> None:
    browser.post("/admin/switches/", {"stopped": "1", "reason": "odd"})
    assert mode_and_stop.standing(current_cluster()).stopped
    browser.post("/admin/switches/", {"stopped": "0"})
    assert not mode_and_stop.standing(current_cluster()).stopped
    assert StopSwitch.objects.count() == 2


@pytest.mark.parametrize("body", [{}, {"mode": "YOLO"}, {"stopped": "perhaps"}])
def test_a_wrong_switch_is_400(browser: Client, body: dict[str, str]) -> None:
    assert browser.post("/admin/switches/", body).status_code == 400


@pytest.mark.parametrize("body", [{"mode": "AUTO"}, {"stopped": "1"}])
def test_the_switches_need_their_permissions(reader: User, body: dict[str, str]) -> None:
    client = Client()
    client.force_login(reader)
    assert client.post("/admin/switches/", body).status_code == 403
    page = client.get("/admin/switches/").content.decode()
    assert "You may not set the mode" in page
    assert not Mode.objects.exists()
    assert not StopSwitch.objects.exists()


def test_the_switches_need_a_csrf_token(admin: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    assert client.post("/admin/switches/", {"stopped": "1"}).status_code == 403


@pytest.mark.parametrize("model", READ_ONLY)
def test_history_is_read_only_even_for_a_superuser(browser: Client, model: str) -> None:
    assert browser.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert browser.get(reverse(f"admin:{model}_add")).status_code == 403


def test_every_page_of_the_admin_opens(browser: Client) -> None:
    for model in django_admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        assert browser.get(reverse(name)).status_code == 200, name


def test_the_author_of_a_silence_is_who_wrote_it(browser: Client, admin: User) -> None:
    body = {
        "cluster": current_cluster().pk, "namespace_pattern": "shop", "name_pattern": "*",
        "reason": "known", "starts_at_0": "2026-01-01", "starts_at_1": "00:00",
        "ends_at_0": "2026-01-02", "ends_at_1": "00:00", "author": "somebody else",
    }  # fmt: skip
    browser.post("/admin/remediation/silence/add/", body)
    assert Silence.objects.get().author == admin.username


def test_a_window_must_end_after_it_starts(browser: Client) -> None:
    body = {
        "cluster": current_cluster().pk, "namespace_pattern": "*", "name_pattern": "*",
        "reason": "r", "starts_at_0": "2026-01-02", "starts_at_1": "00:00",
        "ends_at_0": "2026-01-01", "ends_at_1": "00:00",
    }  # fmt: skip
    answer = browser.post("/admin/remediation/maintenancewindow/add/", body)
    assert "It must end after it starts" in answer.content.decode()


def test_a_policy_forbids_only_what_the_catalogue_knows(browser: Client) -> None:
    body = {"cluster": current_cluster().pk, "namespace_pattern": "team-*", "mode": "AUTO",
            "forbidden_actions": '["drain_nodes"]'}  # fmt: skip
    answer = browser.post("/admin/remediation/policy/add/", body)
    assert "Unknown: drain_nodes" in answer.content.decode()
    browser.post("/admin/remediation/policy/add/", body | {"forbidden_actions": '["drain_node"]'})
    assert Policy.objects.get().forbidden_actions == ["drain_node"]


def test_a_token_is_told_once_and_never_listed(browser: Client, admin: User) -> None:
    body = {"user": admin.pk, "name": "script", "scopes": ["approve"], "days": 7}
    answer = browser.post("/admin/access/apitoken/add/", body)
    told = " ".join(map(str, get_messages(answer.wsgi_request)))
    [token] = re.findall(r"kw_\S{40,}", told)
    assert issuing.find(token) == ApiToken.objects.get()
    assert ApiToken.objects.get().scopes == ["read", "approve"]
    browser.get("/admin/")
    assert token not in browser.get("/admin/access/apitoken/").content.decode()


def test_the_list_of_a_million_rows_counts_no_further_than_its_bound(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubewise_site.core.admin.base.MOST_COUNTED", 3)
    for number in range(5):
        records.incident(f"app-{number}")
    answer = browser.get("/admin/detection/incident/")
    assert answer.context["cl"].result_count == 3
    assert Incident.objects.count() == 5
