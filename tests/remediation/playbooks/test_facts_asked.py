"""A playbook asks only for facts that its cause has: those of another family are never known."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from itertools import product
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, get_args, get_type_hints

import pytest

import remediation
from detection.domain.causes import Cause, Severity
from detection.domain.facts import Facts, FactsT
from detection.domain.families import FAMILIES
from detection.domain.findings import Finding, ObjectRef, Revision
from detection.snapshot import Snapshot
from remediation.planning.candidates import candidates
from remediation.planning.situation import situation_of
from remediation.playbooks import diagnose, playbook_of
from tests.detection.builders import snapshot_of
from tests.remediation.cases import NOW

READERS = ("playbooks", "actions")
WHATEVER_THE_CAUSE = {"AdjustResources.preview"}  # it does with nothing known
WITH_A_POD = {"restart_pod"}  # needs a snapshot with a wedged pod, and reads no facts

KINDS = ("Deployment", "StatefulSet", "CronJob", "PersistentVolumeClaim", "Node")
PROVEN = Revision(current=3, older=2, proven=2, proof="replicaset", borne=True, changed=("image",))
SCALER = ObjectRef("HorizontalPodAutoscaler", "shop", "cart", "uid-2")

# What facts may be filled with: by their name where not every text will do, else by their type.
NAMED = {"memory_limit": "256Mi", "cpu_limit": "100m", "size": "10Gi", "missing": "cpu"}
TYPED: dict[Any, Any] = {str: "text", int: 3, float: 0.95, bool: True, tuple[str, ...]: ("text",),
                         tuple[int, ...]: (80,), Mapping[str, str]: {"app": "cart"}}  # fmt: skip


class Question(NamedTuple):
    """Which family a function asked for, while it was about this cause."""

    cause: Cause
    family: type[Facts]
    place: str


def sample(name: str, hint: Any) -> Any:
    """A value that is not the one of an unknown fact; None where it makes no difference here."""
    kinds = get_args(hint) if isinstance(hint, UnionType) else [hint]
    return NAMED.get(name) or next((TYPED[kind] for kind in kinds if kind in TYPED), None)


def known(family: type[Facts]) -> Iterator[Facts]:
    """Nothing, everything, and everything but one of what only this family has."""
    hints = get_type_hints(family)
    each = {one.name: sample(one.name, hints[one.name]) for one in fields(family)}
    given = {name: value for name, value in each.items() if value is not None}
    common = {one.name for one in fields(Facts)}
    yield family()
    yield family(**given)
    for left_out in given.keys() - common:
        yield family(**{name: value for name, value in given.items() if name != left_out})


def findings(cause: Cause) -> Iterator[Finding]:
    for facts, kind, revision in product(known(FAMILIES[cause]), KINDS, (None, PROVEN)):
        namespace = "" if kind == "Node" else "shop"
        yield Finding(
            cause, ObjectRef(kind, namespace, "cart", "uid-1"), Severity.WARNING, "seen", NOW, NOW,
            related=(SCALER,), revision=revision, facts=facts,
        )  # fmt: skip


def use(finding: Finding, snapshot: Snapshot) -> set[str]:
    """Everything that a playbook says of it; the families of the actions that it offers."""
    diagnose(finding)
    playbook_of(finding.cause).mode(situation_of(finding, snapshot, NOW))
    return {option.entry.family for option in candidates(finding, snapshot, NOW)}


@cache
def used(cause: Cause) -> tuple[frozenset[Question], frozenset[str]]:
    """All that the playbook of this cause asks, and all that it offers."""
    asked: set[Question] = set()

    def of(facts: Facts, family: type[FactsT]) -> FactsT:
        asked.add(Question(cause, family, sys._getframe(1).f_code.co_qualname))
        return facts if isinstance(facts, family) else family()

    snapshot = snapshot_of()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Facts, "of", of)
        made = set().union(*(use(finding, snapshot) for finding in findings(cause)))
    return frozenset(asked), frozenset(made)


def places() -> Iterator[str]:
    """The functions that ask for a family, by the source."""
    root = Path(remediation.__file__).parent
    for path in (path for folder in READERS for path in (root / folder).glob("*.py")):
        yield from _asking(ast.parse(path.read_text()), "")


def _asking(node: ast.AST, inside: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        name = inside
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            name = f"{inside}.{child.name}".lstrip(".")
        if isinstance(child, ast.Attribute) and child.attr == "of":
            yield inside
        yield from _asking(child, name)


@pytest.mark.parametrize("cause", Cause)
def test_only_families_that_the_cause_has_are_asked_for(cause: Cause) -> None:
    asked = {one for one in used(cause)[0] if one.place not in WHATEVER_THE_CAUSE}
    assert {one for one in asked if not issubclass(FAMILIES[cause], one.family)} == set()


def test_every_function_that_asks_was_heard() -> None:
    heard = {one.place for cause in Cause for one in used(cause)[0]}
    assert heard | WHATEVER_THE_CAUSE == set(places())


@pytest.mark.parametrize("cause", Cause)
def test_what_a_playbook_offers_can_be_made_of_its_facts(cause: Cause) -> None:
    offered = {offer.family for offer in playbook_of(cause).offers}
    assert offered - WITH_A_POD <= used(cause)[1]
