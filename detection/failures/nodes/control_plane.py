"""The API server itself, and namespaces that can't be removed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import NamespaceFacts
from detection.domain.findings import Evidence, Finding
from detection.failures.context import Context
from detection.failures.finding_builder import observed
from detection.failures.nodes.not_ready import CLUSTER
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot

SLOW_LISTS = 3
KUBERNETES = "kubernetes/"
THROTTLED = (" 429 ", "too many requests")
TIMED_OUT = ("timed out", "timeout", " 504 ")
BLOCKERS = frozenset(
    {
        "NamespaceContentRemaining",
        "NamespaceFinalizersRemaining",
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionContentFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
    }
)


@failure(Cause.APISERVER_OVERLOAD)
def apiserver_overload(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F56: our own calls are throttled or time out, or metrics say that others' are."""
    evidence = _own_calls(snapshot)
    if context.metrics.overload:
        evidence.append(observed("metrics", context.metrics.overload, decisive=True))
    if evidence:
        yield Finding(
            cause=Cause.APISERVER_OVERLOAD,
            owner=CLUSTER,
            severity=Severity.CRITICAL,
            summary="The API server is overloaded",
            onset=context.now,
            opens_at=context.now,
            evidence=tuple(evidence[:6]),
        )


def _own_calls(snapshot: Snapshot) -> list[Evidence]:
    """One refusal for too many requests says it; a time-out only where several lists have it."""
    told = {
        source: f" {why.lower()} "
        for source, why in snapshot.blind.items()
        if source.startswith(KUBERNETES)
    }
    throttled = [s for s, why in told.items() if any(word in why for word in THROTTLED)]
    slow = [s for s, why in told.items() if any(word in why for word in TIMED_OUT)]
    named = throttled + (slow if throttled or len(slow) >= SLOW_LISTS else [])
    return [
        observed("api", f"{source}: {snapshot.blind[source]}", decisive=True) for source in named
    ]


@failure(Cause.NAMESPACE_TERMINATING)
def namespace_terminating(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F57."""
    for item in snapshot.namespaces:
        since = item.metadata.deletion_timestamp
        if since is None:
            continue
        blockers = [
            found
            for found in item.status.conditions
            if found.type in BLOCKERS and found.status == "True"
        ]
        yield Finding(
            cause=Cause.NAMESPACE_TERMINATING,
            owner=item.ref,
            severity=Severity.WARNING,
            summary=f"Namespace {item.metadata.name} has been terminating for long",
            onset=since,
            opens_at=since + timedelta(seconds=context.dwell.namespace_seconds),
            evidence=tuple(_said(found) for found in blockers)
            or (
                observed(
                    "namespaces", f"{item.metadata.name} is {item.status.phase}", decisive=True
                ),
            ),
            facts=NamespaceFacts(namespace=item.metadata.name, reason=_reason(blockers)),
        )


def _said(found: o.Condition) -> Evidence:
    text = f"{found.type}={found.status}/{found.reason}: {found.message}"
    return observed("namespaces", text, decisive=True)


def _reason(blockers: list[o.Condition]) -> str:
    return "; ".join(found.message for found in blockers if found.message)[:500]
