"""A model's view beside the rules: it may explain, reorder within the same risk, or escalate.

Whatever goes wrong with it leaves the rules' diagnosis and order, and is on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from detection.findings import Finding
from detection.heartbeats import sign_of_life
from detection.kubernetes import Connection
from remediation.candidates import Candidate
from remediation.diagnosis import Diagnosis
from remediation.evidence import evidence_of
from remediation.llm import bounds
from remediation.llm.client import ANALYSIS, VERIFICATION, NullClient, assess, client_for
from remediation.llm.failures import LlmFailure
from remediation.llm.schema import Assessment
from remediation.llm.verification import assess_verification
from remediation.models import Attempt

MODEL_VIEW = "model_view"
Opinion = tuple[Diagnosis, list[Candidate]]


def second_opinion(
    finding: Finding, diagnosis: Diagnosis, options: list[Candidate], connection: Connection
) -> Opinion:
    """Diagnosis and order of the rules, as far as a model may change them."""
    client = client_for(ANALYSIS)
    if isinstance(client, NullClient):
        return diagnosis, options
    shown = [option.as_dict() for option in options]
    told = diagnosis.as_dict() | {"cause": finding.cause.value, "summary": finding.summary}
    answer = assess(client, evidence_of(finding, connection), told, shown)
    if isinstance(answer, LlmFailure):
        sign_of_life("gemini", ok=False, error=str(answer))
        return replace(diagnosis, details={"model": str(answer)}), options
    sign_of_life("gemini", model=answer.source.model)
    return merged(diagnosis, answer), ranked(options, answer)


def ranked(options: Sequence[Candidate], answer: Assessment) -> list[Candidate]:
    offered = bounds.offers([option.as_dict() for option in options])
    order = bounds.reordered(offered, answer.order, answer.escalate)
    return [options[index] for index in order]


def merged(diagnosis: Diagnosis, answer: Assessment) -> Diagnosis:
    """The rules' sentence stays first: it is made of what the finding proves."""
    return replace(
        diagnosis,
        root_cause=f"{diagnosis.root_cause} The model adds: {answer.root_cause}",
        recommendations=(*diagnosis.recommendations, *answer.recommendations),
        source=answer.source.provider,
        details={
            "model": answer.source.model,
            "confidence": answer.confidence,
            "impact": answer.impact,
            "evidence": list(answer.evidence),
            "escalate_reason": answer.escalate_reason,
        },
    )


def view_of_verification(attempt: Attempt, facts: str) -> dict[str, Any]:
    """A model's view of a verification, to stand beside the facts; {} where none is asked."""
    client = client_for(VERIFICATION)
    if isinstance(client, NullClient):
        return {}
    incident = attempt.incident
    told = {"cause": incident.cause, "summary": incident.summary}
    action = {"command": attempt.command, "diff": attempt.diff}
    answer = assess_verification(told, action, [{"id": "e1", "text": facts}], client)
    return {MODEL_VIEW: str(answer) if isinstance(answer, LlmFailure) else asdict(answer)}
