"""Quantities as Kubernetes writes them: `250m`, `1.5Gi`, `2e3`."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

SUFFIXES: dict[str, Decimal] = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
}
FORM = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]{1,3})?)([A-Za-z]{0,2})")


def amount_of(quantity: str | int | float | None) -> Decimal:
    """In the resource's base unit (bytes, cores); 0 for what is missing or no quantity."""
    match = FORM.fullmatch(str(quantity or "").strip())
    if match is None or match[2] not in SUFFIXES:
        return Decimal(0)
    try:
        return Decimal(match[1]) * SUFFIXES[match[2]]
    except InvalidOperation:
        return Decimal(0)


def bytes_of(quantity: str | int | float | None) -> int:
    return int(amount_of(quantity))
