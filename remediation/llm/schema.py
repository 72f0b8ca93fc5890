"""What a model is asked for and what counts as an answer.

Each answer is a struct, decoded strictly, and the JSON schema that the model gets; a test holds the
two together. Gemini understands a subset of OpenAPI's schema: no references, no unions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

NO_NUL = r"^[^\x00]*$"  # PostgreSQL refuses it
Sentence = Annotated[str, Meta(max_length=2000, pattern=NO_NUL)]
Share = Annotated[float, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(min_length=1, max_length=400, pattern=NO_NUL)]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]


class ChoiceAnswer(msgspec.Struct, forbid_unknown_fields=True):
    id: Id
    reason: Sentence


class AssessmentAnswer(msgspec.Struct, forbid_unknown_fields=True):
    root_cause: Annotated[str, Meta(min_length=1, max_length=2000, pattern=NO_NUL)]
    impact: Sentence
    confidence: Share
    cause: Annotated[str, Meta(max_length=40, pattern=NO_NUL)]
    evidence: Annotated[list[Id], Meta(max_length=50)]
    objects: Annotated[list[Name], Meta(max_length=20)]
    reasons: Annotated[list[Name], Meta(max_length=20)]
    order: Annotated[list[ChoiceAnswer], Meta(max_length=20)]
    escalate: bool
    escalate_reason: Sentence
    recommendations: Annotated[list[Sentence], Meta(max_length=10)]


class VerificationAnswer(msgspec.Struct, forbid_unknown_fields=True):
    view: Literal["fixed", "not fixed", "unclear"]
    confidence: Share
    reason: Sentence
    evidence: Annotated[list[Id], Meta(max_length=50)]


class QueryAnswer(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{2,79}$")]
    query: Annotated[str, Meta(min_length=1, max_length=2000, pattern=NO_NUL)]
    entity_kind: Literal["pod", "workload", "node", "volume"]
    unit: Annotated[str, Meta(max_length=30, pattern=NO_NUL)]
    direction: Literal["above", "below"]
    threshold: float
    dwell_seconds: Annotated[int, Meta(ge=60, le=3600)]
    description: Annotated[str, Meta(max_length=300, pattern=NO_NUL)]


class QueriesAnswer(msgspec.Struct, forbid_unknown_fields=True):
    queries: Annotated[list[QueryAnswer], Meta(max_length=20)]


TEXT = {"type": "string"}
NUMBER = {"type": "number"}
TEXTS = {"type": "array", "items": TEXT}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _many(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


ASSESSMENT_SCHEMA = _object(
    root_cause=TEXT,
    impact=TEXT,
    confidence=NUMBER,
    cause=TEXT,
    evidence=TEXTS,
    objects=TEXTS,
    reasons=TEXTS,
    order=_many(_object(id=TEXT, reason=TEXT)),
    escalate={"type": "boolean"},
    escalate_reason=TEXT,
    recommendations=TEXTS,
)
VERIFICATION_SCHEMA = _object(
    view=_one_of("fixed", "not fixed", "unclear"), confidence=NUMBER, reason=TEXT, evidence=TEXTS
)
QUERIES_SCHEMA = _object(
    queries=_many(
        _object(
            name=TEXT,
            query=TEXT,
            entity_kind=_one_of("pod", "workload", "node", "volume"),
            unit=TEXT,
            direction=_one_of("above", "below"),
            threshold=NUMBER,
            dwell_seconds={"type": "integer"},
            description=TEXT,
        )
    )
)


@dataclass(frozen=True)
class AnswerSource:
    """Who answered, to what, at which cost."""

    provider: str
    model: str
    prompt: str
    prompt_tokens: int = 0
    answer_tokens: int = 0
    duration_seconds: float = 0.0
    call_id: int = 0
    cached: bool = False


@dataclass(frozen=True)
class RankedCandidate:
    """A candidate's id, and why it stands where it does."""

    id: str
    reason: str


@dataclass(frozen=True)
class Assessment:
    """A model's view of an incident, already held to its bounds: every id in it exists."""

    root_cause: str
    impact: str
    confidence: float
    cause: str
    evidence: tuple[str, ...]
    objects: tuple[str, ...]
    reasons: tuple[str, ...]
    order: tuple[RankedCandidate, ...]
    escalate: bool
    escalate_reason: str
    recommendations: tuple[str, ...]
    source: AnswerSource


@dataclass(frozen=True)
class VerificationView:
    """A model's view of a verification. It is recorded and decides nothing."""

    view: str
    confidence: float
    reason: str
    evidence: tuple[str, ...]
    source: AnswerSource
