"""What must hold of what comes out of a parser."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from kubewise_site.core.foreign_text import UNSAFE


def hold(condition: bool, said: str) -> None:
    """Raises where a property does not hold; `assert` may be switched off."""
    if not condition:
        raise AssertionError(said)


def texts_of(value: Any) -> Iterator[str]:
    """Every text within records, mappings and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for pair in value.items() for item in pair for text in texts_of(item))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (text for item in value for text in texts_of(item))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        yield from (text for name in names for text in texts_of(getattr(value, name)))


def all_safe(value: Any, longest: int) -> None:
    """No text of it harms a database, a terminal or a page, and none is without bound."""
    for text in texts_of(value):
        hold(not UNSAFE.search(text), f"unsafe: {text[:200]!r}")
        hold(len(text) <= longest, f"{len(text)} characters: {text[:80]!r}")
