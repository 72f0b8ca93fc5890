"""Which metrics a PromQL text reads, by its real grammar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser

PARTS = ("expr", "lhs", "rhs", "param", "vector_selector")


class NoMetric(ValueError):
    """It is no PromQL, or it selects series without naming their metric."""


def metrics_of(query: str) -> set[str]:
    """The names of all metrics in `query`. Raises NoMetric."""
    try:
        tree = promql_parser.parse(query)
    except ValueError as error:
        raise NoMetric(f"it is no PromQL: {error}") from error
    names = set(_names(tree))
    if not names:
        raise NoMetric("it reads no metric")
    return names


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, promql_parser.VectorSelector):
        if not node.name:
            raise NoMetric("it selects series without naming their metric")
        yield str(node.name)
        return
    parts = [getattr(node, part, None) for part in PARTS]
    for part in (*parts, *(getattr(node, "args", None) or ())):
        if isinstance(part, promql_parser.Expr):
            yield from _names(part)
