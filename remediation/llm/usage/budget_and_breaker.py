"""Budgets and circuit breaker over the records of calls, shared by all workers.

There is no counter that could drift: what was spent is what the rows of LlmCall say. A call is
reserved, at its highest price, in a transaction that one asker at a time is in, and settled after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet, Sum

from detection.domain.units import counted
from kubewise_site.core.redaction import redact_all
from remediation.llm.failures import ITS_TROUBLE, FailureKind, LlmFailure
from remediation.llm.schema import AnswerSource
from remediation.models.llm import LlmCall, LlmGate

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OPENS_AFTER = 5
COOL_SECONDS, LONGEST_COOL_SECONDS = 60, 900
PROBE = timedelta(minutes=3)
MILLION = Decimal(1_000_000)
# What a provider does not charge: no answer was made.
FREE = frozenset(
    {
        FailureKind.REFUSED_CONNECTION, FailureKind.BAD_REQUEST, FailureKind.UNAUTHORIZED,
        FailureKind.FORBIDDEN, FailureKind.NOT_FOUND, FailureKind.RATE_LIMITED,
        FailureKind.SERVER_ERROR,
    }
)  # fmt: skip


@dataclass(frozen=True)
class LlmLimits:
    """How much may be asked. Prices in USD per million tokens."""

    calls_per_minute: int
    tokens_per_incident: int
    usd_per_day: Decimal
    input_usd: Decimal
    output_usd: Decimal

    def cost(self, prompt_tokens: int, answer_tokens: int) -> Decimal:
        spent = prompt_tokens * self.input_usd + answer_tokens * self.output_usd
        return (spent / MILLION).quantize(Decimal("0.000001"))


def llm_limits() -> LlmLimits:
    """As the settings have them."""
    return LlmLimits(
        settings.LLM_CALLS_PER_MINUTE,
        settings.LLM_TOKENS_PER_INCIDENT,
        Decimal(str(settings.LLM_COST_PER_DAY_USD)),
        Decimal(str(settings.LLM_INPUT_USD_PER_MILLION)),
        Decimal(str(settings.LLM_OUTPUT_USD_PER_MILLION)),
    )


@dataclass(frozen=True)
class Question:
    """Who is asked what. The token counts are the highest that it may come to."""

    provider: str
    model: str
    prompt: str
    task: str
    digest: str
    incident_id: int | None
    prompt_tokens: int
    answer_tokens: int


def earlier_answer(digest: str) -> LlmCall | None:
    """The call that this very question was answered by."""
    rows = LlmCall.objects.filter(question_hash=digest, outcome=LlmCall.OK).exclude(answer="")
    if found := rows.first():
        LlmCall.objects.filter(pk=found.pk).update(reused=F("reused") + 1)
    return found


def reserve(question: Question, allowed: LlmLimits, now: datetime) -> LlmCall | LlmFailure:
    """The row of a call that may be made now, or why it may not."""
    LlmGate.objects.get_or_create(pk=1)
    with transaction.atomic():
        LlmGate.objects.filter(pk=1).update(passed_at=now)  # the others wait until we commit
        refused = _over_budget(question, allowed, now) or circuit(
            question.provider, question.model, now
        )
        if refused:
            return refused
        return LlmCall.objects.create(
            incident_id=question.incident_id,
            task=question.task,
            provider=question.provider,
            model=question.model,
            prompt=question.prompt,
            question_hash=question.digest,
            prompt_tokens=question.prompt_tokens,
            answer_tokens=question.answer_tokens,
            cost_usd=allowed.cost(question.prompt_tokens, question.answer_tokens),
            at=now,
        )


def settle_call(call: LlmCall, source: AnswerSource, text: str, allowed: LlmLimits) -> None:
    """It was answered: what it took, and the answer without secrets."""
    asked = source.prompt_tokens or call.prompt_tokens
    answered = source.answer_tokens or call.answer_tokens
    _update(
        call.pk,
        outcome=LlmCall.OK,
        prompt_tokens=asked,
        answer_tokens=answered,
        cost_usd=allowed.cost(asked, answered),
        duration_seconds=source.duration_seconds,
        answer=_clean(text),
    )


def failed(call: LlmCall, failure: LlmFailure, seconds: float) -> None:
    """It was not answered. Where nobody knows what it took, the reserve stays spent."""
    free = failure.kind in FREE
    spent: dict[str, Any] = (
        {"prompt_tokens": 0, "answer_tokens": 0, "cost_usd": Decimal(0)} if free else {}
    )
    error = failure.message[:500]
    _update(call.pk, outcome=failure.kind.value, error=error, duration_seconds=seconds, **spent)


def refuse(call_id: int, failure: LlmFailure) -> None:
    """Its answer does not count, and is not remembered. It was paid for all the same."""
    if call_id:
        _update(call_id, outcome=failure.kind.value, error=failure.message[:500], answer="")


def _update(call_id: int, **fields: Any) -> None:
    LlmCall.objects.filter(pk=call_id).update(**fields)


def _clean(text: str) -> str:
    """Compact JSON, redacted; '' for what is no JSON and so no answer."""
    try:
        return msgspec.json.encode(redact_all(msgspec.json.decode(text))).decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""


def _over_budget(question: Question, allowed: LlmLimits, now: datetime) -> LlmFailure | None:
    if LlmCall.objects.filter(at__gt=now - MINUTE).count() >= allowed.calls_per_minute:
        return _over(f"the limit is {counted(allowed.calls_per_minute, 'call')} per minute")
    wanted = question.prompt_tokens + question.answer_tokens
    if _tokens_of(question.incident_id) + wanted > allowed.tokens_per_incident:
        return _over(f"the limit is {counted(allowed.tokens_per_incident, 'token')} per incident")
    cost = allowed.cost(question.prompt_tokens, question.answer_tokens)
    if cost + _cost(LlmCall.objects.filter(at__gt=now - DAY)) > allowed.usd_per_day:
        return _over(f"the limit is {allowed.usd_per_day} USD per day")
    return None


def _over(message: str) -> LlmFailure:
    return LlmFailure(FailureKind.OVER_BUDGET, message)


def _tokens_of(incident_id: int | None) -> int:
    """Those that an incident took; 0 for what is about none, which the other budgets bound."""
    if incident_id is None:
        return 0
    rows = LlmCall.objects.filter(incident_id=incident_id)
    return int(rows.aggregate(all=Sum(F("prompt_tokens") + F("answer_tokens")))["all"] or 0)


def _cost(rows: QuerySet[LlmCall]) -> Decimal:
    return Decimal(rows.aggregate(all=Sum("cost_usd"))["all"] or 0)


def circuit(provider: str, model: str, now: datetime) -> LlmFailure | None:
    """Open after failures in a row, for longer each time; then one call at a time may try.

    None while it is closed. It reads alone.
    """
    rows = LlmCall.objects.filter(provider=provider, model=model)
    ended = rows.exclude(outcome=LlmCall.PENDING).values_list("outcome", "at", "duration_seconds")
    newest = list(ended[: OPENS_AFTER + 8])
    failures = len(list(takewhile(lambda row: row[0] in ITS_TROUBLE, newest)))
    if failures < OPENS_AFTER:
        return None
    kind, at, seconds = newest[0]
    cool = min(COOL_SECONDS * 2 ** (failures - OPENS_AFTER), LONGEST_COOL_SECONDS)
    until = at + timedelta(seconds=seconds + cool)
    if now < until:
        message = (
            f"{counted(failures, 'call')} failed in a row ({kind}); until {until:%H:%M:%S} UTC"
        )
        return LlmFailure(FailureKind.CIRCUIT_OPEN, message)
    if rows.filter(outcome=LlmCall.PENDING, at__gt=now - PROBE).exists():
        return LlmFailure(FailureKind.CIRCUIT_OPEN, "one call is testing whether it works again")
    return None
