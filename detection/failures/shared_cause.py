"""Findings on a thing that its users suffer from: a node, a claim, a quota, a webhook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause
from detection.domain.facts import Facts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.failures.finding_builder import (
    MOST_EVIDENCE,
    MOST_RELATED,
    with_pods,
    worst_of,
)
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot


def on_thing(
    snapshot: Snapshot,
    cause: Cause,
    thing: ObjectRef,
    owners: Iterable[ObjectRef],
    summary: str,
    onset: datetime,
    dwell_seconds: float,
    evidence: Iterable[Evidence],
    *,
    pods: Sequence[o.Pod] = (),
    related: Iterable[ObjectRef] = (),
    facts: Facts | None = None,
) -> Finding:
    """A finding on `thing` that explains what `owners` suffer.

    Correlation folds the owners' own general findings into it; `explains` names them.
    """
    victims = {key_of(ref): ref for ref in owners}
    refs = {key_of(ref): ref for ref in (*victims.values(), *related, *(p.ref for p in pods))}
    refs.pop(key_of(thing), None)
    explains = Facts(explains=tuple(sorted(victims)))
    return Finding(
        cause=cause,
        owner=thing,
        severity=worst_of(snapshot, victims.values()),
        summary=summary,
        onset=onset,
        opens_at=onset + timedelta(seconds=dwell_seconds),
        evidence=tuple(evidence)[:MOST_EVIDENCE],
        related=tuple(refs.values())[:MOST_RELATED],
        facts=with_pods((facts or Facts()).over(explains), pods),
    )
