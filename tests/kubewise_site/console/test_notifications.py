"""The page of the notification targets, and its test message."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from kubewise_site.console import notifications
from tests.kubewise_site import records

PATH = "/admin/notifications/"
TARGETS = ("json://user:secret-password@hooks.example.com/x", "slack://token-a/token-b/token-c")


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[tuple[Any, ...]]:
    settings.NOTIFY_URLS = TARGETS
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(notifications, "send", lambda *args: calls.append(args) or "")
    return calls


def test_kinds_are_shown_and_no_address(browser: Client, sent: list[Any]) -> None:
    page = browser.get(PATH).content.decode()
    assert "json" in page
    assert "slack" in page
    for secret in ("secret-password", "hooks.example.com", "token-a"):
        assert secret not in page


def test_a_test_goes_to_every_target_and_says_so(browser: Client, sent: list[Any]) -> None:
    assert told(browser.post(PATH)) == "The test was sent to 2 targets."
    [(urls, title, body)] = sent
    assert urls == TARGETS
    assert "test" in title
    assert "anna" in body


def test_a_test_that_fails_names_the_kind_alone(
    browser: Client, settings: Any, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "send", lambda *args: "not delivered to: json")
    assert told(browser.post(PATH)) == "The test failed: not delivered to: json."


def test_without_a_target_the_page_says_how_to_name_one(browser: Client, settings: Any) -> None:
    settings.NOTIFY_URLS = ()
    assert "NOTIFY_URLS" in browser.get(PATH).content.decode()
    assert told(browser.post(PATH)) == "There is no target: name one in NOTIFY_URLS."


def test_what_was_sent_is_listed_as_text(browser: Client, settings: Any) -> None:
    hostile = "<script>alert('x')</script>"
    incident = records.incident()
    incident.deliveries.create(state="opened", at=records.NOW, result="failed", error=hostile)
    page = browser.get(PATH).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
