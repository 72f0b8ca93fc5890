"""From the text of a setting to its value. A parser raises ValueError for a wrong text.

A name that is spelled wrongly must not protect, forbid or allow nothing in silence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def text(value: str) -> str:
    return value


def names(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def number(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        found = int(value)
        if not low <= found <= high:
            raise ValueError
        return found

    return parse


def factor(value: str) -> float:
    found = float(value)
    if not 0 < found < math.inf:
        raise ValueError
    return found


def amount(value: str) -> float:
    found = float(value)
    if not 0 <= found < math.inf:
        raise ValueError
    return found


def optional_number(value: str) -> float | None:
    """A finite number, or None where nothing is given."""
    found = float(value) if value else None
    if found is not None and not math.isfinite(found):
        raise ValueError
    return found


def switch(value: str) -> bool:
    found = {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
    if found is None:
        raise ValueError
    return found


def upper(*values: str) -> Callable[[str], str]:
    """One of these words, in capitals however it was written."""
    return _one_of(values, str.upper)


def lower(*values: str) -> Callable[[str], str]:
    """One of these words, in small letters however it was written."""
    return _one_of(values, str.lower)


def _one_of(values: tuple[str, ...], cased: Callable[[str], str]) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if cased(value) not in values:
            raise ValueError
        return cased(value)

    return parse


def namespace(value: str) -> str:
    """A DNS label (RFC 1123), as the API server wants it: a pattern would match nothing."""
    if not LABEL.fullmatch(value):
        raise ValueError
    return value


def namespaces(value: str) -> tuple[str, ...]:
    return tuple(namespace(name) for name in names(value))


def networks(value: str) -> tuple[str, ...]:
    return tuple(str(ip_network(part)) for part in names(value))


def headers(value: str) -> tuple[str, ...]:
    """`Name=value` each (names are tokens, RFC 9110)."""
    found = names(value)
    if not all(re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+=[^\r\n]*", pair) for pair in found):
        raise ValueError
    return found


def header(value: str) -> str:
    """A header's name (a token, RFC 9110), or nothing."""
    if value and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,80}", value):
        raise ValueError
    return value


def existing_file(value: str) -> str:
    if not value:
        return ""
    try:
        path = Path(value).expanduser()
    except RuntimeError as error:  # the home of a user who isn't there
        raise ValueError from error
    if not path.is_file():
        raise ValueError
    return str(path)


def web_address(value: str) -> str:
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
        raise ValueError
    return value if urlsplit(value).query else value.rstrip("/")


def address(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value and urlsplit(value).scheme not in schemes:
            raise ValueError
        return value

    return parse
