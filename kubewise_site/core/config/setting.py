"""What a row of the table is: its kind says how the text is read, and what is allowed in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T", covariant=True)


@dataclass(frozen=True)
class SettingKind(Generic[T]):
    """`parse` raises ValueError for what `allowed` does not name."""

    parse: Callable[[str], T]
    allowed: str


@dataclass(frozen=True)
class Setting:
    """`default` is the text that would stand in .env; '' is unset. `secret` is never shown.

    `name` is the one that the row has in the table.
    """

    default: str
    kind: SettingKind[Any]
    why: str
    secret: bool = False
    name: str = ""


def setting(default: str, kind: SettingKind[T], why: str, *, secret: bool = False) -> T:
    """A row. Typed as the value that Django's settings have under its name."""
    return cast(T, Setting(default, kind, why, secret))
