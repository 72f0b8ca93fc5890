"""What the pages name exists: paths, modules to run, commands, targets of make, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).parents[2]
PAGES = sorted(page for folder in (".", "docs", "models") for page in (ROOT / folder).glob("*.md"))
FOLDERS = (
    "benchmarks", "deploy", "detection", "docs", "kubewise_site", "models", "remediation",
    "simulator", "tests",
)  # fmt: skip
PATH = re.compile(rf"(?<![\w/.$-])((?:{'|'.join(FOLDERS)})/[\w./*-]*)")
FILE = re.compile(r"`([\w.*-]+\.(?:py|toml|ya?ml|md))`")
MODULE = re.compile(rf"python -m ((?:{'|'.join(FOLDERS)})[\w.]*)")
COMMAND = re.compile(r"manage\.py ([a-z]\w*)")
TARGET = re.compile(r"(?:`|^)make ([a-z][a-z-]*)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def missing(text: str, folder: Path = ROOT) -> list[str]:
    """What a page in `folder` names that is not there."""
    gone = [path for line in text.splitlines() for path in _missing_paths(line)]
    gone += [name for name in MODULE.findall(text) if not _is_module(name.rstrip("."))]
    gone += sorted(set(COMMAND.findall(text)) - set(get_commands()))
    gone += sorted(set(TARGET.findall(text)) - _targets())
    return gone + [link for link in LINK.findall(text) if not (folder / link).exists()]


def _missing_paths(line: str) -> Iterator[str]:
    """A file without a folder is in the root, or below a folder that the same line names."""
    paths = [path.rstrip(".") for path in PATH.findall(line)]
    yield from (path for path in paths if not _found(ROOT, path))
    homes = [ROOT, *(ROOT / path if path.endswith("/") else (ROOT / path).parent for path in paths)]
    yield from (n for n in FILE.findall(line) if not any(_found(home, n) for home in homes))


def _found(home: Path, path: str) -> bool:
    return any(home.glob(path)) if "*" in path else (home / path).exists()


def _is_module(name: str) -> bool:
    place = ROOT / name.replace(".", "/")
    return place.with_suffix(".py").is_file() or (place / "__main__.py").is_file()


def _targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    assert missing(page.read_text(encoding="utf-8"), page.parent) == []


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("see `detection/scan.py`.", "detection/scan.py"),
        ("in tests/detection/nowhere/", "tests/detection/nowhere/"),
        ("`deploy/k8s/no*.yaml`", "deploy/k8s/no*.yaml"),
        ("`detection/pipeline/`: `scan.py` reads", "scan.py"),
        ("`python -m benchmarks.scenarios --all`", "benchmarks.scenarios"),
        ("`python -m benchmarks`", "benchmarks"),
        ("`manage.py retrain`", "retrain"),
        ("```\nmake bench-all\n```", "bench-all"),
        ("[page](docs/none.md)", "docs/none.md"),
    ],
)
def test_what_is_not_there_is_noticed(text: str, gone: str) -> None:
    assert gone in missing(text)


def test_what_is_there_and_what_is_no_path_is_not_noticed() -> None:
    text = (
        "`detection/snapshot/`: `scan.py`, `Makefile`, `pyproject.toml`; "
        "GET /api/v1/remediation/events and http://host/detection/none; "
        "`python -m benchmarks.house`, `manage.py diagnose`, `make test`, to make sense."
    )
    assert missing(text) == []
