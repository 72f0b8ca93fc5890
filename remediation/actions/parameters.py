"""Typed parameters with bounds. Names follow the API's own rules, so none can reach a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Value = str | int
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LONGEST_SUBDOMAIN = 253
QUANTITY = re.compile(r"(?P<number>\d{1,15}(\.\d{1,3})?)(?P<suffix>m|[KMGTPE]i|[kMGTPE])?")
FACTORS = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
FACTORS |= {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", start=1)}

MOST_REPLICAS = 1000
MOST_REVISIONS = 2**31 - 1
MEBIBYTE = 2**20
TEBIBYTE = 2**40


class BadValue(ValueError):
    """The text is no value of this parameter; the message says what is."""


@dataclass(frozen=True)
class Parameter:
    """`read` turns text into a value or raises BadValue; `allowed` says what it takes."""

    name: str
    read: Callable[[str], Value]
    allowed: str
    required: bool = True

    @property
    def is_name(self) -> bool:
        return self.read in (label, subdomain)


def label(text: str) -> str:
    """An RFC 1123 label: namespaces and containers. Raises BadValue."""
    if not LABEL.fullmatch(text):
        raise BadValue("must be 1 to 63 of a-z, 0-9 and '-', with a letter or digit at both ends")
    return text


def subdomain(text: str) -> str:
    """An RFC 1123 subdomain: most names. Raises BadValue."""
    if len(text) > LONGEST_SUBDOMAIN or not SUBDOMAIN.fullmatch(text):
        raise BadValue("must be 1 to 253 of a-z, 0-9, '-' and '.', as an RFC 1123 subdomain")
    return text


def integer(low: int, high: int) -> Callable[[str], Value]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[1-9][0-9]{0,9}", text) or not low <= int(text) <= high:
            raise BadValue(f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def quantity(low: float, high: float, example: str) -> Callable[[str], Value]:
    """A quantity as Kubernetes writes it; the bounds are in bytes or cores."""

    def read(text: str) -> str:
        found = QUANTITY.fullmatch(text)
        if not found or not low <= quantity_amount(text) <= high:
            raise BadValue(f"must be a quantity like {example}, within bounds")
        return text

    return read


def quantity_amount(text: str) -> float:
    """A quantity's number, in bytes or cores. Raises BadValue."""
    found = QUANTITY.fullmatch(text)
    if not found:
        raise BadValue(f"{text!r} is no quantity")
    return float(found["number"]) * FACTORS.get(found["suffix"] or "", 1.0)


NAME = Parameter("name", subdomain, "an object's name")
NAMESPACE = Parameter("namespace", label, "a namespace")
CONTAINER = Parameter("container", label, "a container's name")
REPLICAS = Parameter("replicas", integer(1, MOST_REPLICAS), f"1 to {MOST_REPLICAS}; never 0")
MAX_REPLICAS = Parameter("max_replicas", integer(1, MOST_REPLICAS), f"1 to {MOST_REPLICAS}")
REVISION = Parameter("revision", integer(1, MOST_REVISIONS), "a revision's number")
GRACE_PERIOD = Parameter("grace_period", integer(1, 3600), "1 to 3600 seconds; never 0", False)
TIMEOUT = Parameter("timeout", integer(1, 3600), "1 to 3600 seconds", False)
SIZE = Parameter("size", quantity(MEBIBYTE, 64 * TEBIBYTE, "20Gi"), "a volume's size, 20Gi")
_cpu = quantity(0.001, 1024, "250m")
_memory = quantity(MEBIBYTE, 16 * TEBIBYTE, "512Mi")
RESOURCES = (
    Parameter("cpu_request", _cpu, "cores, 250m", False),
    Parameter("cpu_limit", _cpu, "cores, 250m", False),
    Parameter("memory_request", _memory, "bytes, 512Mi", False),
    Parameter("memory_limit", _memory, "bytes, 512Mi", False),
)


def optional(parameter: Parameter) -> Parameter:
    return Parameter(parameter.name, parameter.read, parameter.allowed, required=False)
