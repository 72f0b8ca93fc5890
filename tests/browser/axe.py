"""axe-core, as it is published, run in the page that a browser shows."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

SCRIPT = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
BAD = ("serious", "critical")


def violations(page: Page) -> list[str]:
    """Serious and critical ones, each with its rule and the first elements that break it."""
    page.add_script_tag(content=SCRIPT.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{rule['id']}: {'; '.join(' '.join(map(str, node['target'])) for node in rule['nodes'])}"
        for rule in found
        if rule["impact"] in BAD
    ]
