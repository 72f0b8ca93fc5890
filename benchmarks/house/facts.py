"""Facts of a finding that are read by a string: `facts["x"]`, `.fact("x")`, `fact(it, "x")`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.house.figure import Figure
from benchmarks.house.sources import SourceFile, Tree

READS = ("get", "pop", "setdefault")


def figures(tree: Tree) -> list[Figure]:
    reads = [found for source in tree.product for found in reads_of(source)]
    where = tuple(f"{source.at(node)} {ast.unparse(node)}" for source, node in reads)
    return [Figure("reads of facts by a string", len(reads) if tree.product else None, 0, where)]


def reads_of(source: SourceFile) -> Iterator[tuple[SourceFile, ast.expr]]:
    """A key that is computed counts too: it hides which fact is read."""
    nodes = (node for node in source.nodes if isinstance(node, ast.expr))
    return ((source, node) for node in nodes if _reads(node))


def _reads(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return _are_facts(node.value) and isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Compare):
        asked = isinstance(node.ops[0], ast.In | ast.NotIn)
        return asked and any(map(_are_facts, node.comparators))
    return isinstance(node, ast.Call) and _read_by_call(node)


def _read_by_call(node: ast.Call) -> bool:
    if _name(node.func) == "fact":
        return any(isinstance(argument, ast.Constant) for argument in node.args)
    if not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    return node.func.attr in READS and _are_facts(node.func.value)


def _are_facts(node: ast.expr) -> bool:
    return _name(node) == "facts" or _name(node).endswith("_facts")


def _name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
