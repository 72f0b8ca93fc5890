"""The table "to change X, touch Y" of CONTRIBUTING.md, kept as data in table.toml.

`python -m benchmarks.newcomer` prints it; a test compares it with the page, and looks whether every
path and every proof in it exists.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("table.toml")
HEAD = "| to change | touch | made by a command | proven by |\n|---|---|---|---|\n"


@dataclass(frozen=True)
class ExtensionPoint:
    change: str
    files: tuple[tuple[str, str], ...]
    """Path below the root, and what to write there; a path ending in `/` is a folder."""

    proof: str
    """The test that makes the change with these files alone, as path::test."""

    commands: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ExtensionPoint:
        files = tuple((path, text) for path, text in row["files"])
        return cls(row["change"], files, row["proof"], tuple(row.get("commands", ())))

    def __str__(self) -> str:
        files = "<br>".join(f"`{path}`: {text}" for path, text in self.files)
        commands = "<br>".join(f"`{command}`" for command in self.commands)
        proof = f"`{self.proof.partition('::')[0]}`"
        return f"| {self.change} | {files} | {commands or '–'} | {proof} |"


def rows() -> tuple[ExtensionPoint, ...]:
    return tuple(map(ExtensionPoint.of, tomllib.loads(TABLE.read_text(encoding="utf-8"))["row"]))


def table() -> str:
    """As Markdown, ending with a newline."""
    return HEAD + "".join(f"{row}\n" for row in rows())
