"""Which policy, window or silence covers an owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TypeVar

from detection.models import Cluster, Incident
from remediation.audit.signals import by
from remediation.models import Pause, Policy
from remediation.models.audited import Audited

PauseT = TypeVar("PauseT", bound=Pause)


def policy_for(cluster: Cluster, namespace: str) -> PolicyFacts | None:
    """A policy that names the namespace, else the longest pattern that matches it."""
    return policy_among(Policy.objects.filter(cluster=cluster), namespace)


def policy_among(rows: Iterable[Policy], namespace: str) -> PolicyFacts | None:
    """The same, of rows that were read already."""
    best = best_of(rows, namespace)
    if best is None:
        return None
    literal = best.namespace_pattern == namespace
    return PolicyFacts(
        best.mode,
        literal,
        frozenset(best.forbidden_actions),
        frozenset(best.allowed_actions),
        best.attempts_an_hour,
    )


def best_of(rows: Iterable[Policy], namespace: str) -> Policy | None:
    """The row that names the namespace, else that of the longest pattern that matches it."""

    def closeness(row: Policy) -> tuple[bool, int]:
        return row.namespace_pattern == namespace, len(row.namespace_pattern)

    matching = (row for row in rows if fnmatchcase(namespace, row.namespace_pattern))
    return max(matching, key=closeness, default=None)


def policy_text(policy: PolicyFacts | None) -> list[str]:
    """What of a policy a plan's digest depends on."""
    if policy is None:
        return []
    allowed = [f"only {name}" for name in sorted(policy.allowed)]
    return [policy.mode, str(policy.literal), *sorted(policy.forbidden), *allowed]


def covering(model: type[PauseT], incident: Incident, now: datetime) -> str:
    """Author and reason of the window or silence that covers the owner now; '' for none."""
    rows = in_force(model, incident.cluster, now)
    return covering_among(rows, incident.owner_namespace, incident.owner_name)


def in_force(model: type[PauseT], cluster: Cluster, now: datetime) -> list[PauseT]:
    """The windows or silences that count now, whatever they cover."""
    rows = model._default_manager.filter(cluster=cluster, starts_at__lte=now, ends_at__gt=now)
    return list(rows)


def covering_among(rows: Iterable[Pause], namespace: str, name: str) -> str:
    """Author and reason of the first of the rows that covers the owner; '' for none."""
    for row in rows:
        here = fnmatchcase(namespace, row.namespace_pattern)
        if here and fnmatchcase(name, row.name_pattern):
            return f"{row.author}: {row.reason}"
    return ""


def save_audited(row: Audited, actor: str, now: datetime) -> None:
    """Save a new or changed row, on this person's behalf."""
    with by(actor, now):
        row.save()


def delete_audited(row: Audited, actor: str, now: datetime) -> None:
    """Delete a row; its entry keeps what it said."""
    with by(actor, now):
        row.delete()


@dataclass(frozen=True)
class PolicyFacts:
    """The policy that covers the namespace; `literal` where it names it without a pattern.

    `allowed` empty: every action of the catalogue. `an_hour` None: the default budget.
    """

    mode: str
    literal: bool = False
    forbidden: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    an_hour: int | None = None
