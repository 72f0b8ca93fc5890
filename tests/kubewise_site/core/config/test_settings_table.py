"""A new setting is one row of the table, and what reads it; what is forgotten fails here."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import global_settings, settings

from kubewise_site.core.config import reading
from kubewise_site.core.config.example import example
from kubewise_site.core.config.kinds import SECONDS
from kubewise_site.core.config.reading import BASE_DIR, SETTINGS, given
from kubewise_site.core.config.setting import Setting

PRODUCT = ("kubewise_site", "detection", "remediation", "simulator")
CONFIG = BASE_DIR / "kubewise_site" / "core" / "config"
TABLE = CONFIG / "settings_table.py"

A_ROW_MORE = """
from kubewise_site.core.config import kinds; from kubewise_site.core.config import settings_table
from kubewise_site.core.config.setting import setting

settings_table.NAP_SECONDS = setting("20", kinds.SECONDS, "How long a worker naps.")

from django.conf import settings
from kubewise_site.core.config.example import example

print(settings.NAP_SECONDS + 1)
print(example()[-100:])
"""


def test_one_row_is_read_is_in_djangos_settings_and_in_the_example() -> None:
    environment = os.environ | {
        "NAP_SECONDS": "30",
        "DJANGO_SETTINGS_MODULE": "kubewise_site.settings",
    }
    shown = subprocess.run(
        [sys.executable, "-c", A_ROW_MORE],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.startswith("31\n")
    entry = "# How long a worker naps.\n# Allowed: whole seconds, 1 to 86400.\n#NAP_SECONDS=20\n"
    assert shown.endswith(f"\n\n{entry}\n")


def test_the_example_is_the_one_that_the_table_writes() -> None:
    """`make env-example` writes it anew."""
    assert (BASE_DIR / ".env.example").read_bytes() == example().encode()


def test_a_row_that_the_example_lacks_is_noticed() -> None:
    row = Setting("20", SECONDS, "How long a worker naps.", name="NAP_SECONDS")
    assert (BASE_DIR / ".env.example").read_bytes() != example([*SETTINGS, row]).encode()


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_every_row_says_what_it_is_for_and_what_is_allowed(row: Setting) -> None:
    assert row.name.isupper()
    assert row.why.endswith((".", "…"))
    assert row.kind.allowed
    assert not row.kind.allowed.endswith(".")
    assert hasattr(settings, row.name)


def test_every_row_has_a_reader() -> None:
    """`settings.NAME`, `VALUES["NAME"]`, `getattr` by a name that stands there, or Django's own."""
    of_django = set(dir(global_settings))
    asked = {name for path in sources() if path != TABLE for name in names_read(path.read_text())}
    assert [row.name for row in SETTINGS if row.name not in asked | of_django] == []


def test_a_row_without_reader_is_noticed() -> None:
    assert "NAP_SECONDS" not in set(names_read('settings.OTHER; row["NAP_SECONDS"]; NAP_SECONDS'))
    assert set(names_read('settings.A + VALUES["B"]')) == {"A", "B"}


def test_nobody_but_the_reader_of_the_table_reads_the_environment() -> None:
    places = [
        f"{path.relative_to(BASE_DIR)}:{line}"
        for path in sources()
        if path.parent != CONFIG
        for line in lines_that_read(path.read_text())
    ]
    assert places == []


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['DEBUG']",
        "import os\nos.environ.get('DEBUG')",
        "import os\nos.getenv('DEBUG')",
        "import os\nchild = os.environ | {'DEBUG': '1'}",
        "import os\nif os.environ.setdefault('DEBUG', '1'): pass",
        "import os as system\nsystem.environ['DEBUG']",
        "import os\n\n\ndef late() -> None:\n    os.environb[b'DEBUG']",
        "from os import environ",
        "from os import getenv as asked",
    ],
)
def test_a_read_of_the_environment_is_noticed(source: str) -> None:
    assert list(lines_that_read(source))


def test_giving_other_libraries_a_default_is_no_read() -> None:
    assert not list(
        lines_that_read("import os\nos.environ.setdefault('OPENBLAS_NUM_THREADS', '1')")
    )


def test_the_text_of_a_setting_is_given_and_of_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DRY_RUN", "True")
    monkeypatch.setenv("NAP_SECONDS", "30")
    assert given("DRY_RUN", "False") == "True"
    assert given("LOG_LEVEL", "DEBUG") == "DEBUG"
    with pytest.raises(KeyError):
        given("NAP_SECONDS", "20")


def test_a_pod_knows_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert not reading.in_cluster()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert reading.in_cluster()


def sources() -> Iterator[Path]:
    yield BASE_DIR / "manage.py"
    for folder in PRODUCT:
        yield from (BASE_DIR / folder).rglob("*.py")


def names_read(source: str) -> Iterator[str]:
    by_name = "getattr(settings, " in source
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="settings"), attr=name):
                yield name
            case ast.Subscript(value=ast.Name(id="VALUES" | "values"), slice=ast.Constant(name)):
                yield name
            case ast.Constant(str(name)) if by_name:
                yield name


FORBIDDEN = {"environ", "environb", "getenv", "getenvb"}


def lines_that_read(source: str) -> Iterator[int]:
    """Where the environment is looked at; a default for others, as a statement, is no look."""
    tree = ast.parse(source)
    defaults = {id(node.value.func.value) for node in ast.walk(tree) if is_default(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (node.lineno for name in node.names if name.name in FORBIDDEN)
        if isinstance(node, ast.Attribute) and is_of_os(node, tree) and id(node) not in defaults:
            yield node.lineno


def is_default(node: ast.AST) -> bool:
    match node:
        case ast.Expr(ast.Call(func=ast.Attribute(value=ast.Attribute(), attr="setdefault"))):
            return True
    return False


def is_of_os(node: ast.Attribute, tree: ast.AST) -> bool:
    modules = {
        name.asname or name.name
        for item in ast.walk(tree)
        if isinstance(item, ast.Import)
        for name in item.names
        if name.name == "os"
    }
    of_os = isinstance(node.value, ast.Name) and node.value.id in modules
    return of_os and node.attr in FORBIDDEN
