"""Secrets on command lines and in statements whose option or word doesn't name them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import re2

from kubewise_site.core.redaction import values
from kubewise_site.core.redaction.spans import Span

VALUE = r"(\"[^\"\n]+\"|'[^'\n]+'|[^\s\"';|&]+)"
BETWEEN = r"[^\n|;&]*?"
LINES = tomllib.loads(Path(__file__).with_name("commands.toml").read_text(encoding="utf-8"))[
    "lines"
]
PATTERNS = tuple(
    re2.compile(line.replace("<VALUE>", VALUE).replace("<BETWEEN>", BETWEEN)) for line in LINES
)


def find(text: str) -> Iterator[Span]:
    """What those options and words are followed by."""
    for pattern in PATTERNS:
        for found in pattern.finditer(text):
            yield from _span(found)


def _span(found: re2._Match[str]) -> Iterator[Span]:
    (start, end), value = found.span(1), found[1]
    if value[:1] in "\"'" and value[-1:] == value[:1] and len(value) > 1:
        start, end, value = start + 1, end - 1, value[1:-1]
    if not values.is_placeholder(value) and not values.is_said(value):
        yield Span(start, end, "secret")
