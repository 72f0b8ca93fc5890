"""Causes without a place in the order of precedence, and causes without a playbook."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.house.figure import Figure
from benchmarks.house.sources import SourceFile, Tree

PLACES = frozenset({"place", "rank", "order", "position"})
MOST = 0.5
"""A list that holds fewer of the causes is no order of all causes."""


def figures(tree: Tree) -> list[Figure]:
    causes = causes_of(tree.product)
    return [
        _missing("causes without a place in the order", causes, ordered(tree.product, causes)),
        _missing("causes without a playbook", causes, with_playbook(tree.product)),
    ]


def _missing(name: str, causes: Sequence[str], there: set[str]) -> Figure:
    if not causes or not there:
        return Figure(name, None, 0)
    left = tuple(cause for cause in causes if cause not in there)
    return Figure(name, len(left), 0, left)


def causes_of(sources: Iterable[SourceFile]) -> list[str]:
    """The members of the enum `Cause`."""
    classes = (n for s in sources for n in s.nodes if isinstance(n, ast.ClassDef))
    return [
        target.id
        for found in classes
        if found.name == "Cause"
        for statement in found.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]


def ordered(sources: Sequence[SourceFile], causes: Sequence[str]) -> set[str]:
    """Causes whose row in a table bears a place, else those in the longest list of causes or rows.

    In a list the position is the place.
    """
    placed = {cause for cause, value in _entries(sources) if _bears_a_place(value)}
    return placed or _longest_list(sources, len(causes))


def with_playbook(sources: Sequence[SourceFile]) -> set[str]:
    """Causes whose row is a Playbook, written there or under a name of its own."""
    shared = {
        getattr(target, "id", "")
        for node in (n for source in sources for n in source.tree.body)
        if isinstance(node, ast.Assign) and _makes(node.value) == "Playbook"
        for target in node.targets
    }
    return {
        cause
        for cause, value in _entries(sources)
        if _makes(value) == "Playbook" or getattr(value, "id", "") in shared
    }


def _entries(sources: Sequence[SourceFile]) -> Iterator[tuple[str, ast.expr]]:
    """`{Cause.X: value}` and `table[Cause.X] = value`."""
    for node in (n for source in sources for n in source.nodes):
        if isinstance(node, ast.Dict):
            pairs = list(zip(node.keys, node.values, strict=True))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            pairs = [(node.targets[0].slice, node.value)]
        else:
            continue
        yield from ((_cause(key), value) for key, value in pairs if _cause(key))


def _cause(node: ast.expr | None) -> str:
    """`X` of `Cause.X`."""
    if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Cause":
        return node.attr
    return ""


def _makes(node: ast.expr) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _bears_a_place(node: ast.expr) -> bool:
    keywords = node.keywords if isinstance(node, ast.Call) else []
    return any(keyword.arg in PLACES for keyword in keywords)


def _longest_list(sources: Sequence[SourceFile], causes: int) -> set[str]:
    named = dict(_named_lists(sources))
    lists = [set(_members(value, named)) for value in named.values()]
    longest = max(lists, key=len, default=set())
    return longest if len(longest) > causes * MOST else set()


def _named_lists(sources: Sequence[SourceFile]) -> Iterator[tuple[str, ast.Tuple | ast.List]]:
    for node in (n for source in sources for n in source.tree.body):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and isinstance(node.value, ast.Tuple | ast.List):
                yield target.id, node.value


def _members(
    node: ast.Tuple | ast.List, named: Mapping[str, ast.Tuple | ast.List]
) -> Iterator[str]:
    """The causes of a list and of its rows, those of the lists that it spreads included."""
    for item in node.elts:
        if isinstance(item, ast.Starred) and isinstance(item.value, ast.Name):
            inner = named.get(item.value.id)
            yield from _members(inner, {}) if inner else ()
        elif found := _cause(item) or _cause_of_row(item):
            yield found


def _cause_of_row(node: ast.expr) -> str:
    """`X` of `Row(Cause.X, …)` and of `Row(cause=Cause.X)`."""
    if not isinstance(node, ast.Call):
        return ""
    named = [keyword.value for keyword in node.keywords if keyword.arg == "cause"]
    return next(filter(None, map(_cause, [*node.args[:1], *named])), "")
