"""One new failure cause from nothing to green, in a copy of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.detection.scenarios import FILES
from detection.domain import causes
from detection.failures import docs_table
from detection.failures.workloads import jobs
from remediation.playbooks import workloads
from tests.contributing.failure_cause.parts import PAGE, shown
from tests.contributing.repository_copy import CHECK, append, edit, run

NAME = '    JOB_SUSPENDED = "JOB_SUSPENDED"\n'
ROW = '    CauseInfo(Cause.JOB_SUSPENDED, "F65", "The Job is suspended", P.SPECIFIC),\n'
FINDER = """

@failure(Cause.JOB_SUSPENDED)
def job_suspended(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    for job in snapshot.jobs:
        found = o.condition(job.status.conditions, "Suspended")
        if found and found.status == "True" and found.last_transition_time:
            yield Finding(
                cause=Cause.JOB_SUSPENDED,
                owner=snapshot.top_owner(job),
                severity=Severity.WARNING,
                summary=f"Job {job.metadata.name} is suspended",
                onset=found.last_transition_time,
                opens_at=found.last_transition_time,
                evidence=(Evidence("kubernetes/jobs", found.message, decisive=True),),
            )
"""
PLAYBOOK = """

PLAYBOOKS[Cause.JOB_SUSPENDED] = Playbook(
    mode=BY_HAND,
    offers=(ESCALATE,),
    diagnosis=seen_text,
    confidence=LIKELY,
    advice=look_advice,
)
"""
SCENARIO = """title: A Job was suspended and forgotten
objects:
  - job: import
    age: 3d
    result: {Suspended: {reason: JobSuspended, message: Job suspended, age: 2d}}
expect:
  owner: {kind: Job, namespace: shop, name: import}
  causes: [JOB_SUSPENDED]
  ok: [escalate]
  verdicts: [suggest]
"""


@pytest.mark.timeout(600)
def test_a_new_cause_is_refused_until_every_part_is_there_and_found_then(copy: Path) -> None:
    edit(copy, causes, '    JOB_FAILED = "JOB_FAILED"\n', NAME)
    refused = run(copy, CHECK)
    assert refused.returncode == 1, refused.stderr
    for file in (shown(causes), "remediation/playbooks", "failures.md", shown(FILES)):
        assert any(line.startswith("JOB_SUSPENDED") and file in line
                   for line in refused.stdout.splitlines())  # fmt: skip
    failed = '    CauseInfo(Cause.JOB_FAILED, "F36", "The Job failed", P.SPECIFIC),\n'
    edit(copy, causes, failed, ROW)
    append(copy, jobs, FINDER)
    append(copy, workloads, PLAYBOOK)
    (copy / shown(FILES) / "f65-suspended.yaml").write_text(SCENARIO)
    (copy / shown(PAGE)).write_text(run(copy, docs_table.__name__).stdout)
    allowed = run(copy, CHECK)
    assert (allowed.returncode, allowed.stdout) == (0, ""), allowed.stderr
    found = run(copy, "benchmarks.detection.scenarios", "f65-suspended")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "f65-suspended" in found.stdout
