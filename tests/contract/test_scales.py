"""The scale subresource."""

from tests.contract.objects import deployment
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Json


def with_status(space: Space, status: Json) -> Json | None:
    scale: Json = space.get("deployments", "web", "scale").ok()
    return scale if scale["status"] == status else None


def test_the_scale_tells_the_replicas_and_the_selector(space: Space) -> None:
    made = space.create("deployments", deployment(replicas=2)).ok()
    space.running(2)
    whole = {"replicas": 2, "selector": "app=web"}
    scale = eventually(lambda: with_status(space, whole), "the pods are counted")
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert scale["metadata"]["uid"] == made["metadata"]["uid"]
    assert scale["spec"] == {"replicas": 2}


def test_a_patched_scale_scales_the_deployment(space: Space) -> None:
    space.create("deployments", deployment(replicas=1)).ok()
    path = space.path("deployments", "web", "scale")
    patched = space.api.patch(path, {"spec": {"replicas": 3}}, "merge").ok()
    assert patched["spec"]["replicas"] == 3
    assert space.get("deployments", "web").ok()["spec"]["replicas"] == 3
    assert len(space.running(3)) == 3


def test_a_scale_to_nothing_ends_every_pod(space: Space) -> None:
    space.create("deployments", deployment(replicas=2)).ok()
    space.running(2)
    path = space.path("deployments", "web", "scale")
    patched = space.api.patch(path, {"spec": {"replicas": 0}}, "merge").ok()
    assert patched["spec"] == {}, "a zero is left out of a Scale's spec"
    space.running(0)


def test_a_replaced_scale_with_a_stale_version_is_a_conflict(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    path = space.path("deployments", "web", "scale")
    stale = space.api.get(path).ok()
    space.api.patch(path, {"spec": {"replicas": 1}}, "merge").ok()
    answer = space.api.replace(path, stale | {"spec": {"replicas": 2}})
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert "the object has been modified" in answer.message


def test_fewer_than_no_replicas_are_invalid(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    path = space.path("deployments", "web", "scale")
    answer = space.api.patch(path, {"spec": {"replicas": -1}}, "merge")
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert "must be greater than or equal to 0" in answer.message


def test_the_scale_of_what_is_not_there_is_404(space: Space) -> None:
    answer = space.get("deployments", "none", "scale")
    assert (answer.status, answer.reason) == (404, "NotFound")
    assert answer.message == 'deployments.apps "none" not found'
