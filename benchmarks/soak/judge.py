"""Incidents against the truth: found, missed, false, late, duplicate, and how fast.

The judge knows times and owners only. What the product says about itself counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from benchmarks.soak.records import ANOMALY, Told
from benchmarks.soak.truth import Owner, Span

LATE = timedelta(minutes=30)
MUST_BE_FOUND_SECONDS = 90.0
Aliases = Callable[[Owner], set[Owner]]


class Kind(StrEnum):
    FOUND = "found"
    DUPLICATE = "duplicate"
    PART = "part"
    LATE = "late"
    FALSE = "false"
    ANOMALY = "false anomaly"


@dataclass
class Verdict:
    told: Told
    kind: Kind
    span: Span | None = None


@dataclass
class Judged:
    verdicts: list[Verdict]
    spans: Sequence[Span]
    found: dict[int, Told] = field(default_factory=dict)

    def of(self, kind: Kind) -> list[Verdict]:
        return [one for one in self.verdicts if one.kind == kind]

    @property
    def missed(self) -> list[Span]:
        """Faults that had to be found and were not."""
        return [one for one in self.spans if must_be_found(one) and one.number not in self.found]


def must_be_found(span: Span) -> bool:
    return span.bad_seconds >= MUST_BE_FOUND_SECONDS


def judge(told: Iterable[Told], spans: Sequence[Span], aliases: Aliases) -> Judged:
    """Each incident belongs to one fault at most; of those of a fault one has found it."""
    judged = Judged([], spans)
    for one in sorted(told, key=lambda one: (one.opened, one.number)):
        judged.verdicts.append(_verdict(one, judged, aliases(one.owner)))
    for span in spans:
        _find(span, judged, aliases)
    return judged


def _verdict(told: Told, judged: Judged, whom: set[Owner]) -> Verdict:
    """As a duplicate where a fault was on: which one found it is not known yet."""
    on = [span for span in judged.spans if concerns(span, whom) and _is_on(span, told.opened)]
    if not on:
        return _without_fault(told, judged, whom)
    own = [span for span in on if span.owner in whom]
    span = max(own or on, key=lambda span: span.began)
    part = told.is_part or told.cause == ANOMALY
    return Verdict(told, Kind.PART if part else Kind.DUPLICATE, span)


def _find(span: Span, judged: Judged, aliases: Aliases) -> None:
    """The first incident on the fault's own owner found it, else the first on a victim.

    On its own owner it counts also where the product takes it for a part of something else.
    """
    mine = [one for one in judged.verdicts if one.span is span and one.told.cause != ANOMALY]
    mine = [one for one in mine if one.kind in (Kind.DUPLICATE, Kind.PART)]
    own = [one for one in mine if span.owner in aliases(one.told.owner)]
    for one in (own or [one for one in mine if one.kind == Kind.DUPLICATE])[:1]:
        one.kind = Kind.FOUND
        judged.found[span.number] = one.told


def _without_fault(told: Told, judged: Judged, whom: set[Owner]) -> Verdict:
    if told.cause == ANOMALY:
        return Verdict(told, Kind.ANOMALY)
    after = [
        span for span in judged.spans
        if concerns(span, whom) and timedelta(0) <= told.opened - span.well_at <= LATE
    ]  # fmt: skip
    return Verdict(told, Kind.LATE if after else Kind.FALSE, after[-1] if after else None)


def concerns(span: Span, whom: set[Owner]) -> bool:
    """Also what is said of the whole cluster or of the fault's namespace."""
    if span.affected & whom:
        return True
    namespaces = {namespace for _, namespace, _ in span.affected}
    return any(
        kind == "Cluster" or (kind == "Namespace" and name in namespaces) for kind, _, name in whom
    )


def _is_on(span: Span, moment: datetime) -> bool:
    return span.began <= moment <= span.well_at


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of them does not exceed."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, -(-round(share * 100) * len(ordered) // 100) - 1)]
