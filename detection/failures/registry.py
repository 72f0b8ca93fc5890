"""The registry of failures: small pure functions from a snapshot to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import structlog

from detection.domain.causes import CAUSES, Cause, Precedence
from detection.domain.facts import Facts
from detection.domain.findings import Evidence, Finding
from detection.domain.unjudged import note
from detection.failures.context import Context
from detection.failures.isolation import judge_in_isolation
from detection.snapshot import Snapshot

log = structlog.get_logger(__name__)
Find = Callable[[Snapshot, Context], Iterator[Finding]]


@dataclass(frozen=True)
class Failure:
    """One registered function and the causes that it can find."""

    name: str
    causes: tuple[Cause, ...]
    find: Find


FAILURES: list[Failure] = []


def failure(*causes: Cause) -> Callable[[Find], Find]:
    """Register a function that finds these causes."""

    def register(find: Find) -> Find:
        FAILURES.append(Failure(find.__name__, causes, find))
        return find

    return register


def find_all(snapshot: Snapshot, context: Context) -> list[Finding]:
    """Every finding, those younger than their dwell included (`opens_at` tells).

    A function that raises is a bug, never the end of the pass: the objects on which it does are
    named in `snapshot.blind`, each as `object/…` of its top owner, and all others are judged.
    Where no few objects are the reason, the function is blind as a whole: `detection/<name>`.
    """
    return [finding for entry in FAILURES for finding in _found(entry, snapshot, context)]


def _found(entry: Failure, snapshot: Snapshot, context: Context) -> list[Finding]:
    def judge(part: Snapshot) -> list[Finding]:
        return [_bare(finding) for finding in entry.find(part, context)]

    try:
        return judge(snapshot)
    except Exception as error:
        log.exception("a failure function broke", failure=entry.name)
        isolated = judge_in_isolation(judge, snapshot)
        if isolated is None:
            snapshot.blind[f"detection/{entry.name}"] = f"{type(error).__name__}: {error}"
            return []
        for item, why in isolated.unjudged:
            note(snapshot.blind, snapshot.top_owner(item), f"{why} (by {entry.name})")
        return list(isolated.findings)


def _bare(finding: Finding) -> Finding:
    """A pod without a controller has a cause of its own; the specific one is in the evidence."""
    info = CAUSES[finding.cause]
    if finding.owner.kind != "Pod" or info.precedence < Precedence.SPECIFIC:
        return finding
    if info.precedence == Precedence.METRIC or finding.cause == Cause.BARE_POD_FAILING:
        return finding
    specific = Evidence("kubernetes/pods", f"{finding.cause}: {info.title}", decisive=True)
    return replace(
        finding,
        cause=Cause.BARE_POD_FAILING,
        evidence=(specific, *finding.evidence),
        revision=None,
        facts=finding.facts | Facts(specific=finding.cause.value),
    )
