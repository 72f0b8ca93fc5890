"""How many modules the fullest folder has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.house.figure import Figure
from benchmarks.house.sources import PRODUCT, SourceFile, Tree

MODULES_AT_MOST = 12


def figures(tree: Tree) -> list[Figure]:
    return [
        _figure("largest folder of the product", tree.below(*PRODUCT), MODULES_AT_MOST),
        _figure("largest folder of the simulator", tree.below("simulator"), MODULES_AT_MOST),
        _figure("largest folder of the benchmarks", tree.below("benchmarks"), None),
        _figure("largest folder of the tests", tree.below("tests"), None),
    ]


def _figure(name: str, sources: Sequence[SourceFile], at_most: int | None) -> Figure:
    sizes = Counter(source.folder for source in sources if not source.is_package)
    if not sizes:
        return Figure(name, None, at_most)
    shown = [(folder, size) for folder, size in sizes.most_common() if size > MODULES_AT_MOST]
    where = tuple(f"{folder}/: {size}" for folder, size in shown)
    return Figure(name, max(sizes.values()), at_most, where)
