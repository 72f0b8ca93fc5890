"""Every way in which asking a model ends without an answer that counts. All are normal endings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """The name that is recorded; the rules' diagnosis then stands alone."""

    OFF = "off"
    REFUSED_CONNECTION = "connection refused"
    TIME_OUT = "time-out"
    BAD_REQUEST = "400 bad request"
    UNAUTHORIZED = "401 unauthorized"
    FORBIDDEN = "403 forbidden"
    NOT_FOUND = "404 no such model"
    RATE_LIMITED = "429 rate limited"
    SERVER_ERROR = "5xx server error"
    BLOCKED = "safety block"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    BAD_JSON = "bad JSON"
    OFF_SCHEMA = "off schema"
    TOO_LARGE = "too large"
    UNKNOWN_CANDIDATE = "unknown candidate"
    UNKNOWN_EVIDENCE = "unknown evidence"
    NOT_GEMINI = "not the API"


RETRIED = frozenset(
    {FailureKind.RATE_LIMITED, FailureKind.SERVER_ERROR, FailureKind.REFUSED_CONNECTION}
)


@dataclass(frozen=True)
class LlmFailure:
    """`message` is redacted and short enough to be stored."""

    kind: FailureKind
    message: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else str(self.kind)
