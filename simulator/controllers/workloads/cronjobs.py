"""CronJobs: a five-field schedule, one Job at its time, history limits."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

from simulator.apimachinery.clock import parse, stamp
from simulator.apimachinery.objects import Obj, condition_of, name_of, namespace_of, uid_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import Base, DeleteOptions, owner_reference, without_empty

FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
HISTORY_LIMITS = {"Complete": "successfulJobsHistoryLimit", "Failed": "failedJobsHistoryLimit"}
NICKNAMES = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0"}


def values(text: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if first == "*" else int(first)
        end = high if first == "*" or (step and not last) else int(last or first)
        found |= set(range(start, end + 1, int(step or 1)))
    return found


def last_due(schedule: str, now: datetime, since: datetime) -> datetime | None:
    """The latest scheduled minute in (since, now], at most 40 days back."""
    fields = [
        values(t, *f)
        for t, f in zip(NICKNAMES.get(schedule, schedule).split(), FIELDS, strict=True)
    ]
    moment = now.replace(second=0, microsecond=0)
    floor = max(since, now - timedelta(days=40))
    while moment > floor:
        if _day(moment, fields):
            if moment.hour in fields[1] and moment.minute in fields[0]:
                return moment
            moment -= timedelta(minutes=1)
        else:
            moment = moment.replace(hour=0, minute=0) - timedelta(minutes=1)
    return None


def _day(moment: datetime, fields: list[set[int]]) -> bool:
    weekday = (moment.weekday() + 1) % 7
    return moment.day in fields[2] and moment.month in fields[3] and weekday in fields[4]


class CronJobs(Base):
    table, kind = "cronjobs.batch", "CronJob"
    watches = ("cronjobs.batch", "jobs.batch")

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        owner = self.held(key)
        if owner is None or owner["metadata"].get("deletionTimestamp"):
            return None
        status, wait = dict(owner.get("status") or {}), 60.0 - now.timestamp() % 60 + 0.5
        since = parse(status.get("lastScheduleTime") or owner["metadata"]["creationTimestamp"])
        due = (
            None
            if owner["spec"].get("suspend")
            else last_due(owner["spec"]["schedule"], now, since)
        )
        jobs = self.store.children(uid_of(owner), "jobs.batch")
        active = [j for j in jobs if not _ended(j)]
        if due is not None and self._may_run(owner, active, now):
            active.append(self._run(owner, due, now))
            status["lastScheduleTime"] = stamp(due)
        self._report(owner, status, jobs, active)
        self._trim(owner, jobs, now)
        return wait

    def _may_run(self, owner: Obj, active: list[Obj], now: datetime) -> bool:
        policy = owner["spec"].get("concurrencyPolicy", "Allow")
        if active and policy == "Replace":
            for job in active:
                self.delete("jobs.batch", job, now, DeleteOptions(propagation="Background"))
        return not active or policy != "Forbid"

    def _run(self, owner: Obj, due: datetime, now: datetime) -> Obj:
        template = deepcopy(owner["spec"]["jobTemplate"])
        minutes = int(due.astimezone(UTC).timestamp() // 60)
        metadata = {**(template.get("metadata") or {}), "name": f"{name_of(owner)}-{minutes}"}
        metadata |= {"namespace": namespace_of(owner), "ownerReferences": [owner_reference(owner)]}
        annotations = {"batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(due)}
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
        job = self.create("jobs.batch", {"metadata": metadata, "spec": template["spec"]}, now)
        self.event(
            owner,
            "Normal",
            "SuccessfulCreate",
            f"Created job {name_of(job)}",
            now,
            "cronjob-controller",
        )
        return job

    def _report(self, owner: Obj, status: Obj, jobs: list[Obj], active: list[Obj]) -> None:
        done = [
            j["status"]["completionTime"] for j in jobs if j.get("status", {}).get("completionTime")
        ]
        if done:
            status["lastSuccessfulTime"] = max(done)
        status["active"] = [
            {
                "kind": "Job",
                "apiVersion": "batch/v1",
                "name": name_of(j),
                "namespace": namespace_of(j),
                "uid": uid_of(j),
            }
            for j in active
        ]
        self.set_status(self.table, owner, without_empty(status))

    def _trim(self, owner: Obj, jobs: list[Obj], now: datetime) -> None:
        """The oldest go where there are more than the history's limits."""
        for kind, limit in HISTORY_LIMITS.items():
            ended = [j for j in jobs if condition_of(j, kind).get("status") == "True"]
            for job in ended[: max(0, len(ended) - owner["spec"].get(limit, 1))]:
                self.delete("jobs.batch", job, now, DeleteOptions(propagation="Background"))


def _ended(job: Obj) -> bool:
    return any(condition_of(job, kind).get("status") == "True" for kind in ("Complete", "Failed"))
