"""Pictures of a running KubeWise, for the README: dashboard, list and incident.

    python -m tests.browser.screens http://127.0.0.1:8000 admin PASSWORD docs/images

`make run` must be up. The chromium is Debian's, nothing is downloaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, PHONE = (1280, 900), (390, 844)
INCIDENTS = "/admin/detection/incident/"
FIRST_INCIDENT = "#result_list tbody tr th a, #result_list tbody tr td a"


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def page(browser: Browser, base: str, size: tuple[int, int], *, dark: bool = False) -> Page:
    """A fresh page, in its own session. Paths that it opens are relative to `base`."""
    context = browser.new_context(
        base_url=base,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
    )
    return context.new_page()


def log_in(at: Page, user: str, password: str) -> None:
    at.goto("/admin/login/?next=/admin/")
    fill_in(at, user, password)
    at.wait_for_selector("#dashboard")


def fill_in(at: Page, user: str, password: str) -> None:
    """The form of the log-in that is shown."""
    at.fill("input[name=username]", user)
    at.fill("input[name=password]", password)
    at.click("#login-form button[type=submit]")


def take(at: Page, path: str, to: Path) -> None:
    """One page from its top to its end."""
    at.goto(path)
    at.wait_for_load_state("networkidle")
    if at.locator("[data-charts]").count():
        at.wait_for_selector("[data-drawn]", timeout=20_000)
    at.screenshot(path=to, full_page=True)


def newest_incident(at: Page) -> str | None:
    """The path of the first incident of the list; None where it is empty."""
    at.goto(INCIDENTS)
    link = at.query_selector(FIRST_INCIDENT)
    return link.get_attribute("href") if link else None


def pictures(base: str, user: str, password: str, directory: Path) -> list[Path]:
    """Write dashboard, incidents and incident: wide, dark and as a phone shows them."""
    directory.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    with chromium() as browser:
        for suffix, size, dark in (("", WIDE, False), ("-dark", WIDE, True), ("-phone", PHONE, 0)):
            at = page(browser, base, size, dark=bool(dark))
            log_in(at, user, password)
            shown = {"dashboard": "/admin/", "incidents": INCIDENTS}
            if path := newest_incident(at):
                shown["incident"] = path
            for name, path in shown.items():
                made.append(directory / f"{name}{suffix}.png")
                take(at, path, made[-1])
            at.context.close()
    return made


if __name__ == "__main__":
    for picture in pictures(*sys.argv[1:4], Path(sys.argv[4])):
        sys.stdout.write(f"{picture}\n")
