"""Control flow asks enums: no stored word is compared with a string that is typed by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from detection.domain.findings import FoundBy, Proof
from detection.domain.statuses import Status
from detection.models.anomaly import ModelSource
from remediation.models import Approval, Attempt, ModeChoice, PlanSource, Policy
from remediation.policy.verdicts import Verdict

ROOT = Path(__file__).parents[2]
ENUMS: tuple[type[Enum], ...] = (
    Approval.Verdict, Attempt.Outcome, Attempt.State, FoundBy, ModeChoice, ModelSource, PlanSource,
    Policy.Choice, Proof, Status, Verdict,
)  # fmt: skip
WORDS = {str(member.value) for enum in ENUMS for member in enum}
FIELDS = ("mode", "outcome", "proof", "source", "sources", "state", "status", "verdict")


def typed_by_hand(code: str) -> Iterator[int]:
    """Lines that compare a stored word, look rows up by one, or ask how a reason begins."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(_is_field, sides)) and any(map(_is_word, sides)):
                yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            looked_up = (one for one in node.keywords if _is_word(one.value))
            if _is_lookup(node.func.attr) and any(_last(one.arg) in FIELDS for one in looked_up):
                yield node.lineno
            if node.func.attr == "startswith" and _name(node.func.value) == "reason":
                yield node.lineno
        elif isinstance(node, ast.Call) and _name(node.func) == "Q":
            looked_up = (one for one in node.keywords if _is_word(one.value))
            if any(_last(one.arg) in FIELDS for one in looked_up):
                yield node.lineno


def _name(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _is_field(node: ast.expr) -> bool:
    return _name(node) in FIELDS


def _is_word(node: ast.expr) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return any(isinstance(one, ast.Constant) and one.value in WORDS for one in parts)


def _is_lookup(name: str) -> bool:
    return name in ("filter", "exclude", "get")


def _last(argument: str | None) -> str:
    """The field that a lookup is about: `decision__verdict` is about a verdict."""
    return (argument or "").removesuffix("__in").rpartition("__")[2]


@pytest.mark.parametrize(
    "code",
    [
        'plan.source == "person"',
        'verdict in ("ignore", "suggest")',
        '"kubernetes" in incident.sources',
        'Q(decision__verdict="act")',
        'rows.filter(state="applied")',
        'reason.startswith("another")',
    ],
)
def test_the_test_itself_can_tell(code: str) -> None:
    assert list(typed_by_hand(code)) == [1]


# The reason of a condition is a word of Kubernetes, no sentence of ours.
OF_KUBERNETES = {"autoscaling.py", "preemption.py"}


def test_no_stored_word_is_typed_by_hand() -> None:
    found = {
        path.name
        for app in ("detection", "remediation", "kubewise_site")
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and any(typed_by_hand(path.read_text()))
    }
    assert found == OF_KUBERNETES
