"""What models cost, on the dashboard: beside the budgets in force, or why there is nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from detection.runtime.heartbeats import beat
from remediation.llm.failures import FailureKind
from remediation.llm.usage.spend import spend_of_day
from remediation.models.llm import LlmCall
from tests.kubewise_site import records

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def with_a_key(settings: Any) -> None:
    settings.LLM_PROVIDER, settings.GEMINI_MODEL = "gemini", "flash"
    settings.GEMINI_API_KEY = "a-key-of-tests"
    settings.LLM_COST_PER_DAY_USD = 2.0


def call(seconds_ago: int = 300, **fields: Any) -> LlmCall:
    given: dict[str, Any] = {
        "task": "assess", "provider": "gemini", "model": "flash", "outcome": LlmCall.OK,
        "prompt_tokens": 1000, "answer_tokens": 200, "cost_usd": Decimal("0.5"),
        "at": datetime.now(UTC) - timedelta(seconds=seconds_ago),
    }  # fmt: skip
    return LlmCall.objects.create(**given | fields)


def test_it_is_the_sum_of_the_last_day_beside_its_budget(browser: Client) -> None:
    call(seconds_ago=5)
    call(outcome=FailureKind.SERVER_ERROR, cost_usd=0)
    call(seconds_ago=90_000, cost_usd=9)
    found = spend_of_day(datetime.now(UTC))
    assert (found.calls, found.failed, found.calls_last_minute) == (2, 1, 1)
    assert (found.tokens, found.usd, found.percent) == (2400, Decimal("0.5"), 25)
    page = browser.get("/admin/fragment/").content.decode()
    assert "0.5000" in page
    assert "of 2 USD" in page
    assert "Circuit breaker: closed" in page
    assert "a-key-of-tests" not in page


def test_a_budget_that_is_used_up_is_said(browser: Client) -> None:
    call(cost_usd=2)
    assert spend_of_day(datetime.now(UTC)).used_up
    assert "The budget is used up" in browser.get("/admin/").content.decode()


def test_an_open_breaker_is_said(browser: Client) -> None:
    for _ in range(5):
        call(seconds_ago=3, outcome=FailureKind.TIME_OUT, cost_usd=0)
    assert spend_of_day(datetime.now(UTC)).circuit.startswith("5 calls failed in a row")
    assert "5 calls failed in a row" in browser.get("/admin/").content.decode()


def test_without_a_key_it_says_rules_only(browser: Client, settings: Any) -> None:
    settings.GEMINI_API_KEY = ""
    page = browser.get("/admin/").content.decode()
    assert "Rules only" in page
    assert "GEMINI_API_KEY is empty" in page


def test_spend_of_workers_is_shown_though_the_web_process_has_no_key(
    browser: Client, settings: Any
) -> None:
    settings.GEMINI_API_KEY = ""
    call()
    page = browser.get("/admin/").content.decode()
    assert "0.5000" in page
    assert "No model is asked now" in page


def test_who_may_not_see_model_calls_sees_no_spend(db: None) -> None:
    client = Client()
    client.force_login(records.user("vic", "detection.view_incident"))
    assert "Rules only" not in client.get("/admin/").content.decode()


def test_what_is_told_about_the_key_is_what_the_worker_with_the_key_says(
    browser: Client, settings: Any
) -> None:
    """The web process holds no key of a model, so its own settings say nothing."""
    settings.GEMINI_API_KEY = ""
    beat("sweep", datetime.now(UTC), no_model="")
    assert "nothing is sent anywhere" not in browser.get("/admin/").content.decode()
    beat("sweep", datetime.now(UTC), no_model="GEMINI_API_KEY is empty")
    told = browser.get("/admin/").content.decode()
    assert "nothing is sent anywhere (GEMINI_API_KEY is empty)" in told
