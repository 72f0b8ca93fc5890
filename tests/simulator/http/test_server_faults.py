"""The API server's own faults, switch by switch."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import requests

from simulator import Simulator
from tests.simulator.conftest import call, until

WEB = "/apis/apps/v1/namespaces/shop/deployments/web"
DRY = f"{WEB}?dryRun=All"
TWO, FOUR = {"spec": {"replicas": 2}}, {"spec": {"replicas": 4}}
Send = Callable[..., "Future[requests.Response]"]


@pytest.fixture
def send(sim: Simulator) -> Iterator[Send]:
    """Send a request that may be held."""
    with ThreadPoolExecutor() as pool:
        yield lambda *request, **how: pool.submit(call, sim, *request, **how)
        sim.api.switches.clear()


def replicas(sim: Simulator) -> int:
    deployment = sim.store.get("deployments.apps", "shop", "web")
    assert deployment is not None
    return int(deployment["spec"]["replicas"])


def held(sim: Simulator) -> bool:
    return sim.api.switches.held == 1


@pytest.mark.parametrize(
    ("code", "reason"), [(403, "Forbidden"), (429, "TooManyRequests"), (500, "InternalError")]
)
def test_a_refusal_has_the_code_that_was_set_until_it_is_cleared(
    sim: Simulator, code: int, reason: str
) -> None:
    sim.api.switches.add(mode="refuse", resource="pods", code=code)
    answer = call(sim, "GET", "/api/v1/pods")
    assert (answer.status_code, answer.json()["reason"]) == (code, reason)
    assert call(sim, "GET", "/api/v1/nodes").status_code == 200
    sim.api.switches.clear()
    assert call(sim, "GET", "/api/v1/pods").status_code == 200


def test_a_refused_write_changes_nothing_and_is_recorded_with_its_code(sim: Simulator) -> None:
    sim.api.switches.add(mode="refuse", resource="deployments.apps", verbs=("patch",), code=500)
    assert call(sim, "PATCH", WEB, TWO).status_code == 500
    assert call(sim, "GET", WEB).status_code == 200
    assert replicas(sim) == 3
    assert [(one.verb, one.code) for one in sim.writes] == [("patch", 500)]


def test_a_subresource_is_switched_by_its_own_name(sim: Simulator) -> None:
    sim.api.switches.add(mode="refuse", resource="deployments.apps/scale", code=403)
    assert call(sim, "PATCH", f"{WEB}/scale", TWO).status_code == 403
    assert call(sim, "PATCH", WEB, TWO).status_code == 200


def test_a_conflict_comes_as_often_as_was_said(sim: Simulator) -> None:
    sim.api.switches.add(mode="conflict", resource="deployments.apps", verbs=["patch"], times=1)
    answer = call(sim, "PATCH", WEB, TWO)
    assert (answer.status_code, answer.json()["reason"]) == (409, "Conflict")
    assert "the object has been modified" in answer.json()["message"]
    assert call(sim, "PATCH", WEB, TWO).status_code == 200
    assert sim.api.switches.active == []


def test_a_conflict_meets_the_real_write_and_not_its_rehearsal(sim: Simulator) -> None:
    sim.api.switches.add(mode="conflict", resource="deployments.apps", verbs=("patch",), times=1)
    assert call(sim, "PATCH", DRY, TWO).status_code == 200
    assert call(sim, "PATCH", WEB, TWO).status_code == 409


def test_a_request_that_hangs_never_arrives(sim: Simulator, send: Send) -> None:
    sim.api.switches.add(mode="hang", resource="deployments.apps", verbs=("patch",))
    answer = send("PATCH", WEB, TWO)
    until(lambda: held(sim), "the request is held")
    assert not answer.done()
    sim.api.switches.clear()
    with pytest.raises(requests.ConnectionError):
        answer.result(timeout=10)
    assert replicas(sim) == 3
    assert [one.code for one in sim.writes] == [0]


def test_a_request_that_hangs_after_is_applied_and_its_answer_held(
    sim: Simulator, send: Send
) -> None:
    sim.api.switches.add(mode="hang_after", resource="deployments.apps", verbs=("patch",))
    answer = send("PATCH", WEB, TWO)
    until(lambda: held(sim), "the answer is held")
    assert replicas(sim) == 2
    assert not answer.done()
    sim.api.switches.clear()
    assert answer.result(timeout=10).json()["spec"]["replicas"] == 2


def test_a_client_that_gives_up_on_a_held_answer_has_changed_the_object(
    sim: Simulator,
) -> None:
    sim.api.switches.add(mode="hang_after", resource="deployments.apps")
    with pytest.raises(requests.Timeout):
        call(sim, "PATCH", WEB, TWO, timeout_seconds=0.3)
    assert replicas(sim) == 2


def test_a_request_that_was_refused_is_not_held_afterwards(sim: Simulator) -> None:
    sim.api.switches.add(mode="hang_after", resource="deployments.apps")
    assert call(sim, "PATCH", WEB, {"spec": {"replicas": -1}}).status_code == 422


def test_what_is_held_does_not_hold_others(sim: Simulator, send: Send) -> None:
    sim.api.switches.add(mode="hang", resource="deployments.apps", verbs=("patch",), times=1)
    answer = send("PATCH", WEB, TWO)
    until(lambda: held(sim), "the request is held")
    assert call(sim, "PATCH", WEB, FOUR).status_code == 200
    assert not answer.done()


@pytest.mark.parametrize(("dry_run", "refused", "passed"), [(True, DRY, WEB), (False, WEB, DRY)])
def test_a_switch_may_concern_rehearsals_alone_or_real_writes_alone(
    sim: Simulator, dry_run: bool, refused: str, passed: str
) -> None:
    sim.api.switches.add(mode="refuse", resource="deployments.apps", code=500, dry_run=dry_run)
    assert call(sim, "PATCH", refused, TWO).status_code == 500
    assert call(sim, "PATCH", passed, TWO).status_code == 200


def test_an_answer_may_be_held_for_the_real_write_alone(sim: Simulator) -> None:
    sim.api.switches.add(mode="hang_after", resource="deployments.apps", dry_run=False)
    assert call(sim, "PATCH", DRY, TWO).status_code == 200
    with pytest.raises(requests.Timeout):
        call(sim, "PATCH", WEB, TWO, timeout_seconds=0.3)


def test_a_dropped_connection_has_no_answer_and_changes_nothing(sim: Simulator) -> None:
    sim.api.switches.add(mode="drop", resource="deployments.apps", verbs=("patch",), times=1)
    with pytest.raises(requests.ConnectionError):
        call(sim, "PATCH", WEB, TWO)
    assert replicas(sim) == 3
    assert call(sim, "PATCH", WEB, TWO).status_code == 200


def test_a_delayed_request_is_answered_well_but_late(sim: Simulator, send: Send) -> None:
    sim.api.switches.add(mode="delay", resource="nodes", seconds=600)
    answer = send("GET", "/api/v1/nodes")
    until(lambda: sim.reads.get("list nodes") == 1, "the request has arrived")
    assert not answer.done()
    sim.api.switches.clear()
    assert answer.result(timeout=10).status_code == 200


def test_a_short_delay_ends_by_itself(sim: Simulator) -> None:
    sim.api.switches.add(mode="delay", resource="nodes", seconds=0.2)
    answer = call(sim, "GET", "/api/v1/nodes")
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.2


def test_a_stale_read_repeats_what_the_first_one_saw(sim: Simulator) -> None:
    sim.api.switches.add(mode="stale", resource="deployments.apps", verbs=("get",))
    assert call(sim, "GET", WEB).json()["spec"]["replicas"] == 3
    assert call(sim, "PATCH", WEB, TWO).json()["spec"]["replicas"] == 2
    assert call(sim, "GET", WEB).json()["spec"]["replicas"] == 3
    sim.api.switches.clear()
    assert call(sim, "GET", WEB).json()["spec"]["replicas"] == 2


def test_a_new_stale_switch_does_not_remember_what_the_last_one_saw(sim: Simulator) -> None:
    sim.api.switches.add(mode="stale", resource="deployments.apps")
    assert call(sim, "GET", WEB).json()["spec"]["replicas"] == 3
    call(sim, "PATCH", WEB, TWO)
    sim.api.switches.clear()
    sim.api.switches.add(mode="stale", resource="deployments.apps")
    assert call(sim, "GET", WEB).json()["spec"]["replicas"] == 2


def test_a_mode_that_is_none_is_refused(sim: Simulator) -> None:
    with pytest.raises(ValueError, match="mode must be one of refuse"):
        sim.api.switches.add(mode="explode")
