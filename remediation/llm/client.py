"""Asking a language model: which one, under which switch, and what its answer is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import msgspec
import structlog
from django.conf import settings

from detection.redact import redact
from remediation.evidence.items import cut, encoded
from remediation.llm import bounds
from remediation.llm.calls import refuse
from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.prompting import Prompt, prompt
from remediation.llm.schema import ASSESSMENT_SCHEMA, Assessment, AssessmentAnswer, Choice, Source

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer", bound=msgspec.Struct)

ANALYSIS = "GEMINI_AUTO_ANALYSIS"
VERIFICATION = "GEMINI_AUTO_VERIFICATION"
QUERY_GENERATION = "GEMINI_AUTO_QUERY_GENERATION"
EVIDENCE_CHARACTERS = 18_000
ITEM_CHARACTERS = 4_000


@dataclass(frozen=True)
class Reply:
    """A model's text, not yet looked at."""

    text: str
    source: Source


class LlmClient(Protocol):
    """One provider. Everything that goes wrong outside is a value, never an exception."""

    name: str

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        """One question: `data` is redacted and fenced before it leaves the process."""


class NullClient:
    """NOT A MODEL: it never asks anybody and says why. The rules stand alone."""

    name = "none"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        _say_once(reason)

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        return LlmFailure(FailureKind.OFF, f"NO MODEL WAS ASKED: {self.reason}")


@lru_cache(maxsize=16)
def _say_once(reason: str) -> None:
    log.warning("NO MODEL IS ASKED, rules alone diagnose", reason=reason)


def client_for(switch: str = "", incident_id: int | None = None) -> LlmClient:
    """The model that the settings name, within its budgets; a NullClient where none is to be asked.

    An empty `switch` is a person's own wish: only the provider counts.
    """
    if lacking := missing():
        return NullClient(lacking)
    if switch and not getattr(settings, switch):
        return NullClient(f"{switch} is False")
    from remediation.llm.metered import Metered
    from remediation.llm.retrying import Retrying

    return Retrying(Metered(provider(), incident_id))


def missing() -> str:
    """What the settings lack for asking a model; '' for nothing."""
    if settings.LLM_PROVIDER == "none":
        return "LLM_PROVIDER is none"
    if settings.LLM_PROVIDER == "gemini":
        return "" if settings.GEMINI_API_KEY else "GEMINI_API_KEY is empty"
    if not settings.OPENAI_MODEL:
        return "OPENAI_MODEL is empty"
    reachable = settings.OPENAI_BASE_URL or settings.OPENAI_API_KEY
    return "" if reachable else "OPENAI_BASE_URL and OPENAI_API_KEY are empty"


@lru_cache(maxsize=4)
def _made(provider: str, key: str, model: str, url: str, seconds: float) -> Any:
    """One client a process: it keeps its connections. The SDKs are slow to import."""
    if provider == "gemini":
        from remediation.llm.gemini import Gemini

        return Gemini(key, model, url, seconds)
    from remediation.llm.openai_compatible import OpenAICompatible

    return OpenAICompatible(key, model, url, seconds)


def provider() -> Any:
    """The client of the settings' provider, without budgets: for benchmarks."""
    seconds = float(settings.LLM_TIMEOUT_SECONDS)
    if settings.LLM_PROVIDER == "gemini":
        endpoint = settings.GEMINI_API_ENDPOINT
        return _made("gemini", settings.GEMINI_API_KEY, settings.GEMINI_MODEL, endpoint, seconds)
    key, url = settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL
    return _made("openai", key, settings.OPENAI_MODEL, url, seconds)


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
    offered, packed = bounds.offers(candidates), pack(evidence)
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
    choices = tuple(Choice(one.id, redact(one.reason)) for one in answer.order)
    ids = [item["id"] for item in packed]
    failure = bounds.refused(choices, answer.evidence, offered, ids) or bounds.invented(
        answer.objects, answer.reasons, objects, packed
    )
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
) -> tuple[Answer, Source] | LlmFailure:
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
    except (msgspec.DecodeError, UnicodeError) as error:
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
    answer: AssessmentAnswer, choices: tuple[Choice, ...], source: Source
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
