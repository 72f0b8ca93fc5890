"""The Python files of a tree, read and parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PRODUCT = ("detection", "remediation", "kubewise_site")
WRITTEN_BY_HAND = (*PRODUCT, "simulator", "benchmarks", "models")


@dataclass(frozen=True)
class SourceFile:
    path: str
    """Below the root, with `/`."""

    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def is_package(self) -> bool:
        return self.path.endswith("/__init__.py")

    @property
    def module(self) -> str:
        """`detection/api/__init__.py` is `detection.api`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def at(self, node: ast.expr | ast.stmt) -> str:
        return f"{self.path}:{node.lineno}"


@dataclass(frozen=True)
class Tree:
    """All sources of a root, without migrations: they are generated."""

    sources: tuple[SourceFile, ...]

    def below(self, *folders: str) -> list[SourceFile]:
        return [s for s in self.sources if s.path.startswith(tuple(f"{name}/" for name in folders))]

    def in_folder(self, folder: str) -> list[SourceFile]:
        """Its modules, without `__init__`."""
        return [s for s in self.sources if s.folder == folder and not s.is_package]

    @property
    def product(self) -> list[SourceFile]:
        return self.below(*PRODUCT)


def read(root: Path, folders: Iterable[str] = (*WRITTEN_BY_HAND, "tests")) -> Tree:
    """The Python files of these folders of a root."""
    return Tree(tuple(source for name in folders for source in _read(root, name)))


def _read(root: Path, folder: str) -> Iterator[SourceFile]:
    for file in sorted((root / folder).rglob("*.py")):
        path = file.relative_to(root).as_posix()
        if "/migrations/" not in path:
            yield SourceFile(path, file.read_text(encoding="utf-8"))
