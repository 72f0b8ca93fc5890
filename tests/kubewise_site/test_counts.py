"""Singular and plural: a count stands before its noun by `counted`, in code and in templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from detection.domain.units import counted

ROOT = Path(__file__).parents[2]
APPS = ("detection", "remediation", "kubewise_site")
QUALITY = (
    "(?:(?:failed|further|healthy|more|new|node|normal|old|open|other|ready|recent|running) )*"
)
NOUNS = (
    "actions|alarms|alerts|approvals|attempts|autoscalers|bytes|calls|candidates|causes|"
    "characters|claims|containers|days|disruptions|endpoints|entities|entries|errors|events|"
    "findings|hours|incidents|jobs|items|keys|labels|lines|minutes|namespaces|nodes|objects|"
    "observations|owners|plans|pods|points|problems|queries|replicas|requests|restarts|revisions|"
    "rows|samples|seconds|services|signs|sources|steps|targets|times|tokens|values|volumes|"
    "windows|workers|workloads"
)
PLURAL = re.compile(rf" {QUALITY}(?:{NOUNS})\b")
IN_TEMPLATE = re.compile(rf"\}}\}}(?: |&nbsp;){QUALITY}(?:{NOUNS})\b|\|pluralize")


def uncounted(code: str) -> Iterator[str]:
    """Plurals right after a value in an f-string. Constants in capitals are known to be many."""
    for text in ast.walk(ast.parse(code)):
        if isinstance(text, ast.JoinedStr):
            for value, after in zip(text.values, text.values[1:], strict=False):
                if not isinstance(value, ast.FormattedValue) or _is_constant(value.value):
                    continue
                if isinstance(after, ast.Constant) and PLURAL.match(str(after.value)):
                    yield ast.unparse(text)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id.isupper()


def _files(suffix: str) -> list[Path]:
    return sorted(path for app in APPS for path in (ROOT / app).rglob(f"*{suffix}"))


def test_every_count_in_an_f_string_is_made_by_counted() -> None:
    wrong = [f"{path}: {one}" for path in _files(".py") for one in uncounted(path.read_text())]
    assert wrong == []


def test_every_count_in_a_template_is_made_by_the_filter() -> None:
    wrong = [
        f"{path}: {found.group()}"
        for path in _files(".html")
        for found in IN_TEMPLATE.finditer(path.read_text())
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "code",
    ['f"{n} pods"', 'f"{len(rows)} open incidents wait"', 'f"{a} of {b} nodes"',
     'f"a {x:,} new normal samples"', 'f"{limit.days} days"'],
)  # fmt: skip
def test_a_plural_by_hand_is_found(code: str) -> None:
    assert len(list(uncounted(code))) == 1


@pytest.mark.parametrize("code", ['f"{name} has pods"', 'f"{MOST} pods"', 'f"{n} of its pods"'])
def test_what_is_no_count_is_not_found(code: str) -> None:
    assert list(uncounted(code)) == []


@pytest.mark.parametrize("page", ["{{ n }} pods", "{{ n }} more nodes", "call{{ n|pluralize }}"])
def test_a_plural_by_hand_in_a_template_is_found(page: str) -> None:
    assert IN_TEMPLATE.search(page)


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "pod", "0 pods"),
        (1, "pod", "1 pod"),
        (2, "ready pod", "2 ready pods"),
        (1, "entry", "1 entry"),
        (2, "entry", "2 entries"),
        (2, "day", "2 days"),
        (1, "series", "1 series"),
        (2, "series", "2 series"),
        (2, "box", "2 boxes"),
    ],
)
def test_counted(number: int, noun: str, text: str) -> None:
    assert counted(number, noun) == text


def test_a_verb_agrees_with_its_count() -> None:
    assert counted(1, "pod waits", "pods wait") == "1 pod waits"
    assert counted(3, "pod waits", "pods wait") == "3 pods wait"


def test_a_large_count_is_grouped_where_asked() -> None:
    assert counted(12_000, "token", spec=",") == "12,000 tokens"
