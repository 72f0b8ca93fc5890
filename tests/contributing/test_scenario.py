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
    file = copy / shown(FILES) / "f36-of-a-newcomer.yaml"
    file.write_text(SCENARIO)
    found = run(copy, "benchmarks.detection.scenarios", "f36-of-a-newcomer")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "1 scenarios, 1 expected incidents" in found.stdout
    assert "1 passed" in tested(copy)
    file.write_text(SCENARIO.replace("JOB_FAILED", "BAD_RELEASE"))
    missed = run(copy, "benchmarks.detection.scenarios", "f36-of-a-newcomer")
    assert missed.returncode == 1
    assert "cause: JOB_FAILED on Job shop/import" in missed.stdout
    assert "1 failed" in tested(copy)


def tested(copy: Path) -> str:
    return run(copy, "pytest", "-q", TESTS, "-k", "f36-of-a-newcomer").stdout
