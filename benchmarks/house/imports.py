"""Which module imports which, function-level imports included."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.house.sources import SourceFile


@dataclass(frozen=True)
class Import:
    importer: SourceFile
    imported: SourceFile
    for_types: bool
    """Stands under `if TYPE_CHECKING`: not there when the program runs."""


def imports_of(sources: Sequence[SourceFile]) -> list[Import]:
    """Imports among these sources. Strings that name a module are none."""
    modules = {source.module: source for source in sources}
    return [
        Import(source, modules[name], for_types)
        for source in sources
        for node, for_types in _statements(source.tree, False)
        for name in _names(source, node, modules)
        if name != source.module
    ]


def _statements(node: ast.AST, for_types: bool) -> Iterator[tuple[ast.stmt, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, for_types
    if isinstance(node, ast.If) and _asks_for_types(node.test):
        yield from _each(node.body, True)
        yield from _each(node.orelse, for_types)
    else:
        yield from _each(ast.iter_child_nodes(node), for_types)


def _each(nodes: Iterable[ast.AST], for_types: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for node in nodes:
        yield from _statements(node, for_types)


def _asks_for_types(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _names(source: SourceFile, node: ast.stmt, modules: dict[str, SourceFile]) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names} & modules.keys()
    if not isinstance(node, ast.ImportFrom):
        return set()
    base = _base(source, node)
    inside = {f"{base}.{alias.name}" for alias in node.names} & modules.keys()
    beside = {base} if base in modules and len(inside) < len(node.names) else set()
    return inside | beside


def _base(source: SourceFile, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".")
    package = package[: len(package) - node.level + source.is_package]
    return ".".join([*package, *filter(None, [node.module])])
