"""Real processes that race for budgets and owners in one database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from kubewise_site.env import BASE_DIR
from remediation.budgets import Limits

WORKERS = 4
COMMAND = [sys.executable, "-m", "tests.remediation.race"]


def test_racing_workers_never_exceed_a_budget_nor_share_an_owner(tmp_path: Path) -> None:
    path = tmp_path / "race.sqlite3"
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{path}"}
    subprocess.run([*COMMAND, "make"], cwd=BASE_DIR, env=environment, check=True)
    start = str(time.time() + 8)
    workers = [
        subprocess.Popen(
            [*COMMAND, "claim", start], cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE
        )
        for _ in range(WORKERS)
    ]
    answers = [worker.communicate(timeout=100)[0].split() for worker in workers]
    assert all(worker.returncode == 0 for worker in workers)
    won = [int(word) for answer in answers for word in answer]
    assert len(won) == len(set(won)) == Limits().at_a_time
    _check_records(path, won)


def _check_records(path: Path, won: list[int]) -> None:
    """What the database holds is what the workers were told."""
    with sqlite3.connect(path) as database:
        claimed = database.execute("select incident_id, open_target from remediation_attempt")
        rows = list(claimed)
        moved = database.execute(
            "select id from detection_incident where status = 'RemediationAttempted'"
        )
        assert {row[0] for row in moved} == set(won) == {row[0] for row in rows}
        spent = dict(database.execute("select name, spent from remediation_budget"))
    assert len({row[1] for row in rows}) == len(rows), "two attempts on one owner"
    assert (spent["open"], spent["hour"]) == (len(won), len(won))
