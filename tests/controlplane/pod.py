"""One pod on a stand-in node: its containers in order, its phase and conditions, and its end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.controlplane.behaviours import Json, program
from tests.controlplane.container import STARTING_SECONDS, Container, stamp

RecordOf = Callable[[Json, Json, str, str, str], None]


@dataclass
class Pod:
    """What the kubelet keeps of one pod. `record` takes the pod, a container, and an event's type,
    reason and message.
    """

    object: Json
    addresses: tuple[str, str]
    pace_ratio: float
    record: RecordOf
    started: datetime
    inits: list[Container] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    deleted_at: datetime | None = None
    is_ended: bool = False
    _is_killed: bool = False
    _since: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spec = self.object["spec"]
        self.inits = [self._container(one, is_init=True) for one in spec.get("initContainers", [])]
        self.containers = [self._container(one) for one in spec["containers"]]
        self._begin_next(self.started)

    @property
    def uid(self) -> str:
        return str(self.object["metadata"]["uid"])

    @property
    def key(self) -> tuple[str, str]:
        return self.object["metadata"]["namespace"], self.object["metadata"]["name"]

    @property
    def due(self) -> datetime | None:
        moments = [one.due for one in self._all() if one.due is not None]
        return min(moments + ([self.deleted_at] if self.deleted_at else []), default=None)

    def find(self, name: str) -> Container | None:
        return next((one for one in self._all() if one.name == name), None)

    def observe(self, fresh: Json, now: datetime) -> bool:
        """Take a newer object from the API; whether the status changed by it."""
        changed = [one for one in self._all() if self._is_changed(one, fresh)]
        self.object = fresh
        for one in changed:
            spec = self._spec_of(one, fresh)
            one.change(spec, program(fresh, spec, one in self.inits), now)
        if fresh["metadata"].get("deletionTimestamp") and self.deleted_at is None:
            self._begin_end(now)
        return bool(changed)

    def advance(self, now: datetime) -> bool:
        """Do what is due; whether the status changed by it."""
        if self.deleted_at is not None:
            return self._end(now)
        changed = [one.advance(now) for one in self._all()]
        self._begin_next(now)
        return any(changed)

    def status(self, now: datetime) -> Json:
        host, address = self.addresses
        status: Json = {
            "phase": self.phase(),
            "hostIP": host,
            "podIP": address,
            "startTime": stamp(self.started),
        }
        status |= {
            "hostIPs": [{"ip": host}],
            "podIPs": [{"ip": address}],
            "conditions": list(self._conditions(now)),
        }
        status["containerStatuses"] = [one.status() for one in self.containers]
        if self.inits:
            status["initContainerStatuses"] = [one.status() for one in self.inits]
        generation = self.object["metadata"].get("generation")
        return status | ({"observedGeneration": generation} if generation else {})

    def phase(self) -> str:
        """As the kubelet's getPhase: from the init containers while they run, then from the
        others.
        """
        if any(one.is_finished and not one.has_succeeded for one in self.inits):
            return "Failed"
        if not self._is_initialized() or any(
            "waiting" in one.state and not one.last_state for one in self.containers
        ):
            return "Pending"
        if not all(one.is_finished for one in self.containers):
            return "Running"
        return "Succeeded" if all(one.has_succeeded for one in self.containers) else "Failed"

    def _container(self, spec: Json, is_init: bool = False) -> Container:
        def record(kind: str, reason: str, message: str) -> None:
            self.record(self.object, spec, kind, reason, message)

        namespace, name = self.key
        policy = (
            "Always"
            if spec.get("restartPolicy") == "Always"
            else self.object["spec"].get("restartPolicy", "Always")
        )
        policy = (
            "OnFailure"
            if is_init and policy == "Always" and spec.get("restartPolicy") != "Always"
            else policy
        )
        container = Container(
            spec,
            program(self.object, spec, is_init),
            f"{name}_{namespace}({self.uid})",
            policy,
            self.pace_ratio,
            record,
        )
        if not is_init and self.object["spec"].get("initContainers"):
            container.state = {"waiting": {"reason": "PodInitializing"}}
        return container

    def _begin_next(self, now: datetime) -> None:
        """Init containers one after the other (a sidecar only has to run), then all the others."""
        for one in self.inits:
            if one.is_idle:
                return one.begin(now)
            if not _lets_pass(one):
                return None
        for one in self.containers:
            if one.is_idle:
                one.begin(now)
        return None

    def _is_initialized(self) -> bool:
        return all(map(_lets_pass, self.inits))

    def _is_changed(self, one: Container, fresh: Json) -> bool:
        spec = self._spec_of(one, fresh)
        return (
            spec["image"] != one.spec["image"]
            or program(fresh, spec, one in self.inits) != one.program
        )

    def _spec_of(self, one: Container, fresh: Json) -> Json:
        return next(
            spec
            for spec in fresh["spec"].get("initContainers", []) + fresh["spec"]["containers"]
            if spec["name"] == one.name
        )

    def _begin_end(self, now: datetime) -> None:
        grace = self.object["metadata"].get("deletionGracePeriodSeconds", 0)
        self._is_killed = any(one.is_running and one.program.ignores_sigterm for one in self._all())
        for one in self._all():
            if one.is_running:
                self.record(
                    self.object, one.spec, "Normal", "Killing", f"Stopping container {one.name}"
                )
        seconds = grace if self._is_killed else min(grace, STARTING_SECONDS)
        self.deleted_at = now + timedelta(seconds=seconds * self.pace_ratio)

    def _end(self, now: datetime) -> bool:
        if self.is_ended or self.deleted_at is None or now < self.deleted_at:
            return False
        for one in self._all():
            one.stop(now, self._is_killed)
        self.is_ended, self.deleted_at = True, None
        return True

    def _conditions(self, now: datetime) -> Iterator[Json]:
        unready = [one.name for one in self.containers if not one.ready]
        if self.phase() == "Succeeded":
            ready = ("False", "PodCompleted", "")
        elif unready:
            ready = (
                "False",
                "ContainersNotReady",
                f"containers with unready status: [{' '.join(unready)}]",
            )
        else:
            ready = ("True", "", "")
        yield self._condition("PodReadyToStartContainers", ("True", "", ""), now)
        yield self._condition("Initialized", self._initialized(), now)
        yield self._condition("Ready", ready, now)
        yield self._condition("ContainersReady", ready, now)

    def _initialized(self) -> tuple[str, str, str]:
        incomplete = [one.name for one in self.inits if not _lets_pass(one)]
        if not incomplete:
            return "True", "", ""
        return (
            "False",
            "ContainersNotInitialized",
            f"containers with incomplete status: [{' '.join(incomplete)}]",
        )

    def _condition(self, kind: str, value: tuple[str, str, str], now: datetime) -> Json:
        status, reason, message = value
        if self._since.get(kind, ("", ""))[0] != status:
            self._since[kind] = (status, stamp(now))
        condition = {
            "type": kind,
            "status": status,
            "lastProbeTime": None,
            "lastTransitionTime": self._since[kind][1],
        }
        return condition | {"reason": reason or None, "message": message or None}

    def _all(self) -> list[Container]:
        return self.inits + self.containers


def _lets_pass(init: Container) -> bool:
    return (init.is_finished and init.has_succeeded) or (
        init.is_running and init.spec.get("restartPolicy") == "Always"
    )
