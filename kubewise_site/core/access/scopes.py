"""What a token may be used for. A token never allows more than its user's own permissions."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
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


def scope_for(permission: str) -> Scope:
    """The scope that a token needs for a write that needs this permission."""
    return Scope.APPROVE if permission in APPROVING else Scope.OPERATE


def checked(scopes: Iterable[str]) -> list[str]:
    """In order, each once, and always with `read`. Raises ValueError for what is no scope."""
    wanted = {Scope(scope) for scope in scopes} | {Scope.READ}
    return [scope.value for scope in Scope if scope in wanted]
