"""The admin in a real browser, wide and as a phone: what a person on call does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route, expect

from detection.domain.statuses import Status
from detection.models import Incident
from remediation.models import Approval
from tests.browser import screens
from tests.browser.conftest import PASSWORD
from tests.kubewise_site import records

pytestmark = [pytest.mark.system, pytest.mark.django_db(transaction=True)]


def open_incident(page: Page, name: str = "cart") -> None:
    page.goto(screens.INCIDENTS)
    page.get_by_role("link", name=f"Deployment shop/{name}").click()


def test_a_person_logs_in(page: Page) -> None:
    page.context.clear_cookies()
    screens.log_in(page, "anna", PASSWORD)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_an_incident_appears_on_the_dashboard_without_a_reload(page: Page, shots: Path) -> None:
    page.goto("/admin/")
    expect(page.get_by_text("No open incident")).to_be_visible()
    records.incident()
    expect(page.get_by_text("Deployment shop/cart")).to_be_visible(timeout=15_000)
    page.screenshot(path=shots / f"dashboard-{_width(page)}.png", full_page=True)


def test_an_incident_is_read_and_approved(page: Page, shots: Path) -> None:
    records.plan(records.incident())
    open_incident(page)
    expect(page.get_by_text("Deployment shop/cart: the image does not exist")).to_be_visible()
    expect(page.get_by_text("Decisive:")).to_be_visible()
    page.screenshot(path=shots / f"incident-{_width(page)}.png", full_page=True)
    page.get_by_label("Reason").fill("looks right")
    page.get_by_role("button", name="Approve").click()
    expect(
        page.get_by_text("Approved; KubeWise checks every gate again, then acts.", exact=True)
    ).to_be_visible()
    row = Approval.objects.get()
    assert (row.user.username, row.reason) == ("anna", "looks right")


def test_an_incident_is_rejected(page: Page) -> None:
    records.plan(records.incident())
    open_incident(page)
    page.get_by_label("Reason").fill("known")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Rejected.", exact=True)).to_be_visible()
    assert Incident.objects.get().status == Status.DISMISSED


def test_an_approval_of_a_plan_that_changed_meanwhile_is_stale(page: Page) -> None:
    plan = records.plan(records.incident())
    open_incident(page)
    plan.superseded_at = records.NOW
    plan.save()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Stale:")).to_be_visible()
    assert not Approval.objects.exists()


def test_several_are_approved_from_the_list(page: Page, shots: Path) -> None:
    for name in ("cart", "search"):
        records.plan(records.incident(name))
    page.goto(screens.INCIDENTS)
    page.screenshot(path=shots / f"incidents-{_width(page)}.png", full_page=True)
    for box in page.locator("input.action-select").all():
        box.check()
    page.locator("select[name=action]").select_option("approve_selected")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Approve 2").click()
    expect(page.get_by_text("2 approved.")).to_be_visible()
    assert Approval.objects.count() == 2


def test_the_stop_switch_is_pulled_from_the_dashboard(page: Page) -> None:
    page.goto("/admin/")
    page.locator("#dashboard").get_by_role("link", name="Mode and stop switch").click()
    page.locator("#kw-stop-reason").fill("odd rollbacks")
    page.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_text("Stopped: KubeWise changes nothing.")).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_text("STOPPED", exact=True)).to_be_visible()


def test_a_dashboard_that_can_not_be_refreshed_says_so(page: Page) -> None:
    page.goto("/admin/")
    expect(page.locator("#stale")).to_be_hidden()
    page.context.clear_cookies()  # the session ended
    expect(page.locator("#stale")).to_be_visible(timeout=25_000)


def test_a_page_whose_session_ended_says_so_and_leads_to_the_log_in(page: Page) -> None:
    page.goto("/admin/")
    page.context.clear_cookies()
    expect(page.locator("#ended")).to_be_visible(timeout=15_000)
    page.get_by_role("link", name="Log in again").click()
    screens.fill_in(page, "anna", PASSWORD)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_an_approval_after_the_session_ended_does_nothing_and_says_so(page: Page) -> None:
    records.plan(records.incident())
    open_incident(page)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Approve").click()
    screens.fill_in(page, "anna", PASSWORD)
    expect(page.get_by_text("Nothing was done: your session had ended.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    assert not Approval.objects.exists()


def test_a_second_click_on_a_slow_network_sends_nothing_twice(page: Page) -> None:
    records.plan(records.incident())
    open_incident(page)
    sent: list[str] = []

    def slowly(route: Route) -> None:
        sent.append(route.request.method)
        time.sleep(1)
        route.continue_()

    page.route("**/review/**", slowly)
    page.get_by_role("button", name="Approve").dblclick(no_wait_after=True)
    expect(
        page.get_by_text("Approved; KubeWise checks every gate again, then acts.", exact=True)
    ).to_be_visible()
    assert sent == ["POST"]
    assert Approval.objects.count() == 1


def test_the_next_candidate_is_planned_by_one_click(page: Page) -> None:
    restart = records.ROLLBACK | {
        "action": "restart_deployment", "parameters": {"name": "cart", "namespace": "shop"},
        "command": "restart_deployment name=cart namespace=shop",
    }  # fmt: skip
    records.plan(records.incident(), candidates=[records.ROLLBACK, restart, records.ESCALATE])
    open_incident(page)
    page.get_by_role("button", name="Try the next candidate").click()
    expect(page.get_by_text("It is not approved yet: read what it would change.")).to_be_visible()
    planned = page.locator(".kw-candidate").filter(has_text="planned by a person")
    expect(planned.get_by_role("radio")).to_be_checked()
    expect(planned.locator(".kw-plus")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()


def test_the_list_is_kept_fresh_but_not_under_ticked_rows(page: Page) -> None:
    cart = records.incident()
    page.goto(screens.INCIDENTS)
    records.incident("search")
    expect(page.get_by_role("link", name="Deployment shop/search")).to_be_visible(timeout=15_000)
    Incident.objects.filter(pk=cart.pk).update(status=Status.ESCALATED)
    expect(page.get_by_text("escalated", exact=True)).to_be_visible(timeout=15_000)
    box = page.locator("input.action-select").first
    box.check()
    records.incident("web")
    expect(page.locator("#ticked")).to_be_visible(timeout=15_000)
    expect(page.locator("#stale")).to_be_visible(timeout=25_000)
    box.uncheck()
    box.blur()
    expect(page.get_by_role("link", name="Deployment shop/web")).to_be_visible(timeout=15_000)


@pytest.mark.parametrize("listed", ["detection/transition", "detection/modelversion"])
def test_lists_of_records_are_kept_fresh_without_reloading_for_nothing(
    page: Page, listed: str
) -> None:
    records.plan(records.incident())
    records.plan(records.incident("web"))
    page.goto(f"/admin/{listed}/")
    loads = list[str]()
    page.on("load", lambda loaded: loads.append(loaded.url))
    for _ in range(2):
        with page.expect_response(
            lambda answer: answer.url.endswith(f"/{listed}/"), timeout=15_000
        ):
            pass
    assert loads == []
    expect(page.locator("#stale")).to_be_hidden()


def test_hostile_text_runs_nothing(page: Page) -> None:
    script = "<script>document.title='pwned'</script><img src=x onerror='document.title=1'>"
    records.plan(records.incident(summary=script, diagnosis={"root_cause": script}))
    open_incident(page)
    expect(page.get_by_text(script).first).to_be_visible()
    assert "Deployment shop/cart" in page.title()


def test_no_page_is_wider_than_the_screen(page: Page) -> None:
    incident = records.incident(summary="x" * 300)
    records.plan(incident, candidates=[records.ROLLBACK | {"kubectl": "k" * 300}])
    for path in ("/admin/", "/admin/switches/", screens.INCIDENTS,
                 f"{screens.INCIDENTS}{incident.pk}/change/"):  # fmt: skip
        page.goto(path)
        too_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not too_wide, path


def test_the_pictures_for_the_readme_can_be_taken(page: Page, tmp_path: Path) -> None:
    records.plan(records.incident())
    for name, path in (("dashboard", "/admin/"), ("incident", screens.newest_incident(page))):
        assert path
        picture = tmp_path / f"{name}.png"
        screens.take(page, path, picture)
        assert picture.stat().st_size > 10_000


def _width(page: Page) -> int:
    size = page.viewport_size
    return size["width"] if size else 0
