"""Asking a language model: which one, under which switch, and what its answer is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from kubewise_site.core.redaction import redact
from remediation.evidence.pack import cut, encoded
from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.prompt_texts import Prompt, prompt
from remediation.llm.protocol import LlmClient
from remediation.llm.questions import answer_bounds
from remediation.llm.schema import (
    ASSESSMENT_SCHEMA,
    AnswerSource,
    Assessment,
    AssessmentAnswer,
    RankedCandidate,
)
from remediation.llm.usage.budget_and_breaker import refuse

Answer = TypeVar("Answer", bound=msgspec.Struct)

EVIDENCE_CHARACTERS = 18_000
ITEM_CHARACTERS = 4_000


def assess(
    client: LlmClient,
    evidence: Sequence[Mapping[str, Any]],
    diagnosis: Mapping[str, Any],
    candidates: Sequence[Mapping[str, Any]],
    objects: Sequence[str] = (),
) -> Assessment | LlmFailure:
    """A model's view of one incident, held to its bounds.

    `evidence` items have an `id` and a `text`; `diagnosis` is that of the rules with what they
    found; `objects` are those of the API that may be named; `candidates` those of the Plan, best
    first. `bounds.reordered` makes the order of it that counts.
    """
    offered, packed = answer_bounds.offers(candidates), pack(evidence)
    data = {
        "incident": dict(diagnosis),
        "objects": list(objects),
        "evidence": packed,
        "candidates": [offer.as_dict() for offer in offered],
    }
    answered = ask_for(client, prompt("assess"), data, ASSESSMENT_SCHEMA, AssessmentAnswer)
    if isinstance(answered, LlmFailure):
        return answered
    answer, source = answered
    choices = tuple(RankedCandidate(one.id, redact(one.reason)) for one in answer.order)
    ids = [item["id"] for item in packed]
    failure = answer_bounds.answer_failure(
        choices, answer.evidence, offered, ids
    ) or answer_bounds.invented(answer.objects, answer.reasons, objects, packed)
    if failure:
        refuse(source.call_id, failure)
        return failure
    return _assessment(answer, choices, source)


def ask_for(
    client: LlmClient,
    instruction: Prompt,
    data: Mapping[str, Any],
    schema: Mapping[str, Any],
    kind: type[Answer],
) -> tuple[Answer, AnswerSource] | LlmFailure:
    """One question whose answer is a `kind`, strictly."""
    reply = client.ask(instruction, data, schema)
    if isinstance(reply, LlmFailure):
        return reply
    read = _read(reply.text, kind)
    if isinstance(read, LlmFailure):
        refuse(reply.source.call_id, read)
        return read
    return read, reply.source


def _read(text: str, kind: type[Answer]) -> Answer | LlmFailure:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        return LlmFailure(FailureKind.OFF_SCHEMA, redact(str(error)))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return LlmFailure(FailureKind.BAD_JSON, redact(str(error)))


def pack(evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The evidence within its limit of characters: what is decisive first, each item cut."""
    left, packed = EVIDENCE_CHARACTERS, []
    for item in sorted(evidence, key=lambda item: not item.get("decisive")):
        text = cut(redact(str(item.get("text", ""))), min(ITEM_CHARACTERS, left))
        if not text:
            continue
        packed.append({"id": str(item["id"]), "source": str(item.get("source", "")), "text": text})
        left -= encoded(text)
    return packed


def _assessment(
    answer: AssessmentAnswer, choices: tuple[RankedCandidate, ...], source: AnswerSource
) -> Assessment:
    return Assessment(
        root_cause=redact(answer.root_cause),
        impact=redact(answer.impact),
        confidence=answer.confidence,
        cause=answer.cause.strip().upper(),
        evidence=tuple(dict.fromkeys(answer.evidence)),
        objects=tuple(answer.objects),
        reasons=tuple(answer.reasons),
        order=choices,
        escalate=answer.escalate,
        escalate_reason=redact(answer.escalate_reason),
        recommendations=tuple(redact(one) for one in answer.recommendations),
        source=source,
    )
