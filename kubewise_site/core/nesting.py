"""JSON that is nested too deep for a decoder, made shallow: what lies deeper becomes null."""

from __future__ import annotations

import re
from collections.abc import Iterator

DEEPEST = 100
# A string as a whole, so that its brackets don't count; possessive, so that an open end is linear.
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def without_depths(content: bytes, deepest: int = DEEPEST) -> bytes:
    """The same JSON with every array and object below that depth as `null`."""
    return b"".join(_kept(content, deepest))


def _kept(content: bytes, deepest: int) -> Iterator[bytes]:
    depth, done = 0, 0
    for found in TOKEN.finditer(content):
        mark = found[0][:1]
        if mark in b"[{":
            depth += 1
            if depth == deepest + 1:
                yield content[done : found.start()] + b"null"
        elif mark in b"]}":
            depth -= 1
            if depth == deepest:
                done = found.end()
    if depth <= deepest:
        yield content[done:]
