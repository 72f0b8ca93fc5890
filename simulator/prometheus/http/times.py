"""Timestamps and durations of the API's parameters."""

import math
import re
from datetime import UTC, datetime

from simulator.prometheus.errors import BadParameter

LATEST_SECONDS = 1e12
"""Later times are taken for this one, so that milliseconds fit into 64 bits."""

_DURATION = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?"
)
_UNIT_SECONDS = (31_536_000.0, 604_800.0, 86_400.0, 3_600.0, 60.0, 1.0, 0.001)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def timestamp(text: str) -> float:
    """Unix seconds from a decimal number or RFC 3339; BadParameter otherwise."""
    number = _number(text)
    if number is not None:
        return max(-LATEST_SECONDS, min(number, LATEST_SECONDS))
    try:
        return _rfc3339(text)
    except ValueError:
        raise BadParameter(f'cannot parse "{text}" to a valid timestamp') from None


def duration(text: str) -> float:
    """Seconds from a decimal number or Prometheus's `1h30m`; BadParameter otherwise."""
    number = _number(text)
    if number is not None:
        return number
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise BadParameter(f'cannot parse "{text}" to a valid duration')
    parts = zip(found.groups(default="0"), _UNIT_SECONDS, strict=True)
    return sum(int(count) * seconds for count, seconds in parts)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _rfc3339(text: str) -> float:
    if not _RFC3339.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper()).astimezone(UTC).timestamp()
