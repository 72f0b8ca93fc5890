"""Findings on a cause that others suffer from: told by their logs, with the owners explained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import CallerFacts
from detection.domain.families import family_of
from detection.domain.findings import Evidence, Finding, ObjectRef, Revision, key_of
from detection.failures.finding_builder import MOST_RELATED, observed, worst_of
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.log_errors import Complaining
from detection.snapshot.logs import LATELY_SECONDS
from detection.snapshot.pod_status import condition_since, containers, is_ready

MOST_LINES = 6


def about_victims(
    snapshot: Snapshot,
    cause: Cause,
    owner: ObjectRef,
    victims: Sequence[Complaining],
    summary: str,
    evidence: Iterable[Evidence] = (),
    *,
    dwell_seconds: float,
    onset: datetime | None = None,
    severity: Severity | None = None,
    related: Iterable[ObjectRef] = (),
    revision: Revision | None = None,
    facts: CallerFacts | None = None,
) -> Finding:
    """A finding on `owner` that explains what the victims' logs complain of.

    Correlation folds the victims' own findings into it.
    """
    owners = {key_of(one.owner): one.owner for one in victims}
    since = onset or began_with(victims, snapshot.at)
    known = severity or worst_of(snapshot, owners.values())
    named = {key_of(ref): ref for ref in (*owners.values(), *related)}
    named.pop(key_of(owner), None)
    told = CallerFacts(explains=tuple(sorted(owners)), callers=len(owners))
    return Finding(
        cause=cause,
        owner=owner,
        severity=known,
        summary=summary,
        onset=since,
        opens_at=since + timedelta(seconds=dwell_seconds),
        evidence=(*evidence, *log_lines(victims)),
        related=tuple(named.values())[:MOST_RELATED],
        revision=revision,
        facts=(facts or family_of(cause)()).over(told),
    )


def log_lines(victims: Sequence[Complaining]) -> list[Evidence]:
    """One line for each owner."""
    first: dict[str, Complaining] = {}
    for one in victims:
        first[key_of(one.owner)] = one
    lines = [f"{v.pod.metadata.name}/{v.container}: {v.complaint.line}" for v in first.values()]
    return [observed("logs", line, decisive=number == 0) for number, line in enumerate(lines)][
        :MOST_LINES
    ]


def began_with(victims: Sequence[Complaining], now: datetime) -> datetime:
    """The earliest sign of trouble of these pods; of ready ones, as far as logs were read."""
    times = [_since(one.pod, now) for one in victims]
    return min(times, default=now - timedelta(seconds=LATELY_SECONDS))


def _since(pod: o.Pod, now: datetime) -> datetime:
    floor = pod.metadata.creation_timestamp or now - timedelta(seconds=LATELY_SECONDS)
    if is_ready(pod):
        return max(floor, now - timedelta(seconds=LATELY_SECONDS))
    ends = [view.last_end for view in containers(pod)]
    ended = [end.finished_at for end in ends if end is not None and end.finished_at is not None]
    times = [condition_since(pod, "Ready"), *ended]
    return max(floor, min((t for t in times if t is not None), default=floor))
