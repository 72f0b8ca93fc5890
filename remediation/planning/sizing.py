"""How much more a container gets: bounded steps."""

from __future__ import annotations

import math

from remediation.actions.parameters import MEBIBYTE, BadValue, amount

RAISE_FACTOR = 1.5
GIBIBYTE = 1024 * MEBIBYTE
# What a container without a request is asked to begin with; a person is asked first.
FIRST_REQUEST = {"cpu": "100m", "memory": "128Mi"}


def raised_cpu(limit: str) -> str:
    """`limit` times 1.5 in whole millicores; '' where it is no quantity."""
    try:
        return f"{math.ceil(amount(limit) * RAISE_FACTOR * 1000)}m"
    except BadValue:
        return ""


def raised_most(replicas: int) -> int:
    """An autoscaler's maximum times 1.5, at least one more."""
    return max(math.ceil(replicas * RAISE_FACTOR), replicas + 1)


def raised_memory(limit: str) -> str:
    """`limit` times 1.5 in whole MiB; '' where it is no quantity."""
    try:
        return f"{math.ceil(amount(limit) * RAISE_FACTOR / MEBIBYTE)}Mi"
    except BadValue:
        return ""


def grown(size: str) -> str:
    """`size` of a volume times 1.5 in whole GiB; '' where it is no quantity."""
    try:
        return f"{math.ceil(amount(size) * RAISE_FACTOR / GIBIBYTE)}Gi"
    except BadValue:
        return ""
