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
    UNKNOWN_OBJECT = "unknown object"
    UNKNOWN_REASON = "unknown reason"
    NOT_THE_API = "not the API"
    OVER_BUDGET = "over budget"
    CIRCUIT_OPEN = "circuit open"


BY_STATUS = {
    400: FailureKind.BAD_REQUEST,
    401: FailureKind.UNAUTHORIZED,
    403: FailureKind.FORBIDDEN,
    404: FailureKind.NOT_FOUND,
    429: FailureKind.RATE_LIMITED,
}
RETRIED = frozenset(
    {FailureKind.RATE_LIMITED, FailureKind.SERVER_ERROR, FailureKind.REFUSED_CONNECTION}
)
# The provider's own trouble: as many in a row open the circuit.
ITS_TROUBLE = RETRIED | {
    FailureKind.TIME_OUT,
    FailureKind.UNAUTHORIZED,
    FailureKind.FORBIDDEN,
    FailureKind.NOT_FOUND,
    FailureKind.NOT_THE_API,
    FailureKind.TOO_LARGE,
    FailureKind.TRUNCATED,
    FailureKind.EMPTY,
    FailureKind.BAD_JSON,
    FailureKind.OFF_SCHEMA,
}
NEVER_SENT = frozenset({FailureKind.OFF, FailureKind.OVER_BUDGET, FailureKind.CIRCUIT_OPEN})


def by_hundreds(status: int) -> FailureKind:
    return FailureKind.SERVER_ERROR if status >= 500 else FailureKind.BAD_REQUEST


MESSAGE_CHARACTERS = 500


@dataclass(frozen=True)
class LlmFailure:
    """`message` is redacted, one line of printable text, and short enough to be stored."""

    kind: FailureKind
    message: str = ""

    def __post_init__(self) -> None:
        shown = "".join(one if one.isprintable() else " " for one in self.message)
        object.__setattr__(self, "message", shown[:MESSAGE_CHARACTERS])

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else str(self.kind)
