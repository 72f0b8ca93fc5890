"""What every model client answers, and the client that stands in where no model is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import structlog

from remediation.llm.failures import FailureKind, LlmFailure
from remediation.llm.prompt_texts import Prompt
from remediation.llm.schema import AnswerSource

log = structlog.get_logger(__name__)
MOST_TOKENS = 100_000_000


@dataclass(frozen=True)
class Reply:
    """A model's text, not yet looked at."""

    text: str
    source: AnswerSource


class LlmClient(Protocol):
    """One provider. Everything that goes wrong outside is a value, never an exception."""

    name: str

    def ask(
        self, instruction: Prompt, data: Mapping[str, Any], schema: Mapping[str, Any]
    ) -> Reply | LlmFailure:
        """One question: `data` is redacted and fenced before it leaves the process."""


class Provider(LlmClient, Protocol):
    """A client of one model, without budgets."""

    model: str

    def close(self) -> None:
        """Let go of its connections."""


def token_count(told: Any) -> int:
    """What a provider says that it took; 0 where it says nothing. Raises ValueError."""
    if told is None:
        return 0
    if type(told) is not int or not 0 <= told <= MOST_TOKENS:
        raise ValueError("a usage that is no count of tokens")
    return told


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
