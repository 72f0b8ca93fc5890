"""Values of settings that mean something to the rest: a parser raises ValueError for a wrong one.

A name that is spelled wrongly must not protect, forbid or allow nothing in silence.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def names(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def namespace(value: str) -> str:
    """A DNS label (RFC 1123), as the API server wants it: a pattern would match nothing."""
    if not LABEL.fullmatch(value):
        raise ValueError
    return value


def namespaces(value: str) -> tuple[str, ...]:
    return tuple(namespace(name) for name in names(value))


def headers(value: str) -> tuple[str, ...]:
    """`Name=value` each (names are tokens, RFC 9110)."""
    found = names(value)
    if not all(re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+=[^\r\n]*", pair) for pair in found):
        raise ValueError
    return found


def existing_file(value: str) -> str:
    if value and not Path(value).expanduser().is_file():
        raise ValueError
    return str(Path(value).expanduser()) if value else ""


def optional_number(value: str) -> float | None:
    """A finite number, or None where nothing is given."""
    found = float(value) if value else None
    if found is not None and not math.isfinite(found):
        raise ValueError
    return found
