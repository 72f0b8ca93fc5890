"""Patches: JSON, merge, strategic merge, and apply."""

from tests.contract.objects import GOOD, OTHER_UID, configmap, container, deployment, image_patch
from tests.contract.target import Space
from tests.controlplane.rest import Json


def made(space: Space) -> Json:
    body: Json = space.create("configmaps", configmap("settings", a="1", b="2")).ok()
    return body


def test_a_json_patch_tests_replaces_adds_and_removes(space: Space) -> None:
    made(space)
    patch = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "replace", "path": "/data/a", "value": "9"},
        {"op": "add", "path": "/data/c", "value": "3"},
        {"op": "remove", "path": "/data/b"},
    ]
    patched = space.api.patch(space.path("configmaps", "settings"), patch, "json").ok()
    assert patched["data"] == {"a": "9", "c": "3"}


def test_a_json_patch_whose_test_fails_is_refused_as_invalid(space: Space) -> None:
    before = made(space)
    patch = [
        {"op": "test", "path": "/data/a", "value": "7"},
        {"op": "remove", "path": "/data/b"},
    ]
    answer = space.api.patch(space.path("configmaps", "settings"), patch, "json")
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert space.get("configmaps", "settings").ok() == before


def test_a_json_patch_that_removes_what_is_not_there_is_refused_as_invalid(space: Space) -> None:
    made(space)
    patch = [{"op": "remove", "path": "/data/zzz"}]
    answer = space.api.patch(space.path("configmaps", "settings"), patch, "json")
    assert (answer.status, answer.reason) == (422, "Invalid")


def test_a_merge_patch_merges_maps_and_removes_by_null(space: Space) -> None:
    made(space)
    patch = {"data": {"a": None, "c": "3"}}
    patched = space.api.patch(space.path("configmaps", "settings"), patch, "merge").ok()
    assert patched["data"] == {"b": "2", "c": "3"}


def test_a_merge_patch_replaces_lists_whole(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    containers = [container("other")]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    patched = space.api.patch(space.path("deployments", "web"), patch, "merge").ok()
    assert [one["name"] for one in patched["spec"]["template"]["spec"]["containers"]] == ["other"]


def test_a_strategic_patch_merges_containers_by_name(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    path = space.path("deployments", "web")
    sidecar = {"name": "sidecar", "image": "busybox:1.36"}
    with_sidecar = {"spec": {"template": {"spec": {"containers": [sidecar]}}}}
    space.api.patch(path, with_sidecar).ok()
    patched = space.api.patch(path, image_patch("nginx:1.28")).ok()
    containers = patched["spec"]["template"]["spec"]["containers"]
    found = {one["name"]: one["image"] for one in containers}
    assert found == {"web": "nginx:1.28", "sidecar": "busybox:1.36"}


def test_a_strategic_patch_deletes_a_container_by_directive(space: Space) -> None:
    body = deployment(replicas=0)
    body["spec"]["template"]["spec"]["containers"].append(container("sidecar"))
    space.create("deployments", body).ok()
    gone = {"$patch": "delete", "name": "sidecar"}
    patch = {"spec": {"template": {"spec": {"containers": [gone]}}}}
    patched = space.api.patch(space.path("deployments", "web"), patch).ok()
    assert [one["name"] for one in patched["spec"]["template"]["spec"]["containers"]] == ["web"]


def test_a_strategic_patch_merges_environment_variables_by_name(space: Space) -> None:
    body = deployment(replicas=0)
    environment = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    body["spec"]["template"]["spec"]["containers"][0]["env"] = environment
    space.create("deployments", body).ok()
    one = {"name": "web", "env": [{"name": "B", "value": "9"}]}
    patch = {"spec": {"template": {"spec": {"containers": [one]}}}}
    patched = space.api.patch(space.path("deployments", "web"), patch).ok()
    (found,) = patched["spec"]["template"]["spec"]["containers"]
    assert {each["name"]: each["value"] for each in found["env"]} == {"A": "1", "B": "9"}


def test_a_patch_that_changes_nothing_leaves_the_version(space: Space) -> None:
    before = made(space)
    after = space.api.patch(
        space.path("configmaps", "settings"), {"data": {"a": "1"}}, "merge"
    ).ok()
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


def test_the_generation_rises_with_the_spec_and_not_with_a_label(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    path = space.path("deployments", "web")
    first = space.get("deployments", "web").ok()["metadata"]["generation"]
    labelled = space.api.patch(path, {"metadata": {"labels": {"x": "y"}}}, "merge").ok()
    patched = space.api.patch(path, image_patch("nginx:1.28")).ok()
    assert labelled["metadata"]["generation"] == first
    assert patched["metadata"]["generation"] == first + 1


def test_a_patch_of_what_is_not_there_is_404(space: Space) -> None:
    answer = space.api.patch(space.path("deployments", "none"), image_patch(GOOD))
    assert (answer.status, answer.reason) == (404, "NotFound")
    assert answer.message == 'deployments.apps "none" not found'


def test_a_patch_with_a_stale_version_is_a_conflict(space: Space) -> None:
    stale = made(space)["metadata"]["resourceVersion"]
    path = space.path("configmaps", "settings")
    space.api.patch(path, {"data": {"c": "3"}}, "merge").ok()
    late = {"metadata": {"resourceVersion": stale}, "data": {"a": "9"}}
    answer = space.api.patch(path, late, "merge")
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert answer.message == (
        'Operation cannot be fulfilled on configmaps "settings": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


def test_a_patch_for_another_uid_is_invalid(space: Space) -> None:
    made(space)
    other = {"metadata": {"uid": OTHER_UID}, "data": {"a": "9"}}
    answer = space.api.patch(space.path("configmaps", "settings"), other, "merge")
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert answer.message == (
        f'ConfigMap "settings" is invalid: metadata.uid: Invalid value: "{OTHER_UID}": '
        "field is immutable"
    )
    assert space.get("configmaps", "settings").ok()["data"] == {"a": "1", "b": "2"}


def test_a_patch_to_an_immutable_field_is_invalid(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    patch = [{"op": "replace", "path": "/spec/selector/matchLabels/app", "value": "other"}]
    answer = space.api.patch(space.path("deployments", "web"), patch, "json")
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert "field is immutable" in answer.message


def test_a_patch_of_an_unknown_type_is_415(space: Space) -> None:
    made(space)
    path = space.path("configmaps", "settings")
    answer = space.api.call("PATCH", path, {"data": {}}, content_type="application/json")
    assert (answer.status, answer.reason) == (415, "UnsupportedMediaType")


def test_an_unknown_field_is_refused_where_validation_is_strict(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    path = space.path("deployments", "web")
    patch = {"spec": {"replicsa": 3}}
    answer = space.api.patch(path, patch, fieldValidation="Strict")
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert 'unknown field "spec.replicsa"' in answer.message
    assert space.api.patch(path, patch, fieldValidation="Ignore").status == 200


def test_apply_creates_and_a_second_manager_conflicts_unless_it_forces(space: Space) -> None:
    path, body = space.path("configmaps", "applied"), configmap("applied", a="1")
    assert space.api.patch(path, body, "apply", fieldManager="first").status == 201
    other = configmap("applied", a="2")
    answer = space.api.patch(path, other, "apply", fieldManager="second")
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert 'conflict with "first"' in answer.message
    forced = space.api.patch(path, other, "apply", fieldManager="second", force="true").ok()
    assert forced["data"] == {"a": "2"}
