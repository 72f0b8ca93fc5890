"""A client whose every request is within the budgets and on record, and asked once only."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from kubewise_site.core.clock import Clock, now
from kubewise_site.core.redaction import redact_all
from remediation.digests import digest_of
from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.prompt_texts import Prompt
from remediation.llm.protocol import Provider, Reply
from remediation.llm.schema import AnswerSource
from remediation.llm.usage import budget_and_breaker
from remediation.models.llm import LlmCall

CHARACTERS_A_TOKEN = 4
ANSWER_TOKENS = 8192


class Metered:
    """`inner` asks; `incident_id` None: what is asked is about no incident."""

    def __init__(
        self,
        inner: Provider,
        incident_id: int | None = None,
        clock: Clock = now,
    ) -> None:
        self.name, self._inner, self._incident_id = inner.name, inner, incident_id
        self._clock = clock

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        """From memory where this very question was answered; else within the budgets."""
        question, allowed = self._question(instruction, data), budget_and_breaker.llm_limits()
        if known := budget_and_breaker.earlier_answer(question.digest):
            return Reply(known.answer, _source_of(known))
        call = budget_and_breaker.reserve(question, allowed, self._clock())
        if isinstance(call, LlmFailure):
            return call
        began = time.monotonic()
        try:
            answer = self._inner.ask(instruction, data, schema)
        except BaseException as error:
            answer = LlmFailure(FailureKind.NOT_THE_API, type(error).__name__)
            budget_and_breaker.failed(call, answer, round(time.monotonic() - began, 3))
            raise
        if isinstance(answer, LlmFailure):
            budget_and_breaker.failed(call, answer, round(time.monotonic() - began, 3))
            return answer
        budget_and_breaker.settle_call(call, answer.source, answer.text, allowed)
        return Reply(answer.text, _with_id(answer.source, call.pk))

    def _question(
        self, instruction: Prompt, data: Mapping[str, Any]
    ) -> budget_and_breaker.Question:
        document = json.dumps(redact_all(dict(data)), sort_keys=True, default=str)
        characters = len(instruction.text) + len(document)
        return budget_and_breaker.Question(
            provider=self.name,
            model=self._inner.model,
            prompt=str(instruction),
            task=instruction.name,
            digest=digest_of(self.name, self._inner.model, instruction.text, document),
            incident_id=self._incident_id,
            prompt_tokens=characters // CHARACTERS_A_TOKEN,
            answer_tokens=ANSWER_TOKENS,
        )


def _source_of(call: LlmCall) -> AnswerSource:
    """From memory: it cost nothing now."""
    return AnswerSource(call.provider, call.model, call.prompt, 0, 0, 0.0, call.pk, cached=True)


def _with_id(source: AnswerSource, call_id: int) -> AnswerSource:
    return AnswerSource(
        source.provider, source.model, source.prompt, source.prompt_tokens,
        source.answer_tokens, source.duration_seconds, call_id,
    )  # fmt: skip
