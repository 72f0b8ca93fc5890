"""Migrations stand alone: what they need is written into them, as it was when they were made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
OURS = ("detection", "remediation", "kubewise_site", "simulator", "benchmarks")
TODAY = "django.apps"  # the models as they are now, not as they were
FILES = sorted(
    path for app in OURS for path in (ROOT / app).rglob("migrations/*.py") if path.stem[0].isdigit()
)


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def foreign(source: str) -> list[str]:
    """The imports that tie a migration to today's code."""
    return [
        name
        for name in imported(source)
        if name.startswith(".") or name == TODAY or name.partition(".")[0] in OURS
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_no_migration_imports_the_application(path: Path) -> None:
    assert foreign(path.read_text()) == []


def test_an_import_of_the_application_is_seen() -> None:
    source = (
        "import detection.domain.causes\n"
        "from kubewise_site.console.groups import GROUPS\nfrom . import x\n"
    )
    assert foreign(source) == ["detection.domain.causes", "kubewise_site.console.groups", "."]
    assert foreign("from django.db import migrations, models") == []
    assert {path.parts[-3] for path in FILES} >= {"detection", "remediation", "kubewise_site"}


@pytest.mark.django_db
def test_the_migrations_make_what_the_models_say() -> None:
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())
