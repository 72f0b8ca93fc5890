"""A figure: what was counted, what is wanted, and where the faults are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """`value` None: what the figure looks for was not found. `at_most` None: shown, not judged."""

    name: str
    value: int | None
    at_most: int | None = None
    where: tuple[str, ...] = ()
    """The faults, or what the value was measured on; one short text each."""

    at_least: int = 0

    @property
    def holds(self) -> bool:
        if self.value is None:
            return False
        return self.at_least <= self.value and (self.at_most is None or self.value <= self.at_most)

    @property
    def wanted(self) -> str:
        if self.at_most is None:
            return "shown only"
        return f"{self.at_most}" if self.at_least == self.at_most else f"at most {self.at_most}"

    def as_dict(self) -> dict[str, object]:
        return asdict(self) | {"wanted": self.wanted, "holds": self.holds}


def as_lines(figures: Sequence[Figure], shown: int = 6) -> list[str]:
    """One line a figure; below a broken one the first `shown` places."""
    wide = max((len(figure.name) for figure in figures), default=0)
    return [line for figure in figures for line in _lines(figure, wide, shown)]


def _lines(figure: Figure, wide: int, shown: int) -> list[str]:
    value = "not found" if figure.value is None else f"{figure.value}"
    mark = "ok" if figure.holds else "BROKEN"
    first = f"{figure.name:<{wide}}  {value:>9}  {figure.wanted:<11}  {mark}"
    if figure.holds and figure.at_most is not None:
        return [first]
    left = len(figure.where) - shown
    more = [f"    and {left} more (--json lists all)"] if left > 0 else []
    return [first, *(f"    {place}" for place in figure.where[:shown]), *more]
