"""A model's view of a verification: recorded beside the facts, which alone decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubewise_site.core.redaction import redact
from remediation.llm.failures import LlmFailure
from remediation.llm.prompt_texts import prompt
from remediation.llm.protocol import LlmClient
from remediation.llm.providers import VERIFICATION, client_for
from remediation.llm.questions import answer_bounds
from remediation.llm.questions.assess import ask_for, pack
from remediation.llm.schema import VERIFICATION_SCHEMA, VerificationAnswer, VerificationView
from remediation.llm.usage.budget_and_breaker import refuse


def assess_verification(
    incident: Mapping[str, Any],
    action: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    client: LlmClient | None = None,
) -> VerificationView | LlmFailure:
    """Whether a model thinks that the action helped; GEMINI_AUTO_VERIFICATION switches it off.

    `evidence` items have an `id` and a `text`, from before and after the action.
    """
    asked = client or client_for(VERIFICATION)
    packed = pack(evidence)
    data = {"incident": dict(incident), "action": dict(action), "evidence": packed}
    answered = ask_for(asked, prompt("verify"), data, VERIFICATION_SCHEMA, VerificationAnswer)
    if isinstance(answered, LlmFailure):
        return answered
    answer, source = answered
    ids = [item["id"] for item in packed]
    if failure := answer_bounds.answer_failure((), answer.evidence, (), ids):
        refuse(source.call_id, failure)
        return failure
    return VerificationView(
        answer.view, answer.confidence, redact(answer.reason), tuple(answer.evidence), source
    )
