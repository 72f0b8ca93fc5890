"""One order of severities, in Python and in the database."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from detection.admin.badges import WORST_FIRST
from detection.domain.causes import Severity
from detection.models import Incident
from tests.kubewise_site import records

ROOT = Path(__file__).parents[3]
WORDS = sorted(Severity)


def test_critical_is_worse_than_warning_and_that_than_info() -> None:
    assert Severity.CRITICAL.rank > Severity.WARNING.rank > Severity.INFO.rank


@pytest.mark.django_db
def test_the_database_orders_them_by_the_same_rank() -> None:
    for severity in ("warning", "critical", "info"):
        records.incident(severity, severity=severity)
    found = Incident.objects.order_by(WORST_FIRST).values_list("severity", flat=True)
    assert list(found) == sorted(Severity, key=lambda one: -one.rank)


def _lists_of_severities(path: Path) -> list[int]:
    """Lines with a list or tuple of all severities and nothing else: an order of its own."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Tuple | ast.List) and _said(node) == WORDS
    ]


def _said(node: ast.Tuple | ast.List) -> list[str]:
    """What it lists, sorted: `Severity.INFO` and "info" are the same word."""
    return sorted(
        str(one.attr if isinstance(one, ast.Attribute) else getattr(one, "value", "")).lower()
        for one in node.elts
    )


def test_nothing_else_lists_the_severities_in_an_order(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    names = "Severity.INFO, Severity.WARNING, Severity.CRITICAL"
    own.write_text(f'A = ({names})\nB = ["info"]\nC = ("critical", "warning", "info")\n')
    assert _lists_of_severities(own) == [1, 3], "the test itself can tell"
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for app in ("detection", "remediation", "kubewise_site")
        for path in (ROOT / app).rglob("*.py")
        for line in _lists_of_severities(path)
    }
    assert found == set()
