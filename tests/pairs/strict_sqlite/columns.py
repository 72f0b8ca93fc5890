"""What a column of PostgreSQL does not hold, as checks of the columns of SQLite."""

from __future__ import annotations

import re

# What a CHECK begins with is its name in SQLite's message.
MARK = "PostgreSQL"
COLUMN = '"%(column)s"'
NO_NUL = f"instr({COLUMN}, char(0)) = 0"
AS_LONG_AS_SAID = f"length({COLUMN}) <= %(max_length)s AND {NO_NUL}"
SURROGATE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
REFUSED = re.compile(r"\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def _refused_unless(check: str) -> str:
    return f"'{MARK}' = '' OR {COLUMN} IS NULL OR ({check})"


def _also(check: str, stands: str) -> str:
    """A second CHECK of the same column; errors of the one that stands are PostgreSQL's too."""
    return f"{stands}) CHECK ({_refused_unless(check)}"


def _within(bits: int) -> str:
    most = 2 ** (bits - 1)
    return f"typeof({COLUMN}) = 'integer' AND {COLUMN} BETWEEN {-most} AND {most - 1}"


NOT_NEGATIVE = f"{COLUMN} >= 0"
CHECKS = {
    "CharField": _refused_unless(AS_LONG_AS_SAID),
    "SlugField": _refused_unless(AS_LONG_AS_SAID),
    "FileField": _refused_unless(AS_LONG_AS_SAID),
    "TextField": _refused_unless(NO_NUL),
    "BooleanField": _refused_unless(f"{COLUMN} IN (0, 1)"),
    "FloatField": _refused_unless(f"typeof({COLUMN}) IN ('real', 'integer')"),
    "SmallIntegerField": _refused_unless(_within(16)),
    "IntegerField": _refused_unless(_within(32)),
    "BigIntegerField": _refused_unless(_within(64)),
    "PositiveSmallIntegerField": _also(_within(16), NOT_NEGATIVE),
    "PositiveIntegerField": _also(_within(32), NOT_NEGATIVE),
    "PositiveBigIntegerField": _also(_within(64), NOT_NEGATIVE),
    "JSONField": _refused_unless(f"JSON_VALID({COLUMN}) AND is_jsonb({COLUMN})"),
}


def is_jsonb(text: str | None) -> bool:
    """Whether PostgreSQL's jsonb holds it: no NUL and no half of a pair of surrogates."""
    return text is None or not REFUSED.search(SURROGATE.sub("", text.replace(r"\\", "")))
