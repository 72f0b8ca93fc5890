"""Jobs that failed for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from detection.domain.causes import Cause, Severity
from detection.domain.facts import JobFacts
from detection.domain.findings import Evidence, Finding, ObjectRef, key_of
from detection.failures.context import Context
from detection.failures.finding_builder import (
    MOST_RELATED,
    full_name,
    is_finished,
    observed,
    words_of,
)
from detection.failures.registry import failure
from detection.kubernetes.objects import core as o
from detection.snapshot import LONG_AGO, Snapshot
from detection.snapshot.pod_status import ContainerView, containers

IDEMPOTENT = "kubewise.io/idempotent"


@failure(Cause.JOB_FAILED)
def job_failed(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F36: by its condition alone; `failed` counts attempts and says nothing."""
    owners = {key_of(ref): ref for ref in map(snapshot.top_owner, snapshot.jobs)}
    for owner in owners.values():
        jobs = _judged(snapshot.get(owner), snapshot.jobs_below(owner))
        failed = [job for job in jobs if failed_condition(job) is not None]
        if failed:
            yield _finding(snapshot, context, owner, failed[-1])


def _judged(owner: o.Object | None, jobs: Sequence[o.Job]) -> list[o.Job]:
    """The newest one that ended: a later success has made up for a failure.

    A Job that was run again is the controller of the new one, as a CronJob is of its Jobs.
    """
    ended = sorted(filter(is_finished, jobs), key=_began)
    if isinstance(owner, o.CronJob) and owner.spec.suspend:
        return []
    return ended[-1:]


def _began(job: o.Job) -> datetime:
    return job.metadata.creation_timestamp or job.status.start_time or LONG_AGO


def failed_condition(job: o.Job) -> o.Condition | None:
    found = o.condition(job.status.conditions, "Failed")
    return found if found is not None and found.status == "True" else None


def _finding(snapshot: Snapshot, context: Context, owner: ObjectRef, job: o.Job) -> Finding:
    found = failed_condition(job) or o.Condition()
    onset = found.last_transition_time or context.now
    pods = [pod for pod in snapshot.pods_below(owner) if _is_of(pod, job)]
    above = snapshot.get(owner)
    marks = job.metadata.annotations | (above.metadata.annotations if above else {})
    said = f"{job.metadata.name}: Failed/{found.reason}: {found.message}"
    return Finding(
        cause=Cause.JOB_FAILED,
        owner=owner,
        severity=Severity.WARNING,
        summary=f"{full_name(owner)}: Job {job.metadata.name} failed ({found.reason})",
        onset=onset,
        opens_at=onset,
        evidence=(
            observed("jobs", said, decisive=True),
            *words_of(snapshot, reversed(pods)),
            *_ends(pods),
        ),
        related=_related(owner, job, pods),
        facts=JobFacts(
            job=job.metadata.name,
            job_uid=job.metadata.uid,
            reason=found.reason,
            idempotent=marks.get(IDEMPOTENT) == "true",
        )
        | _log_facts(pods),
    )


def _is_of(pod: o.Pod, job: o.Job) -> bool:
    return pod.controller is not None and pod.controller.uid == job.metadata.uid


def _related(owner: ObjectRef, job: o.Job, pods: Sequence[o.Pod]) -> tuple[ObjectRef, ...]:
    refs = [job.ref, *(pod.ref for pod in pods)]
    return tuple(ref for ref in refs if ref != owner)[:MOST_RELATED]


def _bad_ends(pods: Sequence[o.Pod]) -> list[tuple[o.Pod, ContainerView]]:
    return [
        (pod, view)
        for pod in pods
        for view in containers(pod)
        if view.last_end is not None and view.last_end.exit_code != 0
    ]


def _ends(pods: Sequence[o.Pod]) -> list[Evidence]:
    return [
        observed(
            "pods",
            f"{pod.metadata.name}: container {view.name} ended with {view.last_end.reason} "
            f"exit code {view.last_end.exit_code}{_limit(view)}",
        )
        for pod, view in _bad_ends(pods)[:3]
        if view.last_end is not None
    ]


def _limit(view: ContainerView) -> str:
    """What it was killed for."""
    limit = view.spec.resources.limits.get("memory")
    killed = view.last_end is not None and view.last_end.reason == "OOMKilled"
    return f"; its memory limit is {limit}" if killed and limit else ""


def _log_facts(pods: Sequence[o.Pod]) -> JobFacts:
    for pod, view in reversed(_bad_ends(pods)):
        return JobFacts(
            pod=pod.metadata.name,
            pod_uid=pod.metadata.uid,
            container=view.name,
            log_container=view.name,
            exit_code=view.last_end.exit_code if view.last_end else None,
        )
    return JobFacts()
