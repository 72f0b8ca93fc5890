"""Numbers as Go prints them, and back."""

import math
from decimal import Decimal

_SPECIAL = {math.inf: "+Inf", -math.inf: "-Inf"}
EXACT_INTEGERS = 1e15


def decimal(value: float) -> str:
    """The shortest decimal notation without an exponent: FormatFloat(value, 'f', -1, 64)."""
    if value != value:
        return "NaN"
    if value in _SPECIAL:
        return _SPECIAL[value]
    if value.is_integer() and abs(value) < EXACT_INTEGERS and value:
        return str(int(value))
    text = format(Decimal(repr(float(value))), "f")
    return text.removesuffix(".0")


def sample(value: float) -> str:
    """A value as the API writes it: with an exponent when very small or very large."""
    if value and (abs(value) < 1e-6 or 1e21 <= abs(value) < math.inf):
        return repr(float(value))
    return decimal(value)


def seconds(time_ms: int) -> float | int:
    """A timestamp as the API writes it."""
    return time_ms // 1000 if time_ms % 1000 == 0 else time_ms / 1000
