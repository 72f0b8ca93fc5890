"""CronJobs that are due and do not run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detection.domain.causes import Cause, Severity
from detection.domain.facts import CronJobFacts
from detection.domain.findings import Evidence, Finding
from detection.domain.units import counted
from detection.failures.context import Context
from detection.failures.finding_builder import full_name, is_finished, observed
from detection.failures.registry import failure
from detection.failures.workloads.cron import runs_between
from detection.kubernetes.objects import core as o
from detection.snapshot import Snapshot
from detection.snapshot.pod_status import containers, is_active

TOO_MANY = "TooManyMissedTimes"
LATELY = timedelta(minutes=30)


@dataclass(frozen=True)
class Overdue:
    """`due`: the first run that did not come. `active`: the Jobs that are in its way."""

    due: datetime
    missed: int
    active: tuple[o.Job, ...]


@failure(Cause.CRONJOB_STALLED)
def cronjob_stalled(snapshot: Snapshot, context: Context) -> Iterator[Finding]:
    """F37."""
    for item in snapshot.cronjobs:
        if item.spec.suspend or item.is_terminating:
            continue
        overdue = overdue_of(snapshot, item, context)
        if overdue is not None:
            yield _finding(snapshot, context, item, overdue)


def overdue_of(snapshot: Snapshot, item: o.CronJob, context: Context) -> Overdue | None:
    """None where it runs as it should, or nothing can be said."""
    start = _counted_from(item)
    if start is None:
        return None
    runs = runs_between(item.spec.schedule, item.spec.time_zone, start, context.now)
    if not runs:
        return None
    jobs = snapshot.jobs_below(item.ref)
    active = tuple(job for job in jobs if not is_finished(job) and not job.spec.suspend)
    allowed = item.spec.concurrency_policy == "Allow"
    if _was_given_up(snapshot, item, context):
        return Overdue(runs[0], len(runs), active)
    late = (context.now - runs[0]).total_seconds()
    if active and not allowed:
        dwell = max(context.dwell.cron_job_seconds, _interval_seconds(runs, start))
        waits = late >= dwell and _age_seconds(active, context) >= 2 * dwell
    else:
        waits = late >= context.dwell.cron_seconds
    return Overdue(runs[0], len(runs), active) if waits else None


def _age_seconds(jobs: Sequence[o.Job], context: Context) -> float:
    """Of the oldest."""
    times = [job.status.start_time or job.metadata.creation_timestamp for job in jobs]
    known = [time for time in times if time is not None]
    return (context.now - min(known)).total_seconds() if known else 0.0


def _counted_from(item: o.CronJob) -> datetime | None:
    """The last run, or when it was made or last changed: before that it owed nothing."""
    meta = item.metadata
    edits = [f.time for f in meta.managed_fields if f.subresource != "status"]
    times = [item.status.last_schedule_time or meta.creation_timestamp, *edits]
    return max((time for time in times if time is not None), default=None)


def _interval_seconds(runs: Sequence[datetime], start: datetime) -> float:
    """Between two runs, two hours at most: a Job may run over its time once."""
    between = (runs[1] - runs[0]) if len(runs) > 1 else (runs[0] - start)
    return min(between.total_seconds(), 7200.0)


def _was_given_up(snapshot: Snapshot, item: o.CronJob, context: Context) -> bool:
    """The controller itself says that it missed too many runs to go on."""
    return any(
        event.reason == TOO_MANY and event.at is not None and context.now - event.at <= LATELY
        for event in snapshot.events_of(item.metadata.uid)
    )


def _zone(item: o.CronJob) -> str:
    return f" (time zone {item.spec.time_zone})" if item.spec.time_zone else ""


def _warnings(snapshot: Snapshot, item: o.CronJob) -> list[Evidence]:
    """What its controller says at each try, the newest last: why a run did not come."""
    events = [e for e in snapshot.events_of(item.metadata.uid) if e.type == "Warning"]
    newest = {event.reason: event for event in events}
    return [
        observed("events", f"{e.reason}: {e.message} (×{e.times})", decisive=True)
        for e in list(newest.values())[-3:]
    ]


def _finding(snapshot: Snapshot, context: Context, item: o.CronJob, overdue: Overdue) -> Finding:
    pods = [p for p in snapshot.pods_below(item.ref) if is_active(p)] if overdue.active else []
    last = item.status.last_schedule_time
    said = f"last run {last:%Y-%m-%d %H:%M} UTC" if last else "it never ran"
    way = ", ".join(job.metadata.name for job in overdue.active[:3])
    return Finding(
        cause=Cause.CRONJOB_STALLED,
        owner=item.ref,
        severity=Severity.WARNING,
        summary=f"{full_name(item.ref)}: {counted(overdue.missed, 'run')} missed"
        + (f", Job {way} is still active" if way else ""),
        onset=overdue.due,
        opens_at=overdue.due,
        evidence=(
            observed("cronjobs", f"{item.spec.schedule}{_zone(item)}: {said}, due since "
                f"{overdue.due:%Y-%m-%d %H:%M} UTC", decisive=True),
            *([observed("jobs", f"active: {way}")] if way else []),
            *_lingering(pods),
            *_warnings(snapshot, item),
        ),
        related=(*(job.ref for job in overdue.active), *(pod.ref for pod in pods))[:50],
        facts=CronJobFacts(
            reason="Overdue", missed=overdue.missed,
            active=tuple(job.metadata.name for job in overdue.active),
            policy=item.spec.concurrency_policy),
    )  # fmt: skip


def _lingering(pods: Sequence[o.Pod]) -> list[Evidence]:
    """A container that has ended beside one that never does: a sidecar holds the Job."""
    found: list[Evidence] = []
    for pod in pods[:3]:
        ended = [v.name for v in containers(pod) if not v.is_init and v.status.state.terminated]
        runs = [v.name for v in containers(pod) if not v.is_init and v.status.state.running]
        if ended and runs:
            text = f"{pod.metadata.name}: {', '.join(ended)} ended, {', '.join(runs)} runs on"
            found.append(observed("pods", text))
    return found
