"""Budgets, circuit breaker and memory: in the database, so shared by all workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from detection.models import Incident
from kubewise_site.core.config.reading import BASE_DIR
from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.prompt_texts import Prompt, prompt
from remediation.llm.protocol import Reply
from remediation.llm.providers import client_for
from remediation.llm.providers.metered import Metered
from remediation.llm.questions.assess import assess
from remediation.llm.schema import AnswerSource, Assessment
from remediation.llm.usage import budget_and_breaker
from remediation.models.llm import LlmCall
from tests.kubewise_site.records import incident
from tests.pairs.own import Pair
from tests.remediation.llm.gemini_server import (
    CANDIDATES,
    DIAGNOSIS,
    EVIDENCE,
    GOOD,
    answered,
    failed,
)
from tests.scripted_http import serving

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NO_ANSWER = LlmFailure(FailureKind.SERVER_ERROR, "no")


class Scripted:
    """Answers `replies` in turn, the last one for ever; `asked` counts what reached it."""

    name, model = "scripted", "m"

    def __init__(self, *replies: Reply | LlmFailure) -> None:
        self.replies, self.asked = list(replies), 0

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        self.asked += 1
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def good(tokens: int = 100) -> Reply:
    return Reply('{"a": 1}', AnswerSource("scripted", "m", "assess v2", tokens, tokens, 0.5))


def ask(
    provider: Scripted, text: str = "x", now: datetime = NOW, about: int | None = None
) -> Reply | LlmFailure:
    metered = Metered(provider, about, clock=lambda: now)
    return metered.ask(prompt("assess"), {"evidence": text}, {})


def kind(found: Reply | LlmFailure) -> str:
    return found.kind.value if isinstance(found, LlmFailure) else "ok"


@pytest.fixture
def an_incident() -> Incident:
    return incident()


def test_a_call_is_on_record_with_tokens_cost_and_latency(settings: Any) -> None:
    settings.LLM_INPUT_USD_PER_MILLION, settings.LLM_OUTPUT_USD_PER_MILLION = 1.0, 10.0
    ask(Scripted(good(tokens=1000)))
    row = LlmCall.objects.get()
    assert (row.outcome, row.task, row.prompt) == ("ok", "assess", "assess v2")
    assert (row.prompt_tokens, row.answer_tokens, row.duration_seconds) == (1000, 1000, 0.5)
    assert row.cost_usd == Decimal("0.011")


def test_the_same_question_is_answered_from_memory() -> None:
    provider = Scripted(good())
    first, second = ask(provider), ask(provider)
    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    assert (provider.asked, first.source.cached, second.source.cached) == (1, False, True)
    assert LlmCall.objects.get().reused == 1
    ask(provider, "other evidence")
    assert provider.asked == 2


def test_an_answer_that_did_not_count_is_not_remembered() -> None:
    provider = Scripted(good())
    first = ask(provider)
    assert isinstance(first, Reply)
    budget_and_breaker.refuse(first.source.call_id, LlmFailure(FailureKind.OFF_SCHEMA, "x"))
    assert LlmCall.objects.get().outcome == "off schema"
    ask(provider)
    assert provider.asked == 2


def test_what_is_remembered_holds_no_secret() -> None:
    answer = Reply(
        '{"root_cause": "password=hunter2-long"}', AnswerSource("scripted", "m", "assess v2")
    )
    ask(Scripted(answer))
    assert "hunter2" not in LlmCall.objects.get().answer


def test_calls_within_any_minute_are_bounded(settings: Any) -> None:
    settings.LLM_CALLS_PER_MINUTE = 3
    provider = Scripted(good())
    seen = [kind(ask(provider, str(n), NOW + timedelta(seconds=15 * n))) for n in range(6)]
    assert seen == ["ok", "ok", "ok", "over budget", "ok", "ok"]


def test_tokens_of_one_incident_are_bounded_and_others_go_on(
    settings: Any, an_incident: Incident
) -> None:
    settings.LLM_TOKENS_PER_INCIDENT = 20_000
    provider, other = Scripted(good(tokens=6_000)), incident("other")
    assert kind(ask(provider, "1", about=an_incident.pk)) == "ok"
    assert kind(ask(provider, "2", about=an_incident.pk)) == "over budget"
    assert kind(ask(provider, "3", about=other.pk)) == "ok"
    assert provider.asked == 2


def test_the_cost_of_a_day_is_bounded(settings: Any) -> None:
    settings.LLM_COST_PER_DAY_USD, settings.LLM_OUTPUT_USD_PER_MILLION = 1.0, 100.0
    provider = Scripted(good(tokens=5_000))
    assert kind(ask(provider, "1")) == "ok"
    assert kind(ask(provider, "2", NOW + timedelta(hours=23))) == "over budget"
    assert kind(ask(provider, "3", NOW + timedelta(hours=25))) == "ok"


def test_a_call_whose_worker_died_counts_in_full(settings: Any) -> None:
    settings.LLM_TOKENS_PER_INCIDENT = 10_000
    question = Metered(Scripted(good()), incident().pk)._question(prompt("assess"), {})
    assert isinstance(
        budget_and_breaker.reserve(question, budget_and_breaker.llm_limits(), NOW), LlmCall
    )
    again = budget_and_breaker.reserve(
        question, budget_and_breaker.llm_limits(), NOW + timedelta(hours=1)
    )
    assert isinstance(again, LlmFailure)
    assert again.kind == FailureKind.OVER_BUDGET


@pytest.mark.parametrize("trouble", [FailureKind.SERVER_ERROR, FailureKind.TIME_OUT])
def test_failures_in_a_row_open_the_circuit_and_one_call_tries_it(trouble: FailureKind) -> None:
    provider = Scripted(LlmFailure(trouble, "no"))
    first = [kind(ask(provider, str(n), NOW + timedelta(seconds=20 * n))) for n in range(7)]
    assert first == [trouble.value] * 5 + ["circuit open"] * 2
    later = NOW + timedelta(seconds=80 + 61)
    assert kind(ask(provider, "probe", later)) == trouble.value
    assert kind(ask(provider, "next", later + timedelta(seconds=61))) == "circuit open"
    provider.replies = [good()]
    assert kind(ask(provider, "probe", later + timedelta(seconds=121))) == "ok"
    assert kind(ask(provider, "closed", later + timedelta(seconds=122))) == "ok"


def test_while_one_call_tries_no_other_is_made() -> None:
    provider = Scripted(NO_ANSWER)
    for n in range(5):
        ask(provider, str(n), NOW + timedelta(seconds=20 * n))
    question = Metered(provider)._question(prompt("assess"), {})
    later = NOW + timedelta(minutes=5)
    assert isinstance(
        budget_and_breaker.reserve(question, budget_and_breaker.llm_limits(), later), LlmCall
    )
    assert kind(ask(provider, "other", later)) == "circuit open"


def test_a_refusal_to_answer_does_not_open_the_circuit_and_unreadable_answers_do() -> None:
    for failure, expected in (
        (FailureKind.BLOCKED, {"safety block"}),
        (FailureKind.EMPTY, {"empty", "circuit open"}),
    ):
        provider = Scripted(LlmFailure(failure, ""))
        seen = {kind(ask(provider, str(n), NOW + timedelta(minutes=n))) for n in range(8)}
        assert seen == expected
        LlmCall.objects.all().delete()


def test_workers_that_ask_at_once_share_the_budget(tmp_path: Path, pair: Pair) -> None:
    with pair.servers() as servers:
        assert _asked_at_once(f"sqlite:///{tmp_path}/race.sqlite3", servers) == 10


COUNT = """import django
django.setup()
from remediation.models import LlmCall
print(LlmCall.objects.count())"""


def _asked_at_once(url: str, servers: dict[str, str]) -> int:
    environment = os.environ | {"DATABASE_URL": url} | servers
    module = [sys.executable, "-m", "tests.remediation.attacks.race", "make"]
    subprocess.run(module, cwd=BASE_DIR, env=environment, check=True)
    start = str(time.time() + 8)
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.remediation.llm.race", name, start],
            cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE,
        )
        for name in "abcd"
    ]  # fmt: skip
    asked = sum(int(worker.communicate(timeout=100)[0]) for worker in workers)
    told = subprocess.check_output([sys.executable, "-c", COUNT], cwd=BASE_DIR, env=environment)
    assert int(told) == asked
    return asked


def test_each_try_of_the_real_sdk_counts(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediation.llm.providers.retrying.PAUSE_SECONDS", 0)
    with serving(failed(503), answered(GOOD)) as server:
        settings.GEMINI_API_KEY, settings.GEMINI_API_ENDPOINT = "k", server.url
        found = assess(client_for(), EVIDENCE, DIAGNOSIS, CANDIDATES)
    assert isinstance(found, Assessment)
    assert list(LlmCall.objects.order_by("id").values_list("outcome", flat=True)) == [
        "5xx server error",
        "ok",
    ]


def test_an_answer_off_schema_is_recorded_by_its_name(settings: Any) -> None:
    with serving(answered({**GOOD, "order": [{"id": "c9", "reason": ""}]})) as server:
        settings.GEMINI_API_KEY, settings.GEMINI_API_ENDPOINT = "k", server.url
        assess(client_for(), EVIDENCE, DIAGNOSIS, CANDIDATES)
    row = LlmCall.objects.get()
    assert (row.outcome, row.answer) == ("unknown candidate", "")
    assert row.prompt_tokens == 800


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"LLM_PROVIDER": "none", "GEMINI_API_KEY": "k"}, "LLM_PROVIDER is none"),
        ({"LLM_PROVIDER": "gemini"}, "GEMINI_API_KEY is empty"),
        ({"LLM_PROVIDER": "openai", "OPENAI_API_KEY": "k"}, "OPENAI_MODEL is empty"),
        ({"LLM_PROVIDER": "openai", "OPENAI_MODEL": "m"}, "OPENAI_BASE_URL and"),
    ],
)
def test_what_the_settings_lack_is_said(settings: Any, given: dict[str, str], says: str) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    found = assess(client_for(), EVIDENCE, DIAGNOSIS, CANDIDATES)
    assert isinstance(found, LlmFailure)
    assert found.kind == FailureKind.OFF
    assert says in found.message
    assert not LlmCall.objects.exists()
