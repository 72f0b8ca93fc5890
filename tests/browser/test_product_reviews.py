"""Yes, no, too late and stop, in a browser, with every process of the running product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import screens
from tests.browser.conftest import Watched
from tests.system.product import Product, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
LONG = 120_000
WAITS = "AwaitingApproval"
MANY = {
    "cart": ("image_not_found", "shop/deployment/cart"),
    "checkout": ("crash_loop", "shop/deployment/checkout"),
    "catalog": ("oom", "shop/deployment/catalog"),
    "gateway": ("scaled_to_zero", "payments/deployment/gateway"),
    "web": ("bad_config", "shop/deployment/web"),
}


@pytest.fixture
def operator(product: Product, as_one_of: Callable[[str], Page]) -> Any:
    """An operator's page; in the end nothing was in the console, and nothing left the host."""
    page = as_one_of("operator")
    watched = Watched(page, urlsplit(product.base).netloc)
    yield page
    watched.check()


def broken(product: Product, fault: str, target: str) -> dict[str, Any]:
    """The event of that fault, once it waits for a person."""
    product.inject(fault, target=target)
    return product.event(target.rpartition("/")[2], WAITS, seconds=120)


def open_page(page: Page, name: str) -> None:
    page.goto(screens.INCIDENTS)
    page.get_by_role("link", name=f"/{name}").click()
    expect(page.get_by_role("button", name="Approve")).to_be_visible(timeout=LONG)


def planned_anew(product: Product, event: dict[str, Any]) -> None:
    """Ask for a new analysis, as another person would, and wait for the plan that comes of it."""
    name, before = event["owner"]["name"], event["plan"]["id"]
    answer = product.send("POST", f"anomalies/analyze/{event['anomaly_id']}", {})
    assert answer.ok, answer.text

    def newer() -> bool:
        found = product.event(name, WAITS)
        return bool(found["plan"]["id"] != before)

    wait_for("another plan", newer)


def test_a_rejected_plan_dismisses_the_incident_and_changes_nothing(
    product: Product, operator: Page
) -> None:
    broken(product, "crash_loop", "payments/deployment/fraud")
    before = product.writes()
    open_page(operator, "fraud")
    operator.locator("#kw-reason").fill("known, the team is on it")
    operator.get_by_role("button", name="Reject").click()
    expect(operator.get_by_text("Rejected.", exact=True)).to_be_visible()
    expect(operator.locator("#head").get_by_text("dismissed", exact=True)).to_be_visible()
    expect(operator.locator("#timeline")).to_contain_text("known, the team is on it")
    assert product.writes() == before


def test_an_approval_of_a_plan_that_was_made_anew_meanwhile_is_stale(
    product: Product, operator: Page
) -> None:
    event = broken(product, "crash_loop", "payments/deployment/ledger")
    before = product.writes()
    open_page(operator, "ledger")
    planned_anew(product, event)
    operator.get_by_role("button", name="Approve").click()
    expect(operator.get_by_text("Stale: the plan or its target changed")).to_be_visible()
    assert product.event("ledger", WAITS)["status"] == WAITS
    assert product.writes() == before


def test_while_the_stop_switch_is_pulled_an_approval_changes_nothing(
    product: Product, operator: Page
) -> None:
    broken(product, "crash_loop", "shop/deployment/search")
    before = product.writes()
    operator.goto("/admin/")
    operator.get_by_role("button", name="Stop everything").click()
    operator.get_by_role("dialog").get_by_role("button", name="Stop everything").click()
    expect(operator.get_by_text("STOPPED", exact=True)).to_be_visible()
    open_page(operator, "search")
    operator.get_by_role("button", name="Approve").click()
    expect(operator.get_by_text("pulled the stop switch").first).to_be_visible()
    expect(operator.get_by_role("button", name="Approve")).to_be_visible(timeout=LONG)
    assert product.writes() == before
    operator.goto("/admin/")
    operator.get_by_role("button", name="Release").click()
    answer = operator.get_by_role("dialog")
    answer.get_by_label("Reason").fill("seen")
    answer.get_by_role("button", name="Release the stop switch").click()
    expect(operator.get_by_text("MANUAL", exact=True)).to_be_visible()


def test_many_are_approved_at_once_and_each_ending_is_counted(
    product: Product, operator: Page
) -> None:
    for fault, target in MANY.values():
        product.inject(fault, target=target)
    events = {name: product.event(name, WAITS, seconds=180) for name in MANY}
    operator.goto(screens.INCIDENTS + "?state=waiting")
    for name in MANY:
        row = operator.get_by_role("row").filter(has_text=f"/{name}")
        row.locator("input.action-select").check()
    operator.locator("select[name=action]").select_option("approve_selected")
    operator.get_by_role("button", name="Run").click()
    expect(operator.get_by_role("button", name="Approve 5")).to_be_visible()
    planned_anew(product, events["web"])
    cart = events["cart"]
    body = {"plan": cart["plan"]["id"], "digest": cart["plan"]["digest"], "reason": "faster"}
    answer = product.send("POST", f"remediation/events/{cart['anomaly_id']}/approve", body)
    assert answer.ok, answer.text
    operator.get_by_role("button", name="Approve 5").click()
    told = operator.get_by_text("3 approved").first
    expect(told).to_be_visible()
    parts = set((told.text_content() or "").strip().rstrip(".").split(", "))
    assert parts == {"3 approved", "1 already handled", "1 stale"}
