"""The four groups in a browser at the running product: which pages open, which buttons are there.

The exhaustive matrix of every form and verb is tests/kubewise_site/test_groups.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from playwright.sync_api import Browser, Page, expect

from kubewise_site.console.groups import ACCESS, ADMIN, APPROVER, EDITED, GROUPS, OPERATOR, VIEWER
from tests.browser import screens
from tests.system.product import Product

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
POST = """async ([path, body]) => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const form = new URLSearchParams({...body, csrfmiddlewaretoken: token});
  return (await fetch(path, {method: "POST", body: form, redirect: "manual"})).status;
}"""
OWN_PAGES = {"/admin/": VIEWER, "/admin/switches/": VIEWER, "/admin/notifications/": VIEWER}


def pages() -> dict[str, str]:
    """Path of every list and form of the admin → the least group that may open it."""
    found = dict(OWN_PAGES)
    for model in admin.site._registry:
        name = f"{model._meta.app_label}.{model._meta.model_name}"
        path = f"/admin/{name.replace('.', '/')}/"
        found[path] = ADMIN if name in ACCESS else VIEWER
        if name in (*EDITED, *ACCESS):
            found[f"{path}add/"] = ADMIN if name in ACCESS else OPERATOR
    return found


def at_least(group: str, least: str) -> bool:
    return GROUPS.index(group) >= GROUPS.index(least)


@pytest.fixture(scope="module")
def event(product: Product) -> dict[str, Any]:
    product.inject("crash_loop", target="platform/deployment/notifications")
    return product.event("notifications", "AwaitingApproval", "RemediationSuggested", seconds=120)


@pytest.mark.parametrize("group", GROUPS)
def test_each_page_opens_for_its_groups_and_for_no_other(
    as_one_of: Callable[[str], Page], group: str
) -> None:
    page = as_one_of(group)
    wrong = []
    for path, least in pages().items():
        answer = page.goto(path, wait_until="domcontentloaded")
        expected = 200 if at_least(group, least) else 403
        if answer is None or (answer.status, page.url.endswith(path)) != (expected, True):
            wrong.append((path, answer and answer.status, page.url))
    assert wrong == []


def test_who_is_not_logged_in_is_sent_to_log_in_from_every_page(
    chromium: Browser, product: Product
) -> None:
    page = screens.page(chromium, product.base, screens.WIDE)
    for path in pages():
        page.goto(path, wait_until="domcontentloaded")
        assert "/admin/login/?next=" in page.url, path
    page.context.close()


@pytest.mark.parametrize("group", GROUPS)
def test_the_menu_shows_what_may_be_opened_alone(
    as_one_of: Callable[[str], Page], group: str
) -> None:
    page = as_one_of(group)
    known = pages()
    links = page.locator("nav a[href^='/admin/'], aside a[href^='/admin/']").evaluate_all(
        "all => [...new Set(all.map((one) => one.getAttribute('href').split('?')[0]))]"
    )
    shown = [path for path in links if path in known]
    assert len(shown) > 10
    assert [path for path in shown if not at_least(group, known[path])] == []


BUTTONS = {
    "Approve": APPROVER,
    "Reject": APPROVER,
    "Analyze again": APPROVER,
    "Add the comment": APPROVER,
    "Silence it": OPERATOR,
}


@pytest.mark.parametrize("group", GROUPS)
def test_each_button_is_there_exactly_for_who_may_press_it(
    as_one_of: Callable[[str], Page], event: dict[str, Any], group: str
) -> None:
    page = as_one_of(group)
    for name, least in (("Stop everything", APPROVER), ("Switch to AUTO", OPERATOR)):
        expected = int(at_least(group, least))
        expect(page.locator("#dashboard button").filter(has_text=name)).to_have_count(expected)
    page.goto("/admin/notifications/")
    assert page.get_by_text("Notifications").first.is_visible()
    page.goto(screens.INCIDENTS)
    ticks = page.locator("option[value=approve_selected]")
    expect(ticks).to_have_count(int(at_least(group, APPROVER)))
    page.get_by_role("link", name="/notifications", exact=False).last.click()
    for name, least in BUTTONS.items():
        button = page.locator("main, body").first.locator("button").get_by_text(name, exact=True)
        expect(button).to_have_count(int(at_least(group, least)))


@pytest.mark.parametrize("group", GROUPS)
def test_what_a_group_may_not_do_is_refused_though_it_is_posted(
    product: Product, as_one_of: Callable[[str], Page], event: dict[str, Any], group: str
) -> None:
    page = as_one_of(group)
    page.goto(screens.INCIDENTS)
    path = page.locator(screens.FIRST_INCIDENT).first.get_attribute("href") or ""
    number = path.split("?")[0].rstrip("/").split("/")[-2]
    choice = {"choice": f"{event['plan']['id']}:0:{event['plan']['digest']}"}
    before = product.events(), product.writes()
    for target, body, least in posts(number, choice):
        if not at_least(group, least):
            assert page.evaluate(POST, [target, body]) == 403, target
    assert product.writes() == before[1]
    assert {one["anomaly_id"] for one in product.events()} >= {event["anomaly_id"]}
    assert product.get("setup/mode")["mode"] == "MANUAL"


def posts(number: str, choice: dict[str, str]) -> list[tuple[str, dict[str, str], str]]:
    """Path, form and least group of everything that a button of the admin sends."""
    base = screens.INCIDENTS
    return [
        (f"{base}review/", {"verdict": "approve", **choice}, APPROVER),
        (f"{base}review/", {"verdict": "reject", **choice}, APPROVER),
        (f"{base}next/", {"next": choice["choice"]}, APPROVER),
        (f"{base}{number}/do/analyze/", {}, APPROVER),
        (f"{base}{number}/do/comment/", {"text": "x"}, APPROVER),
        (f"{base}{number}/do/feedback/", {}, APPROVER),
        (f"{base}{number}/do/silence/", {"hours": "1", "reason": "x"}, OPERATOR),
        ("/admin/switches/", {"stopped": "1", "reason": "x"}, APPROVER),
        ("/admin/switches/", {"mode": "AUTO", "reason": "x"}, OPERATOR),
        ("/admin/notifications/", {}, OPERATOR),
        ("/admin/detection/metricquery/preview/", {"query": "up"}, OPERATOR),
        ("/admin/remediation/silence/add/", {"reason": "x"}, OPERATOR),
        ("/admin/remediation/policy/add/", {"mode": "AUTO"}, OPERATOR),
        ("/admin/auth/user/add/", {"username": "x"}, ADMIN),
        ("/admin/access/apitoken/add/", {"name": "x"}, ADMIN),
    ]
