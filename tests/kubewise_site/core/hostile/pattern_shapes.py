"""Worst cases made from a pattern itself: what leads to a repetition, then that again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _constants as sre
from re import _parser as parser
from typing import Any

REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
CLASSES = {
    sre.CATEGORY_DIGIT: "1", sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "a",
    sre.CATEGORY_NOT_DIGIT: "a", sre.CATEGORY_NOT_SPACE: "a", sre.CATEGORY_NOT_WORD: "-",
}  # fmt: skip
ANYTHING = "a1A-._/ "
MOST = 8


def pumps(pattern: re.Pattern[Any]) -> list[tuple[str, str]]:
    """(what stands before, what is repeated) for each repetition within the pattern."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin1")
    found: dict[tuple[str, str], None] = {}
    _walk(parser.parse(text, pattern.flags & ~re.UNICODE), "", found)
    return list(found)


def _walk(nodes: Any, before: str, found: dict[tuple[str, str], None]) -> str:
    """Note every repetition; answers with an example of the nodes, after `before`."""
    for op, value in nodes:
        if op in REPEATS:
            _note(value, before, found)
        for part in _parts(op, value):
            _walk(part, before, found)
        before += _example(op, value)
    return before


def _note(value: Any, before: str, found: dict[tuple[str, str], None]) -> None:
    _, _, body = value
    for pump in _variants(body):
        if pump:
            found[before, pump] = None
            found["", before + pump] = None
            found["", pump + before] = None


def _variants(body: Any) -> Iterator[str]:
    yield "".join(_example(op, value) for op, value in body)
    if len(body) == 1 and body[0][0] is sre.IN:
        yield from _members(body[0][1])
    yield from ("a", "-", ".", "1", " ", "A")


def _parts(op: Any, value: Any) -> list[Any]:
    if op is sre.BRANCH:
        return list(value[1])
    if op is sre.SUBPATTERN or op in REPEATS:
        return [value[-1]]
    if op in (sre.ASSERT, sre.ASSERT_NOT):
        return [value[1]]
    return [value] if op is sre.ATOMIC_GROUP else []


def _example(op: Any, value: Any) -> str:
    """One short text that the node takes, where that is easily told."""
    if op is sre.LITERAL:
        return chr(value)
    if op is sre.IN:
        return next(iter(_members(value)), "a")
    if op in (sre.ANY, sre.NOT_LITERAL):
        return "a"
    if op in REPEATS:
        return _of(value[2]) * min(max(value[0], 1), 64)
    if op is sre.BRANCH:
        return _of(value[1][0])
    if op is sre.SUBPATTERN:
        return _of(value[-1])
    return ""


def _of(nodes: Any) -> str:
    return "".join(_example(op, value) for op, value in nodes)


def _members(items: Any) -> list[str]:
    if items[0][0] is sre.NEGATE:
        taken = set(_members(items[1:]))
        return [char for char in ANYTHING if char not in taken][:MOST]
    found = []
    for op, value in items:
        if op is sre.LITERAL:
            found.append(chr(value))
        elif op is sre.RANGE:
            found.append(chr(value[0]))
        elif op is sre.CATEGORY:
            found.append(CLASSES.get(value, "a"))
    return found[:MOST]
