"""Script, markup and terminal control in every field of the records: a browser runs none of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from detection.models import Incident
from remediation.models import Attempt, Plan
from tests.browser import screens
from tests.kubewise_site import records
from tests.kubewise_site.admin.test_hostile import HOSTILE, poisoned

pytestmark = [pytest.mark.system, pytest.mark.django_db(transaction=True)]
RAN = "document.querySelectorAll('img[src=x]').length"
WIDER = """[...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .slice(-3).map((one) => one.outerHTML.slice(0, 200))"""


@pytest.fixture
def incident(db: None) -> Incident:
    """Every text of incident, plan, attempt and timeline is the payload."""
    made = records.incident(
        owner_name=HOSTILE, owner_namespace=HOSTILE[:60], facts={"contributions": {HOSTILE: 0.5}},
        prediction={"text": HOSTILE}, notes=HOSTILE,
    )  # fmt: skip
    plan = records.plan(made)
    records.attempt(plan)
    for row in (*Plan.objects.all(), *Attempt.objects.all(), *made.transitions.all()):
        poisoned(row)
    Plan.objects.update(
        candidates=[records.ROLLBACK | {"description": HOSTILE, "kubectl": HOSTILE}]
    )
    poisoned(made)
    return made


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_runs_it_or_is_widened_by_it(page: Page, incident: Incident, scheme: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    paths = ("/admin/", f"{screens.INCIDENTS}?state=all",
             f"{screens.INCIDENTS}{incident.pk}/change/", "/admin/remediation/attempt/",
             "/admin/detection/transition/")  # fmt: skip
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        expect(page.get_by_text("<script>alert").first).to_be_attached()
        assert page.evaluate(RAN) == 0, path
        wider = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wider, (path, page.evaluate(WIDER))


def test_the_confirmation_of_many_and_its_answer_run_none_of_it(
    page: Page, incident: Incident
) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(f"{screens.INCIDENTS}?state=all")
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("reject_selected")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("<script>alert").first).to_be_visible()
    assert page.evaluate(RAN) == 0
    page.get_by_role("button", name="Reject 1").click()
    expect(page.get_by_text("Rejected.", exact=True)).to_be_visible()
