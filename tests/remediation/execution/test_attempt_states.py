"""The table of an attempt's states: every pair is tried, and nothing writes a state past it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.models import Cluster, Incident
from remediation.execution.attempt_states import (
    ALLOWED,
    FIRST,
    OPEN,
    TERMINAL,
    State,
    WrongMove,
    begin,
    move_attempt,
    sources_of,
)
from remediation.execution.attempts import settle_attempt
from remediation.models import Attempt, Plan
from tests.remediation.cases import NOW

ROOT = Path(__file__).parents[3]
HOME = "attempt_states.py"
PAIRS = list(product(State, State))
FORBIDDEN = [(before, after) for before, after in PAIRS if after not in ALLOWED[before]]


@pytest.fixture
def fields(cluster: Cluster) -> dict[str, Any]:
    """What every attempt has, but for its state."""
    incident = Incident.objects.create(
        cluster=cluster, open_key="k", owner_kind="Deployment", owner_namespace="shop",
        owner_name="cart", owner_uid="uid-1", cause="BAD_RELEASE", severity="warning",
        status=Status.REMEDIATION_ATTEMPTED, summary="x", onset=NOW, first_seen=NOW,
        last_seen=NOW,
    )  # fmt: skip
    plan = Plan.objects.create(
        incident=incident, incident_version=1, created_at=NOW, digest="d", candidates=[]
    )
    return {
        "incident": incident, "plan": plan, "idempotency_key": "i", "open_target": "uid-1",
        "lease_until": NOW, "action": "restart_deployment", "command": "x", "executor": "AUTO",
        "target": {"kind": "Deployment"}, "created_at": NOW,
    }  # fmt: skip


def in_state(state: State, fields: dict[str, Any]) -> Attempt:
    return Attempt.objects.create(state=state, **fields)


def test_the_table_names_every_state_and_these_moves_alone() -> None:
    assert set(ALLOWED) == set(State)
    allowed = {f"{before} → {after}" for before, after in PAIRS if after in ALLOWED[before]}
    assert allowed == {
        "claimed → sending", "claimed → refused",
        "sending → applied", "sending → refused", "sending → failed", "sending → unknown",
        "unknown → applied", "unknown → refused",
        "applied → verified",
    }  # fmt: skip
    assert {"refused", "failed", "verified"} == TERMINAL
    assert set(State) - TERMINAL == OPEN


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_move_is_made_where_the_table_has_it_and_refused_everywhere_else(
    before: State, after: State, fields: dict[str, Any]
) -> None:
    attempt = in_state(before, fields)
    rows = Attempt.objects.filter(pk=attempt.pk)
    if after in ALLOWED[before]:
        assert move_attempt(rows, (before,), after, error="why")
        assert rows.values_list("state", "error").get() == (after, "why")
        return
    with pytest.raises(WrongMove, match=f"{before} → {after}"):
        move_attempt(rows, (before,), after, error="why")
    assert rows.values_list("state", "error").get() == (before, "")


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), FORBIDDEN)
def test_settling_takes_no_move_past_the_table(
    before: State, after: State, fields: dict[str, Any]
) -> None:
    attempt = in_state(before, fields)
    assert not settle_attempt(attempt, after, NOW, refund=False)
    assert Attempt.objects.get().state == before


@pytest.mark.django_db
def test_what_was_before_the_write_is_a_field_of_its_own(fields: dict[str, Any]) -> None:
    """Attempt has a column `before`, which is no state."""
    attempt = in_state(State.CLAIMED, fields)
    rows = Attempt.objects.filter(pk=attempt.pk)
    assert move_attempt(rows, (State.CLAIMED,), State.SENDING, before={"ready": 2})
    assert rows.values_list("state", "before").get() == (State.SENDING, {"ready": 2})


@pytest.mark.django_db
def test_where_another_was_faster_nothing_is_written(fields: dict[str, Any]) -> None:
    attempt = in_state(State.UNKNOWN, fields)
    rows = Attempt.objects.filter(pk=attempt.pk)
    assert not move_attempt(rows, (State.CLAIMED,), State.SENDING, error="late")
    assert rows.values_list("state", "error").get() == (State.UNKNOWN, "")


@pytest.mark.django_db
def test_an_attempt_whose_lease_another_has_is_not_settled(fields: dict[str, Any]) -> None:
    attempt = in_state(State.SENDING, fields)
    Attempt.objects.update(lease_until=NOW + timedelta(seconds=60))
    assert not settle_attempt(attempt, State.REFUSED, NOW, refund=False)


@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_an_attempt_begins_as_an_intent_or_as_a_reading_that_is_over(
    state: State, fields: dict[str, Any]
) -> None:
    if state in FIRST:
        assert begin(state, **fields).state == state
        return
    with pytest.raises(WrongMove):
        begin(state, **fields)
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("after", State)
def test_the_sources_of_a_state_are_those_that_the_table_lets_become_it(after: State) -> None:
    assert sources_of(after) == {before for before in State if after in ALLOWED[before]}


def writes(code: str) -> Iterator[int]:
    """Lines that write a state of an attempt by themselves."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(one, ast.Attribute) and one.attr == "state" for one in targets):
                yield node.lineno
        if isinstance(node, ast.Call) and _writes(node) and _root(node.func) not in OTHERS:
            yield node.lineno


WRITERS = ("update", "create", "get_or_create", "update_or_create", "bulk_create", "bulk_update")
# Records of other tables, that have states of their own.
OTHERS = ("Delivery", "Alert", "SourceState")


def _writes(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else _root(node.func)
    keywords = {one.arg for one in node.keywords}
    if name == "setattr":
        return any(isinstance(one, ast.Constant) and one.value == "state" for one in node.args)
    if name in WRITERS and _root(node.func) == "Attempt" and name != "update":
        return True
    return (name in WRITERS and "state" in keywords) or name == "Attempt"


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize(
    "code",
    [
        "rows.update(state=State.APPLIED)",
        "Attempt.objects.filter(pk=1).update(error='', state=State.APPLIED)",
        "Attempt.objects.create(**fields)",
        "attempt.state = State.APPLIED",
        "setattr(attempt, 'state', State.APPLIED)",
        "Attempt(state=State.APPLIED).save()",
    ],
)
def test_the_test_itself_can_tell(code: str) -> None:
    assert list(writes(code)) == [1]


def test_nothing_writes_a_state_past_the_table() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for app in ("remediation", "kubewise_site", "detection")
        for path in (ROOT / app).rglob("*.py")
        if path.name != HOME and "migrations" not in path.parts
        for line in writes(path.read_text())
    }
    assert found == set()
