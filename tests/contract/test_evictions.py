"""Evictions: allowed, refused by a PodDisruptionBudget, and of what is not there."""

from typing import Any

from tests.contract.objects import OTHER_UID, budget, deployment, eviction, pod
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Answer


def evict(space: Space, name: str, **options: Any) -> Answer:
    path = space.path("pods", name, "eviction")
    return space.api.create(path, eviction(name, space.name, **options))


def counted(space: Space, name: str, allowed: int) -> None:
    """Wait until the controller has counted the budget's pods."""

    def look() -> bool:
        status = space.get("poddisruptionbudgets", name).ok().get("status", {})
        return bool(status.get("observedGeneration")) and status["disruptionsAllowed"] == allowed

    eventually(look, f"budget {name} allows {allowed}")


def test_an_eviction_without_a_budget_ends_the_pod(space: Space) -> None:
    space.create("deployments", deployment(replicas=1)).ok()
    (before,) = space.running(1)
    answer = evict(space, before["metadata"]["name"])
    assert answer.status == 201
    assert (answer.body["kind"], answer.body["status"]) == ("Status", "Success")
    eventually(
        lambda: space.get("pods", before["metadata"]["name"]).status == 404, "the pod is gone"
    )
    (after,) = space.running(1)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


def test_a_budget_that_allows_one_lets_one_go_and_refuses_the_second(space: Space) -> None:
    space.create("deployments", deployment(replicas=2)).ok()
    first, second = [one["metadata"]["name"] for one in space.running(2)]
    space.create("poddisruptionbudgets", budget("one", "web", minAvailable=1)).ok()
    counted(space, "one", 1)
    assert evict(space, first).status == 201
    assert evict(space, second).status == 429


def test_a_budget_that_allows_none_refuses_with_429_and_says_how_many_it_needs(
    space: Space,
) -> None:
    space.create("deployments", deployment(replicas=2)).ok()
    name = space.running(2)[0]["metadata"]["name"]
    space.create("poddisruptionbudgets", budget("all", "web", minAvailable=2)).ok()
    counted(space, "all", 0)
    answer = evict(space, name)
    assert (answer.status, answer.reason) == (429, "TooManyRequests")
    assert answer.message == "Cannot evict pod as it would violate the pod's disruption budget."
    (cause,) = answer.body["details"]["causes"]
    assert cause == {
        "reason": "DisruptionBudget",
        "message": "The disruption budget all needs 2 healthy pods and has 2 currently",
    }
    assert "deletionTimestamp" not in space.get("pods", name).ok()["metadata"]


def test_a_refused_eviction_is_refused_in_a_dry_run_too(space: Space) -> None:
    space.create("deployments", deployment(replicas=1)).ok()
    name = space.running(1)[0]["metadata"]["name"]
    space.create("poddisruptionbudgets", budget("all", "web", maxUnavailable=0)).ok()
    counted(space, "all", 0)
    assert evict(space, name, dryRun=["All"]).status == 429


def test_two_budgets_for_one_pod_are_an_error_of_the_server(space: Space) -> None:
    space.create("deployments", deployment(replicas=1)).ok()
    name = space.running(1)[0]["metadata"]["name"]
    for each in ("one", "two"):
        space.create("poddisruptionbudgets", budget(each, "web", maxUnavailable=1)).ok()
    answer = evict(space, name)
    assert answer.status == 500
    assert "more than one PodDisruptionBudget" in answer.message


def test_a_pod_that_never_ran_is_evicted_whatever_the_budget(space: Space) -> None:
    body = pod("web")
    body["spec"]["nodeSelector"] = {"kubewise.test/none": "such"}
    space.create("pods", body).ok()
    space.create("poddisruptionbudgets", budget("all", "web", maxUnavailable=0)).ok()
    assert evict(space, "web").status == 201
    eventually(lambda: space.get("pods", "web").status == 404, "the pod is gone")


def test_an_eviction_of_a_pod_that_is_not_there_is_404(space: Space) -> None:
    answer = evict(space, "none")
    assert (answer.status, answer.reason) == (404, "NotFound")
    assert answer.message == 'pods "none" not found'


def test_an_eviction_for_another_uid_is_a_conflict(space: Space) -> None:
    space.create("pods", pod("web")).ok()
    space.running(1)
    assert evict(space, "web", preconditions={"uid": OTHER_UID}).status == 409
    assert space.get("pods", "web").status == 200


def test_a_budget_tells_what_it_counted(space: Space) -> None:
    space.create("deployments", deployment(replicas=3)).ok()
    space.running(3)
    space.create("poddisruptionbudgets", budget("most", "web", maxUnavailable="34%")).ok()
    counted(space, "most", 2)
    status = space.get("poddisruptionbudgets", "most").ok()["status"]
    found = {name: status[name] for name in ("currentHealthy", "desiredHealthy", "expectedPods")}
    assert found == {"currentHealthy": 3, "desiredHealthy": 1, "expectedPods": 3}
