"""Every regular expression of the product: those kept in modules, and those within a call."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import detection
import kubewise_site
import remediation

PRODUCT = (kubewise_site, detection, remediation)
# What runs only on the words of whoever starts KubeWise.
APART = re.compile(
    r"\.(migrations|management|training|core\.config)(\.|$)|\.(urls|asgi|wsgi|settings)$"
)
CALLS = frozenset(
    {"compile", "search", "match", "fullmatch", "split", "sub", "findall", "finditer"}
)


def kept() -> dict[str, re.Pattern[Any]]:
    """Pattern by where it is kept; each once, though several modules know it."""
    found: dict[int, tuple[str, re.Pattern[Any]]] = {}
    for module in modules():
        for name, value in vars(module).items():
            for pattern in _within(value):
                place = f"{module.__name__}.{name}: {pattern.pattern!r:.60}"
                found.setdefault(id(pattern), (place, pattern))
    return dict(found.values())


def modules() -> list[ModuleType]:
    names = [
        info.name
        for package in PRODUCT
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
        if not APART.search(info.name)
    ]
    return [importlib.import_module(name) for name in names]


def _within(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from _within(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _within(item)


def within_calls() -> dict[str, re.Pattern[Any]]:
    """`re.split("…", text)`: patterns that no module keeps, where they are plain text."""
    found = {}
    for module in modules():
        path = Path(str(module.__file__))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (text := _pattern_text(node)) is not None:
                found[f"{module.__name__}: {text!r:.60}"] = re.compile(text, re.IGNORECASE)
    return found


def _pattern_text(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
    if not of_re or node.func.attr not in CALLS or not node.args:
        return None
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
