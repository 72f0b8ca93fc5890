"""The one way that names and values from outside get into a PromQL text.

Source: prometheus.io/docs/prometheus/latest/querying/basics, string literals, and RE2's syntax.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

_REGEX_SPECIAL = frozenset("\\.+*?()|[]{}^$")


def quote(value: str) -> str:
    """`value` as a string literal with its quotes; what is no valid Unicode becomes U+FFFD."""
    text = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return json.dumps(text, ensure_ascii=False)


def escape_regex(value: str) -> str:
    """`value` as a regular expression that matches just it; not yet quoted."""
    return "".join(f"\\{char}" if char in _REGEX_SPECIAL else char for char in value)


def one_of(values: Iterable[str]) -> str:
    """A quoted regular expression, for `=~`, that matches exactly these values."""
    return quote("|".join(escape_regex(value) for value in values))
