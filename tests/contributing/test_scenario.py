"""The row "a scenario": one YAML file is run by the benchmark and by the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.detection.scenarios import FILES
from tests.contributing.failure_cause.parts import shown
from tests.contributing.repository_copy import run

TESTS = "tests/detection/failures/test_scenarios.py"
SCENARIO = """title: A Job failed for good
objects:
  - job: import
    age: 3h
    result: {Failed: {reason: BackoffLimitExceeded, message: Job has failed, age: 2h}}
expect:
  owner: {kind: Job, namespace: shop, name: import}
  causes: [JOB_FAILED]
  ok: [escalate, rerun_job, view_logs, describe]
"""


@pytest.mark.timeout(600)
def test_a_file_alone_is_run_by_the_benchmark_and_by_the_tests(copy: Path) -> None:
    folder = copy / shown(FILES)
    (folder / "newcomer-right.yaml").write_text(SCENARIO)
    (folder / "newcomer-wrong.yaml").write_text(SCENARIO.replace("JOB_FAILED", "BAD_RELEASE"))
    scored = run(copy, "benchmarks.detection.scenarios", "newcomer")
    assert scored.returncode == 1, scored.stderr
    assert "2 scenarios, 2 expected incidents" in scored.stdout
    (note,) = [line for line in scored.stdout.splitlines() if line.startswith("    ")]
    assert note.startswith("    cause: JOB_FAILED on Job shop/import")
    tested = run(copy, "pytest", "-q", TESTS, "-k", "newcomer").stdout
    assert "1 failed, 1 passed" in tested
    assert "[newcomer-wrong]" in tested
