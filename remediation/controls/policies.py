"""Which policy, window or silence covers an owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from detection.models import Cluster, Incident
from remediation.audit.signals import by
from remediation.models import MaintenanceWindow, Policy, Silence
from remediation.models.audited import Audited


def policy_for(cluster: Cluster, namespace: str) -> PolicyFacts | None:
    """A policy that names the namespace, else the longest pattern that matches it."""
    rows = Policy.objects.filter(cluster=cluster)
    matching = [row for row in rows if fnmatchcase(namespace, row.namespace_pattern)]
    if not matching:
        return None
    best = max(matching, key=lambda row: (row.namespace_pattern == namespace,
                                          len(row.namespace_pattern)))  # fmt: skip
    literal = best.namespace_pattern == namespace
    return PolicyFacts(
        best.mode,
        literal,
        frozenset(best.forbidden_actions),
        frozenset(best.allowed_actions),
        best.attempts_an_hour,
    )


def policy_text(policy: PolicyFacts | None) -> list[str]:
    """What of a policy a plan's digest depends on."""
    if policy is None:
        return []
    allowed = [f"only {name}" for name in sorted(policy.allowed)]
    return [policy.mode, str(policy.literal), *sorted(policy.forbidden), *allowed]


def covering(
    model: type[MaintenanceWindow] | type[Silence], incident: Incident, now: datetime
) -> str:
    """Author and reason of the window or silence that covers the owner now; '' for none."""
    rows = model._default_manager.filter(
        cluster_id=incident.cluster_id, starts_at__lte=now, ends_at__gt=now
    )
    for row in rows:
        here = fnmatchcase(incident.owner_namespace, row.namespace_pattern)
        if here and fnmatchcase(incident.owner_name, row.name_pattern):
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
