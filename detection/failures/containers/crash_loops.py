"""Which containers crash in a loop, and since when, by their own timestamps.

The status holds only the last two states of a container, so the start of the loop is estimated:
the kubelet restarts at once, then waits 10 s, 20 s, 40 s … 300 s between restarts, and forgets that
after a run of ten minutes. So n restarts with runs as long as the last one can't have begun earlier
than the sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detection.failures.context import Context
from detection.kubernetes.objects.core import Pod, Terminated
from detection.snapshot.pod_status import (
    ContainerView,
    began,
    condition_since,
    containers,
    is_ready,
)
from kubewise_site.core.foreign_numbers import span

FIRST_BACKOFF_SECONDS = 10.0
LONGEST_BACKOFF_SECONDS = 300.0
FORGOTTEN_AFTER_SECONDS = 600.0
UNKNOWN_RUN_SECONDS = 60.0
STEADY_RUN_SECONDS = 60.0
LONGEST_KILL_PERIOD_SECONDS = 6 * 3600.0
NOT_STARTED = frozenset({"RunContainerError", "CreateContainerError", "StartError"})
COULD_NOT_RUN = frozenset({"StartError", "ContainerCannotRun"})
NOT_RUNNABLE_CODES = frozenset({126, 127})
OOM = "OOMKilled"
# What never ran has the epoch as its start (StartError of containerd).
NEVER_STARTED_YEAR = 1970


@dataclass(frozen=True)
class Loop:
    """One container that crashes again and again."""

    pod: Pod
    view: ContainerView
    onset: datetime
    opens_at: datetime

    @property
    def end(self) -> Terminated | None:
        return self.view.last_end

    @property
    def is_oom(self) -> bool:
        return self.end is not None and was_oom(self.end)

    @property
    def is_wrong_arch(self) -> bool:
        said = f"{self.view.waiting_message} {self.end.message if self.end else ''}"
        return "exec format error" in said.lower()

    @property
    def is_not_runnable(self) -> bool:
        """The command could not be started, rather than ended badly."""
        if self.view.waiting_reason in NOT_STARTED:
            return True
        end = self.end
        return end is not None and (
            end.reason in COULD_NOT_RUN or end.exit_code in NOT_RUNNABLE_CODES
        )


def was_oom(end: Terminated) -> bool:
    """Also where the process was killed before it began: then the reason is StartError."""
    said = "oom-killed" in end.message.lower()
    return end.reason == OOM or (end.reason in COULD_NOT_RUN and said)


def loops(pods: Sequence[Pod], context: Context) -> Iterator[Loop]:
    """The looping containers of these pods: containers, init containers and sidecars."""
    kills = _recent_kills(pods, context)
    for pod in pods:
        for view in containers(pod):
            if (found := _loop(pod, view, kills.get(view.name, 0), context)) is not None:
                yield found


def _loop(pod: Pod, view: ContainerView, kills: int, context: Context) -> Loop | None:
    if not _is_looping(pod, view, kills, context):
        return None
    crashes = _earlier_crashes(view)
    onset = _crash_before_last(pod, view, context, crashes)
    restarts = _restarts_of_loop(view)
    if restarts >= context.dwell.crash_restarts or kills >= context.dwell.crash_restarts:
        return Loop(pod, view, onset, onset)
    backs_off_since = _crash_before_last(pod, view, context, crashes - 1)
    dwell = timedelta(seconds=context.dwell.crash_backoff_seconds)
    return Loop(pod, view, onset, backs_off_since + dwell)


def _is_looping(pod: Pod, view: ContainerView, kills: int, context: Context) -> bool:
    if view.waiting_reason == "CrashLoopBackOff" or view.waiting_reason in NOT_STARTED:
        return True
    end = view.last_end
    if end is None or (view.is_init and end.exit_code == 0):
        return False
    if view.status.state.terminated is not None:
        return view.status.restart_count > 0 and _is_restarted(pod, view, end)
    if was_oom(end):
        enough = max(view.status.restart_count, kills) >= context.dwell.crash_restarts
        return enough and _was_killed_lately(end, context)
    return _runs_between_crashes(pod, view, end, context)


def _is_restarted(pod: Pod, view: ContainerView, end: Terminated) -> bool:
    policy = "Always" if view.is_sidecar else pod.spec.restart_policy
    if policy == "Always" and not view.is_init:
        return True
    return policy != "Never" and end.exit_code != 0


def _was_killed_lately(end: Terminated, context: Context) -> bool:
    """Out of memory again and again, although it runs at the moment.

    The last kill is as long ago as twice the run before it at most: a container that outlived its
    former runs has recovered, however often it was killed once.
    """
    if end.finished_at is None:
        return False
    run = _run_seconds(end) or UNKNOWN_RUN_SECONDS
    patience = max(FORGOTTEN_AFTER_SECONDS, 2 * run)
    ago = (context.now - end.finished_at).total_seconds()
    return run <= LONGEST_KILL_PERIOD_SECONDS and ago <= min(patience, LONGEST_KILL_PERIOD_SECONDS)


def _runs_between_crashes(pod: Pod, view: ContainerView, end: Terminated, context: Context) -> bool:
    """Restarted a moment ago, for the third time at least, after a short run."""
    running = view.status.state.running
    since = running.started_at if running else end.finished_at
    if since is None or view.status.restart_count < context.dwell.crash_restarts:
        return False
    run = _run_seconds(end)
    if run is None:
        run = STEADY_RUN_SECONDS if is_ready(pod) else LONGEST_BACKOFF_SECONDS
    if run > FORGOTTEN_AFTER_SECONDS:
        return False
    patience = min(max(2 * run, STEADY_RUN_SECONDS), FORGOTTEN_AFTER_SECONDS)
    return (context.now - since).total_seconds() < patience


def _recent_kills(pods: Sequence[Pod], context: Context) -> dict[str, int]:
    """Container name → restarts after being out of memory lately, over all replicas."""
    found: dict[str, int] = {}
    for pod in pods:
        for view in containers(pod):
            end = view.last_end
            if end is not None and was_oom(end) and _was_killed_lately(end, context):
                found[view.name] = found.get(view.name, 0) + max(view.status.restart_count, 1)
    return found


def _earlier_crashes(view: ContainerView) -> int:
    """How many crashes of this loop came before the last one, in whichever phase it is now.

    A container that runs was restarted since its last crash; one that waits or ended was not.
    """
    if _began_anew(view):
        return 0
    return max(view.status.restart_count - (view.status.state.running is not None), 0)


def _crash_before_last(pod: Pod, view: ContainerView, context: Context, earlier: int) -> datetime:
    """When it crashed so many times before its last one, at the earliest; never before the pod."""
    born = began(pod) or context.now
    end = view.last_end
    last = end.finished_at if end else None
    if earlier <= 0 or (last is None and view.status.restart_count <= 1):
        return max(born, last or condition_since(pod, "ContainersReady") or born)
    run = _run_seconds(end) if end else None
    lasted = _backoffs(earlier - 1) + earlier * (UNKNOWN_RUN_SECONDS if run is None else run)
    return max(born, (last or context.now) - span(lasted))


def _restarts_of_loop(view: ContainerView) -> int:
    """Restarts that may belong to the present loop."""
    count = view.status.restart_count
    return min(count, 1) if _began_anew(view) else count


def _began_anew(view: ContainerView) -> bool:
    """A long run ended the loop before; memory that runs out is the same failure however slow."""
    end = view.last_end
    run = _run_seconds(end) if end else None
    return run is not None and run > FORGOTTEN_AFTER_SECONDS and not (end and was_oom(end))


def _run_seconds(end: Terminated) -> float | None:
    if end.finished_at is None or end.started_at is None:
        return None
    if end.started_at.year == NEVER_STARTED_YEAR:
        return 0.0
    return max((end.finished_at - end.started_at).total_seconds(), 0.0)


def _backoffs(restarts: int) -> float:
    """The waits between that many restarts, as the kubelet doubles them."""
    total, wait = 0.0, FIRST_BACKOFF_SECONDS
    for _ in range(min(restarts, 6)):
        total, wait = total + wait, min(wait * 2, LONGEST_BACKOFF_SECONDS)
    return total + max(restarts - 6, 0) * LONGEST_BACKOFF_SECONDS
