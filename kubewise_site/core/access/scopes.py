"""What a token may be used for. A token never allows more than its user's own permissions."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class TokenScope(StrEnum):
    READ = "read"
    APPROVE = "approve"
    OPERATE = "operate"


# Whatever else changes something is operating.
APPROVING = frozenset(
    {
        "remediation.approve_plan",
        "detection.analyze_incident",
        "detection.comment_incident",
        "detection.add_anomalyfeedback",
    }
)


def scope_for(permission: str) -> TokenScope:
    """The scope that a token needs for a write that needs this permission."""
    return TokenScope.APPROVE if permission in APPROVING else TokenScope.OPERATE


def checked_scopes(scopes: Iterable[str]) -> list[str]:
    """In order, each once, and always with `read`. Raises ValueError for what is no scope."""
    wanted = {TokenScope(scope) for scope in scopes} | {TokenScope.READ}
    return [scope.value for scope in TokenScope if scope in wanted]
