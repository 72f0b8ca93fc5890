"""Real processes that race for budgets, owners and the stop switch, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubewise_site.core.config.reading import BASE_DIR
from remediation.controls.budgets import BudgetLimits
from tests.pairs.own import Pair
from tests.remediation.attacks.race import BY_HOUR, INCIDENTS

pytestmark = pytest.mark.timeout(400)
WORKERS = 4
COMMAND = [sys.executable, "-m", "tests.remediation.attacks.race"]


@pytest.fixture
def database(pair: Pair, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a process that works in a database of this test alone."""
    with pair.servers() as servers:
        yield os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/race.sqlite3"} | servers


def race(environment: dict[str, str], *words: str) -> list[list[int]]:
    """Start all at the same moment; what each printed."""
    subprocess.run([*COMMAND, "make"], cwd=BASE_DIR, env=environment, check=True)
    start = str(time.time() + 8)
    processes = [
        subprocess.Popen(
            [*COMMAND, word, start], cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE
        )
        for word in words
    ]
    answers = [process.communicate(timeout=300)[0].split() for process in processes]
    assert all(process.returncode == 0 for process in processes)
    return [[int(number) for number in answer] for answer in answers]


def report(environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [*COMMAND, "report"], cwd=BASE_DIR, env=environment, check=True, stdout=subprocess.PIPE
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_racing_workers_never_exceed_a_budget_nor_share_an_owner(database: dict[str, str]) -> None:
    answers = race(database, *["claim"] * WORKERS)
    won = [number for answer in answers for number in answer]
    assert len(won) == len(set(won)) == BudgetLimits().at_a_time
    found = report(database)
    assert set(found["moved"]) == set(won) == {row[0] for row in found["attempts"]}
    targets = [row[1] for row in found["attempts"]]
    assert len(set(targets)) == len(targets), "two attempts on one owner"
    assert (found["spent"]["open"], found["spent"]["hour"]) == (len(won), len(won))
    assert found["tampered"] == [], "racing writers leave an unbroken audit trail"


def test_racing_workers_never_exceed_what_an_hour_allows(database: dict[str, str]) -> None:
    answers = race(database, *["claim-by-hour"] * WORKERS)
    found = report(database)
    assert sum(map(len, answers)) == len(found["attempts"]) == BY_HOUR
    assert found["spent"]["hour"] == BY_HOUR


def test_racing_workers_never_hold_one_lease(database: dict[str, str]) -> None:
    won = [number for answer in race(database, *["lease"] * WORKERS) for number in answer]
    assert len(won) == len(set(won)) == INCIDENTS


def test_no_claim_stands_behind_an_acceptance_of_its_owner(database: dict[str, str]) -> None:
    answers = race(database, *["claim-without-caps"] * WORKERS, "accept", "accept")
    found = report(database)
    accepted: set[str] = set()
    for kind, owner in found["owners"]:
        assert kind == "acceptance added" or owner not in accepted, found["owners"]
        accepted |= {owner} if kind == "acceptance added" else set()
    claims = [owner for kind, owner in found["owners"] if kind == "attempt claimed"]
    assert len(claims) == len(found["attempts"]) == sum(map(len, answers[:WORKERS]))
    assert len(accepted) == sum(map(len, answers[WORKERS:])), "no owner is accepted twice"
    assert found["tampered"] == []


def test_no_claim_stands_behind_the_stop_switch(database: dict[str, str]) -> None:
    answers = race(database, *["claim-without-caps"] * WORKERS, "stop")
    found = report(database)
    trail = found["trail"]
    assert "attempt claimed" not in trail[trail.index("stopped") :], trail
    assert trail.count("attempt claimed") == len(found["attempts"]) == sum(map(len, answers))
    assert found["tampered"] == []
