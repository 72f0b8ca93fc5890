"""Which lines at the end of a log say why: of a stack trace the reason, never its frames.

Scored by what all languages' errors have in common; the later line wins. Whatever is not known is
quoted as it is: nothing here judges what a line means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

LONGEST_LINE = 300
MOST_LINES = 60
FRAME = re.compile(
    r"at [\w.$<>]{2}|File \"|\.\.\. \d|goroutine \d|\[?0x[0-9a-f]{4}|from \S{1,200}:\d"
    r"|\S{1,200}\.(?:go|py|js|ts|rb|java|rs):\d|\S{1,200}\(0x[0-9a-f]"
    r"|Traceback \(most recent|[\^~{}()\[\],; ]{1,300}$"
)
# (what a line has, how much it counts)
SIGNS: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern), weight)
    for pattern, weight in (
        (r"(?i)\bcaused by\b|\broot cause\b", 5),
        (r"\b[A-Z]\w{0,60}(?:Error|Exception|Failure)\b|\b[\w.]{1,200}(?:Error|Exception):", 3),
        (r"(?i)\bpanic\b|\bfatal\b|\bcritical\b|\bsevere\b|\bemerg", 3),
        (r"(?i)\berror\b|\berr[=:]|\blevel=error\b|\"level\":\s*\"error\"|^E\d{4} ", 2),
        (
            r"(?i)denied|refused|fail(?:ed|ure|s)\b|cannot|can't|could not|couldn't|unable|unknown"
            r"|not found|no such|does not exist|doesn't exist|forbidden|unauthori[sz]ed|invalid"
            r"|missing|not set|required|timed? ?out|expired|in use|exceeded|too many|read-only"
            r"|mismatch|unsupported|corrupt|not permitted|not allowed|no space|already exists"
            r"|incompatible|not ready|rejected|wrong|undefined|unexpected|killed|out of memory",
            3,
        ),
        (r"(?i)\bexit(?:ed|ing)?\b.{0,30}\b(?:status|code)\b|shutting down|\bbye\b", -3),
        (r"(?i)\b(?:level=)?(?:info|debug|trace)\b|\"level\":\s*\"(?:info|debug)\"", -2),
        (r"(?i)\bwarn(?:ing)?\b|deprecat", -1),
    )
)
ENOUGH = 3


@lru_cache(512)
def deciding_lines(text: str, most: int = 2) -> tuple[str, ...]:
    """At most so many lines, in their order, each cut to 300 characters; the last line of a log
    in which nothing stands out."""
    lines = list(_lines(text))
    if not lines:
        return ()
    scored = [(_score(line), place) for place, line in enumerate(lines)]
    telling = sorted((row for row in scored if row[0] >= ENOUGH), reverse=True)
    chosen: dict[str, int] = {}
    for _, place in telling:
        if len(chosen) < most:
            chosen.setdefault(lines[place], place)
    return tuple(sorted(chosen, key=chosen.__getitem__) or lines[-1:])


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines()[-MOST_LINES:]:
        short = line.strip()[:LONGEST_LINE]
        if short and not FRAME.match(short):
            yield short


def _score(line: str) -> int:
    return sum(weight for pattern, weight in SIGNS if pattern.search(line))
