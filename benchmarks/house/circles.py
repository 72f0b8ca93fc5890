"""Import circles between files and between folders of the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

from benchmarks.house.figure import Figure
from benchmarks.house.folders import MODULES_AT_MOST
from benchmarks.house.imports import Import, imports_of
from benchmarks.house.sources import PRODUCT, SourceFile, Tree

Graph = Mapping[str, set[str]]


def figures(tree: Tree) -> list[Figure]:
    """A circle that exists for types alone joins folders too, but no files while they run."""
    every = imports_of(tree.product)
    flat = {app for app in PRODUCT if len(tree.in_folder(app)) > MODULES_AT_MOST}
    running = [item for item in every if not item.for_types]
    return [
        _figure("import circles of folders", every, partial(room_of, flat), 0),
        _figure("import circles of files", running, _file_of, 0),
        _figure("import circles of files, for types too", every, _file_of, None),
    ]


def room_of(flat: Collection[str], source: SourceFile) -> str:
    """The folder. A file at an app's root is a room of its own, unless the app lies there flat.

    `detection/tasks.py` stands above all folders of the app and `detection/clients.py` below most.
    """
    at_the_root = "/" not in source.folder and source.folder not in flat
    return source.module if at_the_root else source.folder


def _file_of(source: SourceFile) -> str:
    return source.path


def _figure(
    name: str, imports: Iterable[Import], place: Callable[[SourceFile], str], at_most: int | None
) -> Figure:
    found = circles(_graph(imports, place))
    where = tuple(f"{len(circle)}: {', '.join(circle)}" for circle in found)
    return Figure(name, len(found), at_most, where)


def _graph(imports: Iterable[Import], place: Callable[[SourceFile], str]) -> Graph:
    graph: defaultdict[str, set[str]] = defaultdict(set)
    for item in imports:
        graph[place(item.importer)].add(place(item.imported))
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """Groups in which each reaches each other, the largest first."""
    reached = {name: _reached(graph, name) for name in graph}
    groups = {
        frozenset(other for other in there if name in reached.get(other, ()))
        for name, there in reached.items()
    }
    return sorted((sorted(group) for group in groups if len(group) > 1), key=len, reverse=True)


def _reached(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = graph.get(waiting.pop(), set()) - seen
        seen |= fresh
        waiting += fresh
    return seen
