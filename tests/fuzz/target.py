"""What is fuzzed: a function of bytes that returns, or raises because the product has a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
Run = Callable[[bytes], None]


@dataclass(frozen=True)
class Target:
    """`run` catches the refusals that the parser is allowed; all else is a fault."""

    name: str
    run: Run
    longest: int
    needs_database: bool

    @property
    def corpus(self) -> Path:
        return CORPUS / self.name

    def kept(self) -> list[Path]:
        """The inputs that are kept: seeds, what reached new code, and what once was a fault."""
        return sorted(self.corpus.iterdir()) if self.corpus.is_dir() else []


TARGETS: dict[str, Target] = {}


def target(name: str, longest: int = 4096, needs_database: bool = False) -> Callable[[Run], Run]:
    """Register a function under the name that `make fuzz` prints."""

    def register(run: Run) -> Run:
        TARGETS[name] = Target(name, run, longest, needs_database)
        return run

    return register
