"""A PromQL text cut into its tokens, so that something can be put in without touching the rest.

Source: prometheus/promql/parser/lex.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<space>\s++|#[^\n]*+)"
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|`[^`]*+`?)"""
    r"|(?P<number>\.?[0-9][\w.]*)"
    r"|(?P<name>[A-Za-z_:][\w:]*)"
    r"|(?P<mark>.)",
    re.DOTALL | re.ASCII,
)


class Token(NamedTuple):
    """`kind`: space, text, number, name or mark. A comment is space."""

    kind: str
    text: str


def tokens(promql: str) -> Iterator[Token]:
    """All of it: joined again it is `promql`."""
    return (Token(one.lastgroup or "mark", one.group()) for one in _TOKEN.finditer(promql))
