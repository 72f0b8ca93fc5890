"""Numbers as a person reads them: "94 %", "1.2 GiB", "6 min", "1 pod", "3 pods"."""

from __future__ import annotations

BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def _binary(value: float) -> str:
    for name in BINARY[:-1]:
        if abs(value) < 1024:
            return f"{value:.3g} {name}"
        value /= 1024
    return f"{value:.3g} {BINARY[-1]}"


def with_unit(value: float, unit: str) -> str:
    """`value` with its unit; units are those of `MetricQuery.unit`."""
    if unit == "ratio":
        return f"{value * 100:.3g} %"
    if unit == "bytes":
        return _binary(value)
    if unit == "bytes per second":
        return f"{_binary(value)}/s"
    if unit == "seconds":
        return duration(value)
    return f"{value:.3g} {unit}".strip()


def counted(number: int, one: str, many: str = "", spec: str = "") -> str:
    """`1 pod`, `3 pods`. `many` where it is not the regular plural of `one`: "pods wait"."""
    return f"{number:{spec}} {one if number == 1 else many or plural(one)}"


def plural(noun: str) -> str:
    """The plural of a regular English noun, of the last word in `ready pod`."""
    if noun.endswith("series"):
        return noun
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def duration(seconds: float) -> str:
    """The two largest parts at most."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min" if minutes >= 5 or not rest else f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        days, hours = divmod(hours, 24)
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
