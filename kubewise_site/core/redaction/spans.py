"""Stretches of a text that hold a secret, and the marks that take their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

MARK = re.compile(r"\[redacted:[^\]\n]{1,40}\]")


LEAST_REPEATED, MOST_REPEATED = 8, 20


class Span(NamedTuple):
    """`text[start:end]` is a secret of that kind."""

    start: int
    end: int
    kind: str


class Matched(Protocol):
    """What the matches of `re` and RE2 have in common."""

    def span(self, group: int = 0, /) -> tuple[int, int]: ...


def matched(found: Matched, kind: str, group: int = 0) -> Span:
    """Where the group of a match stands."""
    start, end = found.span(group)
    return Span(start, end, kind)


def mark(kind: str) -> str:
    """What stands where a secret of that kind stood."""
    return f"[redacted:{kind}]"


def replaced(text: str, spans: Iterable[Span]) -> str:
    """`text` with a mark for each span; overlapping ones are one, of the kind that began first."""
    pieces, done = [], 0
    for span in _merged(_outside_marks(text, spans)):
        pieces += [text[done : span.start], mark(span.kind)]
        done = span.end
    return "".join([*pieces, text[done:]])


def repeated(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Other places of what was found to be a secret: a log tells an argument twice."""
    known = {text[span.start : span.end]: span.kind for span in spans}
    long = {one: kind for one, kind in known.items() if len(one) >= LEAST_REPEATED}
    for secret, kind in list(long.items())[:MOST_REPEATED]:
        at = text.find(secret)
        while at >= 0:
            yield Span(at, at + len(secret), kind)
            at = text.find(secret, at + len(secret))


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    held: Span | None = None
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if held is None:
            held = span
        elif span.start < held.end:
            held = held._replace(end=max(held.end, span.end))
        else:
            yield held
            held = span
    if held is not None:
        yield held


def _outside_marks(text: str, spans: Iterable[Span]) -> list[Span]:
    """Marks of a former pass are no secrets: a span that cuts one takes all of it.

    A span that begins with a mark is left out: what follows it was judged when it was made.
    """
    marks = [found.span() for found in MARK.finditer(text)]
    if not marks:
        return [span for span in spans if span.start < span.end]
    begun = {start for start, _ in marks}
    widened = (_around(span, marks) for span in spans if span.start < span.end)
    return [span for span in widened if span.start not in begun]


def _around(span: Span, marks: list[tuple[int, int]]) -> Span:
    cut = [one for one in marks if one[0] < span.end and span.start < one[1]]
    return span._replace(
        start=min([span.start, *(one[0] for one in cut)]),
        end=max([span.end, *(one[1] for one in cut)]),
    )
