"""How long and how branched functions are. A function inside another counts as part of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.house.figure import Figure
from benchmarks.house.sources import WRITTEN_BY_HAND, SourceFile, Tree

Def = ast.FunctionDef | ast.AsyncFunctionDef
COMPLEX = 10
BRANCHES = ast.If | ast.For | ast.AsyncFor | ast.While


@dataclass(frozen=True)
class Function:
    source: SourceFile
    node: Def

    @property
    def lines(self) -> int:
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    @property
    def complexity(self) -> int:
        return self.statements + sum(map(_part, ast.walk(self.node)))

    @property
    def statements(self) -> int:
        return 1 + sum(map(_statement, ast.walk(self.node)))

    def __str__(self) -> str:
        return f"{self.source.at(self.node)} {self.node.name}"


def figures(tree: Tree) -> list[Figure]:
    found = [f for source in tree.below(*WRITTEN_BY_HAND) for f in functions_of(source)]
    everywhere = [f for source in tree.sources for f in functions_of(source)]
    if not found:
        return [Figure("functions", None)]
    return [
        _ninth_tenth(found),
        _complex("functions more complex than 10", found, 60),
        _branched("the same with tests, statements alone (as ruff)", everywhere),
        _longest(found),
        _longest_file(tree.below(*WRITTEN_BY_HAND)),
    ]


def functions_of(source: SourceFile) -> Iterator[Function]:
    return (Function(source, node) for node in _outermost(source.tree))


def _outermost(node: ast.AST) -> Iterator[Def]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Def):
            yield child
        else:
            yield from _outermost(child)


def _statement(node: ast.AST) -> int:
    """What McCabe counts: statements that branch."""
    if isinstance(node, ast.Match):
        return len(node.cases) - (ast.unparse(node.cases[-1].pattern) == "_")
    if isinstance(node, ast.Try):
        return len(node.handlers) + bool(node.orelse)
    return int(isinstance(node, BRANCHES))


def _part(node: ast.AST) -> int:
    """What branches inside an expression: `and`, `or`, `x if y else z`, comprehensions."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return int(isinstance(node, ast.IfExp))


def _ninth_tenth(found: Sequence[Function]) -> Figure:
    lengths = sorted(function.lines for function in found)
    value = lengths[(len(lengths) * 9 - 1) // 10]
    return Figure("lines of functions, 90th percentile", value, 17, (f"of {len(found)}",))


def _complex(name: str, found: Sequence[Function], at_most: int) -> Figure:
    over = sorted((f for f in found if f.complexity > COMPLEX), key=lambda f: -f.complexity)
    return Figure(name, len(over), at_most, tuple(f"{f}: {f.complexity}" for f in over))


def _branched(name: str, found: Sequence[Function]) -> Figure:
    over = [f for f in found if f.statements > COMPLEX]
    return Figure(name, len(over), 60, tuple(f"{f}: {f.statements}" for f in over))


def _longest(found: Sequence[Function]) -> Figure:
    longest = max(found, key=lambda function: function.lines)
    return Figure("longest function (lines)", longest.lines, None, (str(longest),))


def _longest_file(sources: Sequence[SourceFile]) -> Figure:
    longest = max(sources, key=lambda source: source.lines)
    return Figure("longest file (lines)", longest.lines, None, (longest.path,))
