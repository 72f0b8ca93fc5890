"""The table "to change X, touch Y" is true: its paths exist, and CONTRIBUTING.md shows it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks.newcomer import ExtensionPoint, rows, table

ROOT = Path(__file__).parents[2]
CHANGES = {
    "a failure cause",
    "an action",
    "a detector on metrics",
    "a threshold",
    "a notification target",
    "a column in the admin",
    "a field of the REST API",
    "a metric query",
    "what is redacted",
    "a setting",
    "a fault of the simulator",
    "a scenario",
}


def test_every_change_that_a_newcomer_makes_has_one_row() -> None:
    assert sorted(row.change for row in rows()) == sorted(CHANGES)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.change)
def test_what_a_row_names_exists(row: ExtensionPoint) -> None:
    assert row.files
    for path, text in row.files:
        place = ROOT / path
        assert place.is_dir() if path.endswith("/") else place.is_file(), path
        assert text, path


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.change)
def test_what_a_row_says_to_run_exists(row: ExtensionPoint) -> None:
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in row.commands:
        words = command.split()
        if words[0] == "make":
            assert f"\n{words[1]}:" in targets, command
        elif words[1] == "-m":
            assert (ROOT / f"{words[2].replace('.', '/')}.py").is_file(), command
        else:
            assert list(ROOT.glob(f"*/management/commands/{words[2]}.py")), command
        if ">" in words:
            assert (ROOT / words[-1]).is_file(), command


def test_every_proof_is_collected() -> None:
    proofs = {row.proof for row in rows()}
    assert len(proofs) == len(CHANGES)
    assert proofs <= collected({proof.partition("::")[0] for proof in proofs})


def collected(files: Iterable[str]) -> set[str]:
    """The tests of these files, without their parameters."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *sorted(files)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    return {line.partition("[")[0] for line in shown.stdout.splitlines() if "::" in line}


def test_contributing_shows_the_table() -> None:
    assert table() in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
