"""A copy of the repository that a test may edit, and what is run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from tests.contributing.failure_cause.parts import PAGE, ROOT, shown

PARTS = (
    "detection", "remediation", "kubewise_site", "simulator", "benchmarks", "models", "tests",
    "manage.py", "pyproject.toml", shown(PAGE),
)  # fmt: skip
UNNEEDED = shutil.ignore_patterns("__pycache__", "vendor")
CHECK = "tests.contributing.failure_cause"


def copied_to(folder: Path, parts: Iterable[str] = PARTS) -> Path:
    for part in parts:
        target = folder / part
        target.parent.mkdir(exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, target, ignore=UNNEEDED)
        else:
            shutil.copy(ROOT / part, target)
    return folder


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """`python -m` with these words, in the copy."""
    known = {
        name: os.environ[name] for name in ("PATH", "HOME", "SECRET_KEY") if name in os.environ
    }
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=copy, env=known, capture_output=True, text=True
    )


def edit(copy: Path, module: ModuleType, after: str, added: str) -> None:
    path = copy / shown(module)
    text = path.read_text()
    assert text.count(after) == 1
    path.write_text(text.replace(after, after + added))


def append(copy: Path, module: ModuleType, added: str) -> None:
    path = copy / shown(module)
    path.write_text(path.read_text() + added)
