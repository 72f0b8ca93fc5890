"""The gate for foreign numbers and times: what a database or a calendar cannot hold ends here.

A time of another age counts as missing, as `null` does: zone offsets and subtractions around the
years 1 and 9999 leave the calendar of Python and of PostgreSQL. Integers have the range of the
column that may hold them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import re2

INT32_LEAST, INT32_MOST = -(2**31), 2**31 - 1
INT64_LEAST, INT64_MOST = -(2**63), 2**63 - 1
FIRST = datetime(1900, 1, 1, tzinfo=UTC)
LAST = datetime(2999, 12, 31, tzinfo=UTC)
LONGEST_SECONDS = 10 * 365 * 86400.0

_YEAR = r'"(?:0\d{3}|1[0-8]\d\d|[3-9]\d{3})-\d\d-\d\d[Tt ]'
_ANOTHER_AGE = re2.compile(_YEAR.encode())
# The name of a member stays: only a value may be null.
_WHOLE = re.compile(rf'{_YEAR}[0-9:.,]{{1,40}}(?:[Zz]|[+-][0-9:]{{1,6}})?"(?!\s{{0,8}}:)'.encode())


def plausible_times(content: bytes) -> bytes:
    """The same JSON with `null` in place of each time of another age."""
    return _WHOLE.sub(b"null", content) if _ANOTHER_AGE.search(content) else content


def is_plausible(moment: datetime) -> bool:
    """Whether databases can hold it, and adding years to it stays in the calendar."""
    try:
        return moment.tzinfo is not None and FIRST <= moment.astimezone(UTC) <= LAST
    except (OverflowError, ValueError):
        return False


def span(seconds: float) -> timedelta:
    """Foreign seconds as a span of at most ten years in either direction; no number is none."""
    if seconds != seconds:
        return timedelta(0)
    return timedelta(seconds=max(-LONGEST_SECONDS, min(seconds, LONGEST_SECONDS)))
