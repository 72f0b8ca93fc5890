"""How many functions wire an observation of the cluster together by themselves."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from benchmarks.house.figure import Figure
from benchmarks.house.sources import SourceFile, Tree

FINDS = "find_all"


def figures(tree: Tree) -> list[Figure]:
    """Who calls `find_all` has scanned before and correlates after: that is a wiring."""
    product = wirings(tree.product)
    aside = tuple(wirings(tree.below("benchmarks")))
    return [
        Figure("wirings of an observation", len(product) or None, 1, tuple(product), at_least=1),
        Figure("the same in the benchmarks", len(aside), 0, aside),
    ]


def wirings(sources: Sequence[SourceFile]) -> list[str]:
    return [f"{source.at(node)}" for source in sources for node in _calls(source)]


def _calls(source: SourceFile) -> list[ast.Call]:
    names = _names(source)
    calls = [node for node in source.nodes if isinstance(node, ast.Call)]
    return [call for call in calls if _called(call) in names]


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return getattr(call.func, "id", "")


def _names(source: SourceFile) -> set[str]:
    """`find_all`, and what a module calls it."""
    aliases = (a for n in source.nodes if isinstance(n, ast.ImportFrom) for a in n.names)
    return {FINDS, *(a.asname for a in aliases if a.name == FINDS and a.asname)}
