"""Orderings of severities that are written out by hand."""

from __future__ import annotations

import ast

from benchmarks.house.figure import Figure
from benchmarks.house.sources import SourceFile, Tree

LEVELS = frozenset({"info", "warning", "critical"})


def figures(tree: Tree) -> list[Figure]:
    found = tuple(
        source.at(node)
        for source in tree.product
        for node in source.nodes
        if isinstance(node, ast.expr) and _orders(source, node)
    )
    return [Figure("orderings of severities", len(found), 1, found)]


def _orders(source: SourceFile, node: ast.expr) -> bool:
    """All levels in a row, numbers of them, a database `Case` of them, or the enum as a list.

    A `Case` of each severity's `rank` has its order from there: it is none of its own.
    """
    if isinstance(node, ast.Tuple | ast.List):
        return {_level(item) for item in node.elts} == LEVELS
    if isinstance(node, ast.Dict):
        return _numbers(node)
    return isinstance(node, ast.Call) and (_is_case(node) or _lists_the_enum(node))


def _numbers(node: ast.Dict) -> bool:
    levels = {_level(key) for key in node.keys}
    numbers = [isinstance(v, ast.Constant) and isinstance(v.value, int) for v in node.values]
    return levels == LEVELS and all(numbers)


def _is_case(node: ast.Call) -> bool:
    whens = (item for item in node.args if isinstance(item, ast.Call | ast.Starred))
    return ast.unparse(node.func) in ("Case", "models.Case") and any(
        "severity=" in ast.unparse(when) and not _asks_the_rank(when) for when in whens
    )


def _asks_the_rank(when: ast.expr) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "rank" for node in ast.walk(when))


def _lists_the_enum(node: ast.Call) -> bool:
    return ast.unparse(node) in ("list(Severity)", "tuple(Severity)")


def _level(node: ast.expr | None) -> str:
    """`Severity.INFO`, `Severity.INFO.value` and `"info"` are `info`."""
    if isinstance(node, ast.Attribute) and node.attr == "value":
        node = node.value
    if isinstance(node, ast.Constant):
        return str(node.value).lower()
    return getattr(node, "attr", "").lower()
