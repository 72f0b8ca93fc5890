"""Jobs: completions, failures, back-off, deadline, time to live."""

from datetime import datetime

from simulator.apimachinery.clock import seconds_since, stamp
from simulator.apimachinery.objects import Obj, condition_of, name_of
from simulator.apimachinery.store import WorkKey
from simulator.controllers.common import (
    ApiError,
    Base,
    DeleteOptions,
    is_active,
    is_ready,
    pod_from,
    with_condition,
    without_empty,
)
from simulator.controllers.nodes.containers import backoff_seconds

SOURCE = "job-controller"
LIMIT = "Job has reached the specified backoff limit"
DEADLINE = "Job was active longer than specified deadline"


class Jobs(Base):
    table, kind = "jobs.batch", "Job"
    watches = ("jobs.batch", "pods")

    def reconcile(self, key: WorkKey, now: datetime) -> float | None:
        job = self.held(key)
        if job is None or job["metadata"].get("deletionTimestamp"):
            return None
        if _over(job):
            return self._expire(job, now)
        pods = self.store.children(job["metadata"]["uid"], "pods")
        status = dict(job.get("status") or {})
        if not job["spec"].get("suspend"):
            status.setdefault("startTime", stamp(now))
        return self._advance(job, pods, status, now)

    def _advance(self, job: Obj, pods: list[Obj], status: Obj, now: datetime) -> float | None:
        spec = job["spec"]
        done, failed = _count(pods, "Succeeded"), _count(pods, "Failed")
        active = [p for p in pods if is_active(p)]
        wanted = spec.get("completions", 1)
        tries = failed + sum(_restarts(p) for p in active)
        status |= {"succeeded": done, "failed": failed}
        again: float | None = None
        if done >= wanted:
            self._finish(
                job,
                status,
                "Complete",
                "CompletionsReached",
                "Reached expected number of succeeded pods",
                now,
            )
        elif tries > spec.get("backoffLimit", 6):
            self._fail(job, active, status, "BackoffLimitExceeded", LIMIT, now)
        elif self._late(job, status, now):
            self._fail(job, active, status, "DeadlineExceeded", DEADLINE, now)
        elif not spec.get("suspend"):
            again = self._fill(
                job, pods, active, min(spec.get("parallelism", 1), wanted - done), failed, now
            )
        self._write(job, status, now)
        return again if again is not None else self._deadline_in(job, status, now)

    def _late(self, job: Obj, status: Obj, now: datetime) -> bool:
        limit = job["spec"].get("activeDeadlineSeconds")
        return limit is not None and seconds_since(status.get("startTime"), now) >= limit

    def _deadline_in(self, job: Obj, status: Obj, now: datetime) -> float | None:
        limit = job["spec"].get("activeDeadlineSeconds")
        if limit is None or _over(job) or not status.get("startTime"):
            return None
        return max(0.5, float(limit) - seconds_since(status["startTime"], now))

    def _fill(
        self, job: Obj, pods: list[Obj], active: list[Obj], wanted: int, failed: int, now: datetime
    ) -> float | None:
        if len(active) >= wanted:
            return None
        ends = [_ended_at(p) for p in pods if _phase(p) == "Failed"]
        left = backoff_seconds(failed) - seconds_since(max(ends), now) if ends else 0.0
        if left > 0:
            return left
        try:
            for _ in range(wanted - len(active)):
                pod = pod_from(job, job["spec"]["template"], prefix=f"{name_of(job)}-")
                made = self.create("pods", pod, now)
                self.event(
                    job, "Normal", "SuccessfulCreate", f"Created pod: {name_of(made)}", now, SOURCE
                )
        except ApiError as error:
            self.event(
                job, "Warning", "FailedCreate", f"Error creating: {error.message}", now, SOURCE
            )
            return 10.0
        return None

    def _fail(
        self, job: Obj, active: list[Obj], status: Obj, reason: str, text: str, now: datetime
    ) -> None:
        for pod in active:
            self.delete("pods", pod, now)
        status["failed"] = status["failed"] + len(active)
        self._finish(job, status, "Failed", reason, text, now)
        self.event(job, "Warning", reason, text, now, SOURCE)

    def _finish(
        self, job: Obj, status: Obj, kind: str, reason: str, text: str, now: datetime
    ) -> None:
        first = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}[kind]
        conditions: list[Obj] = status.get("conditions") or []
        for name in (first, kind):
            conditions = with_condition(
                conditions, now, type=name, status="True", reason=reason, message=text
            )
        status["conditions"] = [{"lastProbeTime": c["lastTransitionTime"], **c} for c in conditions]
        if kind == "Complete":
            status["completionTime"] = stamp(now)
            self.event(job, "Normal", "Completed", "Job completed", now, SOURCE)

    def _write(self, job: Obj, status: Obj, now: datetime) -> None:
        pods = [p for p in self.store.children(job["metadata"]["uid"], "pods") if is_active(p)]
        ended = any(c["type"] in ("Complete", "Failed") for c in status.get("conditions") or ())
        status |= {
            "active": 0 if ended else len(pods),
            "ready": 0 if ended else sum(map(is_ready, pods)),
        }
        self.set_status(self.table, job, without_empty(status, "ready"))

    def _expire(self, job: Obj, now: datetime) -> float | None:
        limit = job["spec"].get("ttlSecondsAfterFinished")
        if limit is None:
            return None
        ended = next(
            c["lastTransitionTime"]
            for c in job["status"]["conditions"]
            if c["type"] in ("Complete", "Failed")
        )
        left = limit - seconds_since(ended, now)
        if left > 0:
            return float(left)
        self.delete(self.table, job, now, DeleteOptions(propagation="Background"))
        return None


def _over(job: Obj) -> bool:
    return any(condition_of(job, kind).get("status") == "True" for kind in ("Complete", "Failed"))


def _phase(pod: Obj) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def _count(pods: list[Obj], phase: str) -> int:
    return sum(_phase(pod) == phase for pod in pods)


def _restarts(pod: Obj) -> int:
    return sum(
        c.get("restartCount", 0) for c in (pod.get("status") or {}).get("containerStatuses") or ()
    )


def _ended_at(pod: Obj) -> str:
    ends = [
        (c["state"].get("terminated") or {}).get("finishedAt", "")
        for c in (pod.get("status") or {}).get("containerStatuses") or ()
    ]
    return max([e for e in ends if e], default=str(pod["metadata"]["creationTimestamp"]))
