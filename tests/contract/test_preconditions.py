"""Preconditions: what was seen must still be so."""

from tests.contract.objects import OTHER_UID, configmap, pod
from tests.contract.target import Space, eventually


def test_a_replacement_with_a_stale_version_is_a_conflict(space: Space) -> None:
    seen = space.create("configmaps", configmap("one", a="1")).ok()
    path = space.path("configmaps", "one")
    space.api.patch(path, {"data": {"a": "2"}}, "merge").ok()
    answer = space.api.replace(path, seen)
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert "the object has been modified" in answer.message
    assert space.get("configmaps", "one").ok()["data"] == {"a": "2"}


def test_a_replacement_without_a_version_is_unconditional(space: Space) -> None:
    space.create("configmaps", configmap("one", a="1")).ok()
    path = space.path("configmaps", "one")
    assert space.api.replace(path, configmap("one", a="9")).ok()["data"] == {"a": "9"}


def test_a_delete_for_another_uid_is_a_conflict(space: Space) -> None:
    uid = space.create("configmaps", configmap("one")).ok()["metadata"]["uid"]
    path = space.path("configmaps", "one")
    answer = space.api.delete(path, {"preconditions": {"uid": OTHER_UID}})
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert answer.message.startswith("Operation cannot be fulfilled on ")
    assert OTHER_UID in answer.message
    assert uid in answer.message
    assert space.api.delete(path, {"preconditions": {"uid": uid}}).status == 200


def test_a_delete_of_a_stale_version_is_a_conflict(space: Space) -> None:
    stale = space.create("configmaps", configmap("one")).ok()["metadata"]["resourceVersion"]
    path = space.path("configmaps", "one")
    space.api.patch(path, {"data": {"a": "2"}}, "merge").ok()
    answer = space.api.delete(path, {"preconditions": {"resourceVersion": stale}})
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert answer.message.startswith("Operation cannot be fulfilled on ")
    assert stale in answer.message


def test_a_running_pod_that_is_deleted_is_first_marked_and_then_gone(space: Space) -> None:
    space.create("pods", pod("web")).ok()
    space.running(1)
    answer = space.api.delete(space.path("pods", "web"), {"gracePeriodSeconds": 1})
    assert answer.status == 200
    assert answer.body["metadata"]["deletionTimestamp"]
    assert answer.body["metadata"]["deletionGracePeriodSeconds"] == 1
    eventually(lambda: space.get("pods", "web").status == 404, "the pod is gone")


def test_a_pod_deleted_with_grace_zero_is_gone_at_once(space: Space) -> None:
    space.create("pods", pod("web")).ok()
    space.running(1)
    assert space.api.delete(space.path("pods", "web"), {"gracePeriodSeconds": 0}).status == 200
    assert space.get("pods", "web").status == 404


def test_a_finalizer_keeps_what_is_deleted_until_it_is_taken_away(space: Space) -> None:
    body = configmap("held")
    body["metadata"]["finalizers"] = ["kubewise.test/hold"]
    space.create("configmaps", body).ok()
    path = space.path("configmaps", "held")
    assert space.api.delete(path).status == 200
    assert space.api.get(path).ok()["metadata"]["deletionTimestamp"]
    space.api.patch(path, {"metadata": {"finalizers": None}}, "merge").ok()
    assert space.api.get(path).status == 404


def test_a_replacement_for_another_uid_is_a_conflict(space: Space) -> None:
    space.create("configmaps", configmap("one", a="1")).ok()
    body = configmap("one", a="9")
    body["metadata"]["uid"] = OTHER_UID
    answer = space.api.replace(space.path("configmaps", "one"), body)
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert "Precondition failed: UID in precondition" in answer.message
