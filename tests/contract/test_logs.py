"""Logs: the text of a container, or why there is none."""

import re
from typing import Any

import pytest

from tests.contract.objects import MISSING, container, pod
from tests.contract.target import Space, eventually

STAMPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z .+")


@pytest.fixture
def logging(space: Space) -> Space:
    space.create("pods", pod("web")).ok()
    space.running(1)
    return space


def lines(space: Space, **params: Any) -> list[str]:
    text: str = space.get("pods", "web", "log", **params).ok()
    return text.splitlines()


def test_the_log_of_a_running_container_is_plain_text(logging: Space) -> None:
    answer = logging.get("pods", "web", "log")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert lines(logging)


def test_the_tail_is_the_end_of_the_log(logging: Space) -> None:
    assert lines(logging, tailLines=1) == lines(logging)[-1:]
    assert lines(logging, tailLines=0) == []


def test_a_byte_limit_cuts_the_log(logging: Space) -> None:
    whole = logging.get("pods", "web", "log").ok()
    assert logging.get("pods", "web", "log", limitBytes=5).ok() == whole[:5]


def test_timestamps_stand_before_each_line_when_asked_for(logging: Space) -> None:
    stamped = lines(logging, timestamps="true")
    assert stamped
    assert all(STAMPED.fullmatch(line) for line in stamped)


def test_a_container_that_never_ran_has_no_previous_log(logging: Space) -> None:
    answer = logging.get("pods", "web", "log", previous="true")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message == 'previous terminated container "web" in pod "web" not found'


def test_a_pod_of_two_containers_wants_one_named(space: Space) -> None:
    space.create("pods", pod("web", container("a"), container("b"))).ok()
    space.running(1)
    answer = space.get("pods", "web", "log")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message == (
        "a container name must be specified for pod web, choose one of: [a b]"
    )
    assert lines(space, container="b")


def test_a_container_that_the_pod_lacks_is_a_bad_request(logging: Space) -> None:
    answer = logging.get("pods", "web", "log", container="none")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message == "container none is not valid for pod web"


def test_a_container_whose_image_is_missing_is_waiting_to_start(space: Space) -> None:
    space.create("pods", pod("web", container(image=MISSING))).ok()

    def look() -> bool:
        statuses = space.get("pods", "web").ok()["status"].get("containerStatuses", [])
        return any(
            one["state"].get("waiting", {}).get("reason") == "ImagePullBackOff" for one in statuses
        )

    eventually(look, "the pull is backed off")
    answer = space.get("pods", "web", "log")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message in {
        f'container "web" in pod "web" is waiting to start: {why}'
        for why in ("image can't be pulled", "trying and failing to pull image")
    }


def test_the_log_of_a_pod_that_is_not_there_is_404(space: Space) -> None:
    answer = space.get("pods", "none", "log")
    assert (answer.status, answer.reason) == (404, "NotFound")
    assert answer.message == 'pods "none" not found'
