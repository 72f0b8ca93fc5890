"""The main job in a browser, with every process of the product and the simulated cluster."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import screens
from tests.browser.conftest import Watched
from tests.pairs.own import LARGE, SMALL, Pair
from tests.system.product import running

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
MINUTES = 180_000


@pytest.mark.parametrize("each", [SMALL, LARGE], ids=["sqlite", "postgres"])
def test_an_incident_appears_is_approved_and_becomes_resolved_without_a_reload(
    chromium: Browser, tmp_path: Path, each: Pair
) -> None:
    with running(tmp_path, each) as product:
        console = product.console.read_text()
        password = re.search(r"password (\S+)", console)
        assert password
        page = screens.page(chromium, product.base, screens.WIDE)
        watched = Watched(page, urlsplit(product.base).netloc)
        screens.log_in(page, "admin", password[1])
        expect(page.get_by_text("No open incident")).to_be_visible()
        name = product.inject("image_not_found")["target"].rpartition("/")[2]
        row = page.locator("#dashboard .kw-rows a").filter(has_text=f"/{name}")
        expect(row).to_be_visible(timeout=MINUTES)
        row.click()
        approve = page.get_by_role("button", name="Approve")
        expect(approve).to_be_visible(timeout=MINUTES)
        assert product.writes() == []
        page.locator("#kw-reason").fill("looks right")
        approve.click()
        head = page.locator("#head")
        expect(head.get_by_text("resolved", exact=True)).to_be_visible(timeout=MINUTES)
        expect(page.locator("#attempts .kw-plus").first).to_be_visible()
        watched.check()
        page.context.close()
