"""One container as a kubelet sees it: pulled, started, ready, ended, backed off and started
again.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.controlplane.behaviours import Json, Program, familiar

CRASH_BACK_OFF_SECONDS = PULL_BACK_OFF_SECONDS = 10.0
MAX_BACK_OFF_SECONDS = 300.0
PULL_SECONDS = STARTING_SECONDS = 0.5
Record = Callable[[str, str, str], None]
Step = Callable[[datetime], None]


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Container:
    """The state machine; `due` is when `advance` has something to do, or None. `record` takes an
    event's type, reason, message.

    `pace_ratio` multiplies every wait, while what statuses say of back-offs is unpaced, as a real
    kubelet's.
    """

    spec: Json
    program: Program
    identity: str
    restart_policy: str
    pace_ratio: float
    record: Record
    state: Json = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last_state: Json = field(default_factory=dict)
    restart_count: int = 0
    ready: bool = False
    container_id: str = ""
    log: list[tuple[datetime, str]] = field(default_factory=list)
    previous_log: list[tuple[datetime, str]] = field(default_factory=list)
    due: datetime | None = None
    _next: Step | None = None
    _failures: int = 0
    _has_pulled: bool = False

    def begin(self, now: datetime) -> None:
        self._after(0, now, self._pull)

    def advance(self, now: datetime) -> bool:
        """Do what is due; whether anything was."""
        if self.due is None or self._next is None or now < self.due:
            return False
        step, self.due, self._next = self._next, None, None
        step(now)
        return True

    def change(self, spec: Json, program: Program, now: datetime) -> None:
        """A new image or behaviour: a running container is ended and started anew, a waiting one
        tries at once.
        """
        is_new_image, self.spec, self.program = spec["image"] != self.spec["image"], spec, program
        self._has_pulled, self._failures = self._has_pulled and not is_new_image, 0
        if not is_new_image and "running" in self.state:
            self._plan(now)
        elif "running" in self.state:
            self.record(
                "Normal", "Killing", f"Container {self.name} definition changed, will be restarted"
            )
            self._terminate(now, 0, "Completed")
            self._after(STARTING_SECONDS, now, self._restart)
        else:
            self._after(0, now, self._restart if self.is_terminated else self._pull)

    def stop(self, now: datetime, is_killed: bool) -> None:
        """End it for good, as when its pod is deleted."""
        if "running" in self.state:
            self._terminate(now, 137 if is_killed else 0, "Error" if is_killed else "Completed")
        self.due = self._next = None

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def is_idle(self) -> bool:
        """Not begun yet."""
        return "waiting" in self.state and self._next is None and not self.restart_count

    @property
    def is_running(self) -> bool:
        return "running" in self.state

    @property
    def is_terminated(self) -> bool:
        return "terminated" in self.state

    @property
    def is_finished(self) -> bool:
        """Ended, and not to be started again."""
        return self.is_terminated and self._next is None

    @property
    def has_succeeded(self) -> bool:
        return self.is_terminated and self.state["terminated"]["exitCode"] == 0

    def status(self) -> Json:
        image = familiar(self.spec["image"]) if self.container_id else self.spec["image"]
        status = {
            "name": self.name,
            "image": image,
            "imageID": self._image_id(),
            "ready": self.ready,
        }
        status |= {
            "restartCount": self.restart_count,
            "started": self.is_running,
            "state": self.state,
            "lastState": self.last_state,
        }
        return (
            status
            | ({"containerID": self.container_id} if self.container_id else {})
            | {"resources": self.spec.get("resources", {})}
        )

    def _pull(self, now: datetime) -> None:
        refusal = self.program.refusal
        if refusal and not refusal.is_pull:
            self._refuse(refusal.reason, refusal.message, now)
        elif self._has_pulled:
            self._start(now)
        else:
            self.record("Normal", "Pulling", f'Pulling image "{self.spec["image"]}"')
            self._after(PULL_SECONDS, now, self._pull_fails if refusal else self._pulled)

    def _pulled(self, now: datetime) -> None:
        self._has_pulled, self._failures = True, 0
        what = f'Successfully pulled image "{self.spec["image"]}" in 500ms'
        how = "(500ms including waiting). Image size: 31457280 bytes."
        self.record("Normal", "Pulled", f"{what} {how}")
        self._start(now)

    def _refuse(self, reason: str, message: str, now: datetime) -> None:
        self.state = {"waiting": {"reason": reason, "message": message}}
        self.record(
            "Warning",
            "InspectFailed" if reason == "InvalidImageName" else "Failed",
            message if reason == "InvalidImageName" else f"Error: {message}",
        )
        self._after(PULL_BACK_OFF_SECONDS, now, self._pull)

    def _pull_fails(self, now: datetime) -> None:
        assert self.program.refusal is not None
        message = self.program.refusal.message
        self.record("Warning", "Failed", f'Failed to pull image "{self.spec["image"]}": {message}')
        self.record("Warning", "Failed", "Error: ErrImagePull")
        self.state = {"waiting": {"reason": "ErrImagePull", "message": message}}
        self._after(2 * STARTING_SECONDS, now, self._pull_backs_off)

    def _pull_backs_off(self, now: datetime) -> None:
        assert self.program.refusal is not None
        image, message = self.spec["image"], self.program.refusal.message
        self.record("Normal", "BackOff", f'Back-off pulling image "{image}"')
        self.record("Warning", "Failed", "Error: ImagePullBackOff")
        self.state = {
            "waiting": {
                "reason": "ImagePullBackOff",
                "message": f'Back-off pulling image "{image}": ErrImagePull: {message}',
            }
        }
        self._after(_back_off_seconds(PULL_BACK_OFF_SECONDS, self._failures), now, self._pull)
        self._failures += 1

    def _start(self, now: datetime) -> None:
        parts = (self.identity, self.name, self.restart_count, self.spec["image"])
        self.container_id = f"containerd://{_digest(*parts)}"
        self.record("Normal", "Created", "Container created")
        self.record("Normal", "Started", "Container started")
        self.state = {"running": {"startedAt": stamp(now)}}
        self.previous_log, self.log = self.log, [(now, line) for line in self.program.log]
        self._plan(now)

    def _plan(self, now: datetime) -> None:
        """What a running container does next: becomes ready, or ends."""
        program = self.program
        self.ready = program.ready_after_seconds == 0
        if program.exit_code is not None:
            is_first = not self.restart_count and program.first_run_seconds is not None
            self._after(
                (program.first_run_seconds or 0) / self.pace_ratio
                if is_first
                else program.runs_seconds,
                now,
                self._exit,
            )
        elif program.ready_after_seconds is None:
            self._after(STARTING_SECONDS, now, self._probe_fails)
        elif program.ready_after_seconds:
            self._after(program.ready_after_seconds / self.pace_ratio, now, self._becomes_ready)

    def _becomes_ready(self, now: datetime) -> None:
        self.ready = True

    def _probe_fails(self, now: datetime) -> None:
        self.record(
            "Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"
        )
        self._after(10, now, self._probe_fails)

    def _exit(self, now: datetime) -> None:
        assert self.program.exit_code is not None
        self._terminate(now, self.program.exit_code, self.program.exit_reason)
        failed = self.program.exit_code != 0
        if self.restart_policy == "Always" or (self.restart_policy == "OnFailure" and failed):
            self._failures += 1
            self._after(
                STARTING_SECONDS,
                now,
                self._crash_backs_off if self._failures > 1 else self._restart,
            )

    def _terminate(self, now: datetime, exit_code: int, reason: str) -> None:
        ended = {
            "exitCode": exit_code,
            "reason": reason,
            "startedAt": self.state["running"]["startedAt"],
            "finishedAt": stamp(now),
        }
        self.state, self.ready = {"terminated": ended | {"containerID": self.container_id}}, False

    def _crash_backs_off(self, now: datetime) -> None:
        seconds = _back_off_seconds(CRASH_BACK_OFF_SECONDS, self._failures - 2)
        what = f"Back-off restarting failed container {self.name} in pod {self.identity}"
        self.record("Warning", "BackOff", what)
        which = f"container={self.name} pod={self.identity}"
        message = f"back-off {_duration(seconds)} restarting failed {which}"
        self.last_state, self.state = (
            self.state,
            {"waiting": {"reason": "CrashLoopBackOff", "message": message}},
        )
        self._after(seconds, now, self._restart)

    def _restart(self, now: datetime) -> None:
        if self.is_terminated:
            self.last_state = self.state
        self.restart_count += 1
        self.state = {"waiting": {"reason": "ContainerCreating"}}
        self._pull(now)

    def _after(self, seconds: float, now: datetime, step: Step) -> None:
        self.due, self._next = now + timedelta(seconds=seconds * self.pace_ratio), step

    def _image_id(self) -> str:
        name = familiar(self.spec["image"]).rpartition(":")[0]
        return f"{name}@sha256:{_digest(self.spec['image'])}" if self._has_pulled else ""


def _back_off_seconds(first: float, failures: int) -> float:
    return min(MAX_BACK_OFF_SECONDS, first * 2.0 ** min(failures, 16))


def _duration(seconds: float) -> str:
    """As Go prints it: 40s, 1m20s, 5m0s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
