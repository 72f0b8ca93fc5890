"""A model's view beside the rules: it may explain, reorder within the same risk, or escalate.

Whatever goes wrong with it leaves the rules' diagnosis and order, and is on record. What it adds
can only make the decision more careful: its doubts ask for a person, never for less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from detection.domain.causes import Cause
from detection.runtime.heartbeats import sign_of_life
from remediation.actions.informational import Escalate
from remediation.llm.failures import NEVER_SENT, LlmFailure
from remediation.llm.protocol import NullClient
from remediation.llm.providers import VERIFICATION, client_for
from remediation.llm.questions import answer_bounds
from remediation.llm.questions.verification import assess_verification
from remediation.llm.schema import AnswerSource, Assessment
from remediation.models import Attempt, PlanSource
from remediation.planning.candidates import Candidate
from remediation.playbooks import playbook_of
from remediation.playbooks.diagnosis import Diagnosis

MODEL_VIEW = "model_view"
DOUBTED = 0.5
Opinion = tuple[Diagnosis, list[Candidate]]


def merged(
    diagnosis: Diagnosis,
    cause: str,
    options: Sequence[Candidate],
    answer: Assessment | LlmFailure,
) -> Opinion:
    """Diagnosis and order of the rules, as far as a model's answer may change them."""
    if isinstance(answer, LlmFailure):
        _sign(answer)
        details = {"model": str(answer), "failure": answer.kind.value}
        return replace(diagnosis, details=details), list(options)
    _sign_answer(answer.source)
    order = ranked(options, answer)
    doubts = [*_contradiction(cause, answer), *_other_first(options, order)]
    return _with_model_opinion(diagnosis, cause, answer, doubts), order


def _sign_answer(source: AnswerSource) -> None:
    """An answer from memory says nothing about the provider either."""
    if not source.cached:
        latency_ms = round(source.duration_seconds * 1000, 1)
        sign_of_life("gemini", model=source.model, provider=source.provider, latency_ms=latency_ms)


def _sign(failure: LlmFailure) -> None:
    """What was never sent says nothing about the provider."""
    if failure.kind not in NEVER_SENT:
        sign_of_life("gemini", ok=False, error=str(failure))


def ranked(options: Sequence[Candidate], answer: Assessment) -> list[Candidate]:
    offered = answer_bounds.offers([option.as_dict() for option in options])
    order = answer_bounds.reordered(offered, answer.order, answer.escalate)
    return [options[index] for index in order]


def _contradiction(cause: str, answer: Assessment) -> list[str]:
    """The cause is made of what the API shows; a model that names another one contradicts that."""
    if answer.cause in ("", cause):
        return []
    named = answer.cause if answer.cause in Cause.__members__ else "an unknown cause"
    return [f"the model names {named}, the Kubernetes API shows {cause}"]


def _other_first(options: Sequence[Candidate], order: Sequence[Candidate]) -> list[str]:
    if not order or order[0] == options[0] or order[0].action == Escalate.name:
        return []
    return [f"the model prefers {order[0].action} to {options[0].action}, the rules' choice"]


def _with_model_opinion(
    diagnosis: Diagnosis, cause: str, answer: Assessment, doubts: Sequence[str]
) -> Diagnosis:
    """What a model says stands in `details` alone: sentence and advice stay those of the rules."""
    known = cause in Cause.__members__ and playbook_of(Cause(cause)).explained
    confidence = min(diagnosis.confidence, DOUBTED) if doubts else diagnosis.confidence
    return replace(
        diagnosis,
        confidence=confidence,
        evidence=tuple(dict.fromkeys((*diagnosis.evidence, *answer.evidence))),
        source=PlanSource.BOTH.value if known else answer.source.provider,
        details={
            "model": answer.source.model,
            "provider": answer.source.provider,
            "cached": answer.source.cached,
            "root_cause": answer.root_cause,
            "recommendations": list(answer.recommendations),
            "cause": answer.cause,
            "confidence": answer.confidence,
            "impact": answer.impact,
            "evidence": list(answer.evidence),
            "objects": list(answer.objects),
            "reasons": list(answer.reasons),
            "order": [{"id": one.id, "reason": one.reason} for one in answer.order],
            "escalate_reason": answer.escalate_reason,
            "doubts": list(doubts),
        },
    )


def view_of_verification(attempt: Attempt, facts: str) -> dict[str, Any]:
    """A model's view of a verification, to stand beside the facts; {} where none is asked."""
    client = client_for(VERIFICATION, attempt.incident_id)
    if isinstance(client, NullClient):
        return {}
    incident = attempt.incident
    told = {"cause": incident.cause, "summary": incident.summary}
    action = {"command": attempt.command, "diff": attempt.diff}
    answer = assess_verification(told, action, [{"id": "e1", "text": facts}], client)
    return {MODEL_VIEW: str(answer) if isinstance(answer, LlmFailure) else asdict(answer)}
