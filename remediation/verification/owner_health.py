"""Whether an incident's owner is healthy after an attempt, by its kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from detection.domain.causes import Severity
from detection.domain.findings import Finding, ObjectRef
from detection.kubernetes.objects import core as o
from detection.kubernetes.objects.volumes import PersistentVolumeClaim
from detection.snapshot import Snapshot
from remediation.models import Attempt

Counts = tuple[int, int]
JOB_PATIENCE_SECONDS = 3600


def counts_of(found: o.Object, attempt: Attempt, snapshot: Snapshot) -> Counts:
    """Ready and desired. What has no replicas counts as one: well, or not."""
    if isinstance(found, o.Job | o.CronJob):
        return int(_rerun_is(attempt, snapshot, "Complete")), 1
    if isinstance(found, o.Node):
        return int(_is_true(found.status.conditions, "Ready")), 1
    if isinstance(found, PersistentVolumeClaim):
        return int(_grown(found, attempt)), 1
    return snapshot.ready_of(found.ref)


def runs_again(found: o.Object, attempt: Attempt, snapshot: Snapshot) -> bool:
    """Whether the Job that the attempt made has not ended yet."""
    if not isinstance(found, o.Job | o.CronJob):
        return False
    ended = (_rerun_is(attempt, snapshot, kind) for kind in ("Complete", "Failed"))
    return _rerun(attempt, snapshot) is not None and not any(ended)


def deadline_seconds(found: o.Object) -> int:
    """How long the owner's controller itself allows; 0 where it says nothing."""
    if isinstance(found, o.Deployment):
        return found.spec.progress_deadline_seconds
    return JOB_PATIENCE_SECONDS if isinstance(found, o.Job | o.CronJob) else 0


def news(
    findings: Iterable[Finding],
    owner: ObjectRef,
    since: datetime,
    related: Iterable[Mapping[str, str]] = (),
) -> str:
    """What broke beside the owner since the attempt, near it; '' for nothing.

    Near is its namespace, what the incident relates to it, and what names it as related, wherever
    that is. For what has no namespace, a node, it is the whole cluster. Onsets are the objects' own
    times.
    """
    known = {item.get("uid") for item in related} - {"", None}
    for finding in findings:
        other = finding.owner.uid != owner.uid and finding.severity != Severity.INFO
        if other and finding.onset > since and _is_near(finding, owner, known):
            return f"{finding.cause} on {finding.owner} since the attempt"
    return ""


def _is_near(finding: Finding, owner: ObjectRef, known: Collection[str | None]) -> bool:
    here = not owner.namespace or finding.owner.namespace == owner.namespace
    names_it = owner.uid in {ref.uid for ref in finding.related}
    return here or names_it or finding.owner.uid in known


def _rerun(attempt: Attempt, snapshot: Snapshot) -> o.Job | None:
    name = (attempt.response or {}).get("created")
    mine = [job for job in snapshot.jobs if job.metadata.name == name]
    space = attempt.target.get("namespace")
    return next((job for job in mine if job.metadata.namespace == space), None)


def _rerun_is(attempt: Attempt, snapshot: Snapshot, kind: str) -> bool:
    job = _rerun(attempt, snapshot)
    return job is not None and _is_true(job.status.conditions, kind)


def _is_true(conditions: Iterable[Any], kind: str) -> bool:
    return any(one.type == kind and one.status == "True" for one in conditions)


def _grown(found: PersistentVolumeClaim, attempt: Attempt) -> bool:
    """What is mounted is what was asked for: the resize has reached the file system."""
    asked = found.spec.resources.requests.get("storage")
    return asked is not None and found.status.capacity.get("storage") == asked
