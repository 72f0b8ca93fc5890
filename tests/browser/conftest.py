"""A real Chromium at a live server, watched for console errors and foreign requests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from kubewise_site.console.groups import GROUPS
from tests.browser import screens
from tests.pairs.own import Pair
from tests.system.product import Product, running

PASSWORD = "secret-of-tests"
HERE = Path(__file__).parent
PEOPLE = f"""
from django.contrib.auth.models import Group, User
for name in {GROUPS!r}:
    user = User.objects.create_user("one-" + name, password={PASSWORD!r}, is_staff=True)
    user.groups.add(Group.objects.get(name=name))
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser is a peer: `make test` needs Python alone."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


class Watched:
    """What a page did that it must not do."""

    def __init__(self, page: Page, host: str) -> None:
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.host = host
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._request(request.url))

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.foreign.append(url)

    def check(self) -> None:
        assert self.errors == []
        assert self.foreign == []


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Playwright's synchronous interface keeps an event loop running in this thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with screens.chromium() as browser:
        yield browser
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session", params=[screens.WIDE, screens.PHONE], ids=["wide", "phone"])
def context(
    request: pytest.FixtureRequest, chromium: Browser, live_server: Any
) -> Iterator[BrowserContext]:
    """One for each size of screen, so that static files are fetched once."""
    made = screens.page(chromium, live_server.url, request.param).context
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, live_server: Any) -> Iterator[Page]:
    """Logged in as a superuser; in the end nothing was in the console and nothing left the host."""
    session = Client()
    session.force_login(User.objects.create_superuser("anna", password=PASSWORD))
    value = session.cookies[settings.SESSION_COOKIE_NAME].value
    context.clear_cookies()
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}]
    )
    made = context.new_page()
    watched = Watched(made, urlsplit(live_server.url).netloc)
    yield made
    made.close()
    watched.check()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures go; KUBEWISE_SHOTS keeps them."""
    directory = Path(os.environ.get("KUBEWISE_SHOTS", tmp_path))
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[Product]:
    """Every process of the product beside a simulated cluster, and one person of each group."""
    with running(tmp_path_factory.mktemp("product"), pair) as started:
        started.shell(PEOPLE)
        yield started


@pytest.fixture
def as_one_of(chromium: Browser, product: Product) -> Iterator[Callable[[str], Page]]:
    """A page of the running product, logged in as a member of that group."""
    made: list[Page] = []

    def log_in(group: str) -> Page:
        made.append(screens.page(chromium, product.base, screens.WIDE))
        screens.log_in(made[-1], f"one-{group}", PASSWORD)
        return made[-1]

    yield log_in
    for page in made:
        page.context.close()
