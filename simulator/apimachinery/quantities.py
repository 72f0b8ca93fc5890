"""Kubernetes quantities: "500m", "1Gi", "2e3"."""

import re
from functools import lru_cache
from typing import Any

PATTERN = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE]?)$")
SUFFIXES = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
SUFFIXES |= {"P": 1e15, "E": 1e18, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}
SUFFIXES |= {"Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60}


@lru_cache(maxsize=4096)
def _parse(text: str) -> float:
    found = PATTERN.match(text)
    if not found:
        raise ValueError(text)
    number, suffix = found.groups()
    if suffix and suffix[0] in "eE" and suffix not in ("E", "Ei"):
        return float(number + suffix)
    return float(number) * SUFFIXES[suffix]


def parse_quantity(value: Any) -> float:
    """In base units (cores, bytes); ValueError when it is none."""
    return _parse(str(value))


def bytes_text(amount: float) -> str:
    """Whole mebibytes where they fit, as people write them."""
    mebibytes = amount / 2**20
    return f"{int(mebibytes)}Mi" if mebibytes >= 1 else str(int(amount))


def cores_text(amount: float) -> str:
    return str(int(amount)) if amount == int(amount) else f"{round(amount * 1000)}m"


def requests_of(pod_spec: dict[str, Any]) -> tuple[float, float]:
    """(cores, bytes) that the scheduler counts:

    the containers' sum, or the largest init container.
    """
    totals = []
    for resource in ("cpu", "memory"):
        main = sum(_request(c, resource) for c in pod_spec.get("containers") or ())
        init = max(
            (_request(c, resource) for c in pod_spec.get("initContainers") or ()), default=0.0
        )
        totals.append(max(main, init))
    return totals[0], totals[1]


def _request(container: dict[str, Any], resource: str) -> float:
    requests = (container.get("resources") or {}).get("requests") or {}
    return parse_quantity(requests.get(resource, 0))
