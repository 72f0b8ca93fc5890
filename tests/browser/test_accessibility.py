"""No serious violation that axe-core knows, in light and dark; the main job by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from detection.models import Incident, MetricQuery
from detection.models.anomaly import ModelVersion
from remediation.models import Approval
from tests.browser import axe, screens
from tests.kubewise_site import records

pytestmark = [pytest.mark.system, pytest.mark.django_db(transaction=True)]
PAGES = {
    "dashboard": "/admin/",
    "incidents": screens.INCIDENTS,
    "incident": screens.INCIDENTS + "{id}/change/",
    "switches": "/admin/switches/",
    "notifications": "/admin/notifications/",
    "queries": "/admin/detection/metricquery/",
    "query": "/admin/detection/metricquery/add/",
    "policies": "/admin/remediation/policy/",
    "policy": "/admin/remediation/policy/add/",
    "windows": "/admin/remediation/maintenancewindow/",
    "window": "/admin/remediation/maintenancewindow/add/",
    "silence": "/admin/remediation/silence/add/",
    "schedules": "/admin/django_celery_beat/periodictask/",
    "schedule": "/admin/django_celery_beat/intervalschedule/add/",
    "model versions": "/admin/detection/modelversion/",
    "model calls": "/admin/remediation/llmcall/",
}


@pytest.fixture
def incident(db: None) -> Incident:
    revision = {"current": 4, "older": 3, "proven": 3, "changed": ["image: cart:1.9 → cart:2.0"]}
    facts = {"contributions": {"cpu": 0.2, "memory": 0.7}, "threshold": 1.0,
             "chart": [[1.0, 0.5], [2.0, 1.5]]}  # fmt: skip
    made = records.incident(revision=revision, facts=facts)
    records.attempt(records.plan(made))
    ModelVersion.objects.create(version="v1", source="data", trained_at=records.NOW)
    MetricQuery.objects.create(name="one", query="up", entity_kind="pod")
    return made


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_violation(
    page: Page, incident: Incident, name: str, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(PAGES[name].format(id=incident.pk))
    page.wait_for_load_state("networkidle")
    assert axe.violations(page) == []


@pytest.mark.parametrize("name", ["query", "policy", "window", "silence", "schedule"])
def test_every_field_of_a_form_and_its_save_button_are_reached_by_tab(
    page: Page, incident: Incident, name: str
) -> None:
    page.goto(PAGES[name])
    fields = "#content form :is(input:not([type=hidden]), select, textarea):visible"
    wanted = set(page.locator(fields).evaluate_all("all => all.map((one) => one.name)")) - {""}
    first = page.locator(fields).first
    first.focus()
    reached = set()
    for _ in range(60):
        reached.add(page.evaluate("document.activeElement.name"))
        if wanted | {"_save"} <= reached:
            break
        page.keyboard.press("Tab")
    assert wanted | {"_save"} <= reached


def test_an_incident_is_approved_by_keyboard_alone(page: Page, incident: Incident) -> None:
    page.goto(PAGES["incident"].format(id=incident.pk))
    page.get_by_label("Reason", exact=True).focus()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")
    assert not Approval.objects.exists()  # the end of a reason is no yes
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")
    expect(
        page.get_by_text("Approved; KubeWise checks every gate again, then acts.", exact=True)
    ).to_be_visible()
    assert Approval.objects.get().reason == "by keyboard"


def test_charts_are_drawn_and_have_a_table_of_their_values(page: Page, incident: Incident) -> None:
    page.goto(PAGES["incident"].format(id=incident.pk))
    chart = page.get_by_role("img", name="How unusual its metrics are")
    expect(chart.locator("canvas")).to_be_visible()
    page.get_by_text("Values as a table").first.click()
    expect(page.get_by_role("cell", name="1.5")).to_be_visible()


def test_the_plan_is_not_exchanged_under_a_persons_hands(page: Page, incident: Incident) -> None:
    page.goto(PAGES["incident"].format(id=incident.pk))
    plan = incident.plans.get()
    plan.superseded_at = records.NOW
    plan.save()
    newer = records.plan(incident, digest="e" * 64)
    expect(page.locator("#changed")).to_be_visible(timeout=15_000)
    assert page.locator(f'input[value^="{newer.pk}:"]').count() == 0
    page.get_by_role("link", name="Reload to see the new one").click()
    expect(page.locator(f'input[value^="{newer.pk}:"]').first).to_be_attached()


def test_stopping_from_the_dashboard_takes_a_click_and_a_confirmation(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_role("button", name="Stop everything").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Reason")).to_have_value("stopped from the dashboard")
    dialog.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_text("STOPPED", exact=True)).to_be_visible()
    page.get_by_role("button", name="Release").click()
    dialog.get_by_label("Reason").fill("all is well")
    dialog.get_by_role("button", name="Release the stop switch").click()
    expect(page.get_by_text("MANUAL", exact=True)).to_be_visible()


def test_hostile_names_in_charts_are_text(page: Page) -> None:
    name = "<img src=x onerror=alert(1)>"
    facts = {"chart": [[1.0, 0.5], [2.0, 1.5]], "threshold": 1.0, "contributions": {name: 0.7}}
    incident = records.incident(facts=facts, owner_name=name)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(PAGES["incident"].format(id=incident.pk))
    expect(page.get_by_role("img", name="How unusual its metrics are")).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
