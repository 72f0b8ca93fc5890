"""`python -m benchmarks.house`: the figures, one line each; ends with 1 when a bar is broken."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.house import (
    causes,
    circles,
    facts,
    families,
    folders,
    functions,
    observations,
    severities,
)
from benchmarks.house.figure import Figure, as_lines
from benchmarks.house.sources import Tree, read

ROOT = Path(__file__).parents[2]
TOPICS: tuple[Callable[[Tree], list[Figure]], ...] = (
    circles.figures,
    folders.figures,
    functions.figures,
    facts.figures,
    causes.figures,
    observations.figures,
    families.figures,
    severities.figures,
)


def measured(root: Path) -> list[Figure]:
    tree = read(root)
    return [figure for topic in TOPICS for figure in topic(tree)]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    found = measured(options.root)
    if options.json:
        print(json.dumps([figure.as_dict() for figure in found], indent=2))
    else:
        print("\n".join(as_lines(found, options.places)))
    return int(not all(figure.holds for figure in found))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.house", description=__doc__)
    parser.add_argument("--json", action="store_true", help="as JSON, with every place")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to measure")
    parser.add_argument("--places", type=int, default=6, help="places shown below a broken bar")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
