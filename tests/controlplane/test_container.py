"""A container's life as the stand-in kubelet tells it, with a clock that the test moves."""

from datetime import UTC, datetime, timedelta

from tests.controlplane.behaviours import BEHAVIOUR, Json, program
from tests.controlplane.container import Container

START = datetime(2026, 1, 1, tzinfo=UTC)
Told = list[tuple[str, str, str]]


def made(image: str, behaviour: str = "", **spec: object) -> tuple[Container, Told]:
    container: Json = {"name": "web", "image": image} | spec
    annotations = {BEHAVIOUR: behaviour} if behaviour else {}
    pod = {"metadata": {"annotations": annotations}, "spec": {"containers": [container]}}
    told: Told = []
    record = lambda kind, reason, message: told.append((kind, reason, message))  # noqa: E731
    one = Container(container, program(pod, container), "web_ns(uid)", "Always", 1, record)
    one.begin(START)
    return one, told


def states(one: Container, steps: int) -> list[str]:
    """What the container is after each thing that is due."""
    found = []
    for _ in range(steps):
        assert one.due is not None
        one.advance(one.due)
        (kind,) = one.state
        found.append(one.state[kind].get("reason", kind))
    return found


def test_a_good_image_is_pulled_and_runs_ready() -> None:
    one, told = made("nginx:1.27")
    assert states(one, 2) == ["ContainerCreating", "running"]
    assert one.ready
    assert one.due is None
    assert [reason for _, reason, _ in told] == ["Pulling", "Pulled", "Created", "Started"]


def test_nothing_happens_before_it_is_due() -> None:
    one, _ = made("nginx:1.27")
    assert one.advance(START)
    assert not one.advance(START + timedelta(seconds=0.1))


def test_a_missing_image_alternates_between_the_error_and_the_back_off() -> None:
    one, _ = made("nginx:missing")
    assert states(one, 5)[1:] == [
        "ErrImagePull",
        "ImagePullBackOff",
        "ImagePullBackOff",
        "ErrImagePull",
    ]


def test_a_crash_is_restarted_at_once_and_then_backed_off_twice_as_long_each_time() -> None:
    one, _ = made("nginx:crash")
    assert states(one, 6) == [
        "ContainerCreating",
        "running",
        "Error",
        "running",
        "Error",
        "CrashLoopBackOff",
    ]
    waits = [one.state["waiting"]["message"].split(" ")[1]]
    for _ in range(6):
        states(one, 3)
        waits.append(one.state["waiting"]["message"].split(" ")[1])
    assert waits == ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"]
    assert one.restart_count == 7


def test_memory_kills_below_128_mebibytes_and_not_without_a_limit() -> None:
    few, _ = made("nginx:oom", resources={"limits": {"memory": "127Mi"}})
    enough, _ = made("nginx:oom", resources={"limits": {"memory": "128Mi"}})
    unlimited, _ = made("nginx:oom")
    assert states(few, 3)[-1] == "OOMKilled"
    assert few.state["terminated"]["exitCode"] == 137
    assert states(enough, 2)[-1] == states(unlimited, 2)[-1] == "running"


def test_an_unknown_behaviour_is_told_not_ignored() -> None:
    one, _ = made("nginx:1.27", "dance")
    states(one, 1)
    assert one.state["waiting"]["message"] == f"unknown {BEHAVIOUR} 'dance'"


def test_the_wait_for_readiness_is_real_seconds_whatever_the_pace() -> None:
    one, _ = made("nginx:1.27", "ready-after:7")
    one.pace_ratio = 0.01
    states(one, 2)
    assert not one.ready
    started = datetime.fromisoformat(one.state["running"]["startedAt"])
    assert one.due is not None
    assert round((one.due - started).total_seconds()) == 7
    states(one, 1)
    assert one.ready
