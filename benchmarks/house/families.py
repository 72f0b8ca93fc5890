"""Comparisons with the name of an action or of its family outside the catalogue of actions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.house.figure import Figure
from benchmarks.house.sources import SourceFile, Tree

CATALOGUE = "remediation/actions"
ABOVE = ("remediation", "kubewise_site")
Assigned = ast.Assign | ast.AnnAssign


@dataclass(frozen=True)
class ActionNames:
    """What names an action: its strings, and module constants that hold one."""

    texts: set[str]
    constants: set[str]

    def name(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return node.value in self.texts
        return getattr(node, "attr", getattr(node, "id", "")) in self.constants


def figures(tree: Tree) -> list[Figure]:
    name = "comparisons with an action's name"
    names = names_of(tree.below(CATALOGUE))
    if not names:
        return [Figure(name, None, 0)]
    others = [s for s in tree.below(*ABOVE) if not s.path.startswith(f"{CATALOGUE}/")]
    words = ActionNames(names, _constants(others, names))
    found = tuple(place for source in others for place in _comparisons(source, words))
    return [Figure(name, len(found), 0, found)]


def names_of(catalogue: Sequence[SourceFile]) -> set[str]:
    """The strings that classes of actions have as `name` and `family`."""
    classes = (n for source in catalogue for n in source.nodes if isinstance(n, ast.ClassDef))
    found = {
        _text(statement.value)
        for each in classes
        for statement in each.body
        if isinstance(statement, Assigned) and _target(statement) in ("name", "family")
    }
    return found - {""}


def _target(statement: Assigned) -> str:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    return getattr(target, "id", "")


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _constants(sources: Sequence[SourceFile], names: set[str]) -> set[str]:
    """Constants that hold such a name, outside the catalogue: `RAISE = "raise_hpa_max"`."""
    statements = (n for s in sources for n in s.tree.body if isinstance(n, Assigned))
    return {_target(n) for n in statements if _text(n.value) in names}


def _comparisons(source: SourceFile, words: ActionNames) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.Compare) and any(map(words.name, _sides(node))):
            yield f"{source.at(node)} {ast.unparse(node)}"
        if isinstance(node, ast.MatchValue) and words.name(node.value):
            yield f"{source.at(node.value)} case {ast.unparse(node)}"


def _sides(node: ast.Compare) -> Iterator[ast.expr]:
    """Both sides, and what stands in a tuple, list or set of them."""
    for side in (node.left, *node.comparators):
        yield from side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else (side,)
