"""How the admin shows times, severities and text from elsewhere. Nothing here is marked safe."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django import template

from detection.domain import units
from kubewise_site.core.clock import now

register = template.Library()

ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@register.filter
def plain(value: Any) -> str:
    """Text without terminal control and without characters that turn its direction."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", ANSI.sub("", str(value)))


@register.filter
def words(name: str) -> str:
    """`AwaitingApproval` as people write it: `awaiting approval`."""
    return CAPITAL.sub(" ", name).lower()


@register.filter
def counted(number: int, one: str) -> str:
    """`1 call`, `3 calls`: a count with its noun."""
    return units.counted(number, one)


@register.filter
def age(moment: datetime | None) -> str:
    """`4 min`, from then to now; '' where there is no moment."""
    return span((now() - moment).total_seconds()) if moment else ""


def span(seconds: float) -> str:
    """A length of time in its largest unit: 90 seconds are `1 min`."""
    for size, unit in UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "0 s"


@register.filter
def clock(moment: datetime | None) -> str:
    """`2026-11-23 22:40:05 UTC`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else ""
