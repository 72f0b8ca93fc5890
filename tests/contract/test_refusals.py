"""Refusals: the status code, the reason and the words of each."""

import pytest

from tests.contract.objects import configmap, deployment, pod, quota
from tests.contract.target import Space, eventually
from tests.controlplane.rest import Answer


def test_an_object_that_is_not_there_is_404_with_its_resource_and_name(space: Space) -> None:
    answer = space.get("pods", "none")
    assert (answer.status, answer.reason) == (404, "NotFound")
    assert answer.message == 'pods "none" not found'
    assert answer.body["kind"] == "Status"
    assert answer.body["status"] == "Failure"
    assert answer.body["code"] == 404
    assert answer.body["details"] == {"name": "none", "kind": "pods"}


def test_an_object_of_a_group_names_the_group_in_its_404(space: Space) -> None:
    answer = space.get("deployments", "none")
    assert answer.message == 'deployments.apps "none" not found'
    assert answer.body["details"] == {"name": "none", "group": "apps", "kind": "deployments"}


def test_a_resource_that_is_not_served_is_404_without_a_status_name(space: Space) -> None:
    answer = space.api.get("/apis/metrics.k8s.io/v1beta1/pods")
    assert answer.status == 404
    unknown = space.api.get(f"/apis/apps/v1/namespaces/{space.name}/nonsenses")
    assert (unknown.status, unknown.reason) == (404, "NotFound")
    assert unknown.message == "the server could not find the requested resource"


def test_a_second_object_of_the_name_is_409_already_exists(space: Space) -> None:
    space.create("configmaps", configmap("one")).ok()
    answer = space.create("configmaps", configmap("one"))
    assert (answer.status, answer.reason) == (409, "AlreadyExists")
    assert answer.message == 'configmaps "one" already exists'


def test_a_namespace_that_is_not_there_is_404_for_what_is_created_in_it(space: Space) -> None:
    answer = space.api.create("/api/v1/namespaces/nowhere/configmaps", configmap("one"))
    assert (answer.status, answer.reason) == (404, "NotFound")
    assert answer.message == 'namespaces "nowhere" not found'


@pytest.mark.parametrize(
    ("verb", "method", "resource", "group"),
    [
        ("delete", "DELETE", "pods", ""),
        ("patch", "PATCH", "deployments", "apps"),
        ("update", "PUT", "deployments", "apps"),
    ],
)
def test_what_a_reader_may_not_is_403_with_user_verb_resource_and_namespace(
    space: Space, verb: str, method: str, resource: str, group: str
) -> None:
    body = None if method == "DELETE" else deployment("x")
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    answer = space.reader.call(method, space.path(resource, "x"), body, content_type=kind)
    qualified = f"{resource}.{group}" if group else resource
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert answer.message == (
        f'{qualified} "x" is forbidden: User "{space.reader_name}" cannot {verb} resource '
        f'"{resource}" in API group "{group}" in the namespace "{space.name}"'
    )


def test_what_a_reader_may_not_list_is_403_without_a_name(space: Space) -> None:
    answer = space.reader.get(f"/api/v1/namespaces/{space.name}/secrets")
    assert answer.status == 403
    assert answer.message == (
        f'secrets is forbidden: User "{space.reader_name}" cannot list resource "secrets" '
        f'in API group "" in the namespace "{space.name}"'
    )


def test_a_subresource_stands_in_the_refusal(space: Space) -> None:
    path = space.path("deployments", "web", "scale")
    answer = space.reader.patch(path, {"spec": {"replicas": 1}}, "merge")
    assert answer.status == 403
    assert 'cannot patch resource "deployments/scale" in API group "apps"' in answer.message


def test_a_reader_reads(space: Space) -> None:
    assert space.reader.get(space.path("pods")).status == 200
    assert space.reader.get(space.path("deployments")).status == 200


def test_a_self_access_review_says_what_the_reader_may(space: Space) -> None:
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    def allowed(verb: str, resource: str, group: str = "") -> bool:
        wanted = {"namespace": space.name, "verb": verb, "resource": resource, "group": group}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": wanted},
        }
        return bool(space.reader.create(reviews, body).ok()["status"]["allowed"])

    assert allowed("list", "pods")
    assert not allowed("delete", "pods")
    assert not allowed("patch", "deployments", "apps")


def test_an_invalid_object_is_422_with_a_cause_for_each_field(space: Space) -> None:
    body = deployment(replicas=-1)
    body["spec"]["template"]["spec"]["containers"][0]["image"] = ""
    answer = space.create("deployments", body)
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert answer.message.startswith('Deployment.apps "web" is invalid: ')
    causes = {one["field"]: one["reason"] for one in answer.body["details"]["causes"]}
    assert causes["spec.replicas"] == "FieldValueInvalid"
    assert causes["spec.template.spec.containers[0].image"] == "FieldValueRequired"


def test_a_name_that_is_none_is_422(space: Space) -> None:
    answer = space.create("configmaps", configmap("Not_A_Name"))
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert answer.body["details"]["causes"][0]["field"] == "metadata.name"


def test_a_body_that_is_no_object_is_a_bad_request(space: Space) -> None:
    answer = space.api.call("POST", space.path("configmaps"), "nonsense")
    assert (answer.status, answer.reason) == (400, "BadRequest")


def test_a_method_that_a_resource_lacks_is_405(space: Space) -> None:
    answer = space.api.call("POST", space.path("pods", "web"), pod("web"))
    assert (answer.status, answer.reason) == (405, "MethodNotAllowed")


def test_a_quota_without_room_is_403_for_what_is_created(space: Space) -> None:
    space.create("resourcequotas", quota(pods="0")).ok()

    def refused() -> Answer | None:
        answer = space.create("pods", pod("web"))
        return answer if "exceeded quota" in answer.message else None

    answer = eventually(refused, "the quota refuses")
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert answer.body["details"] == {"name": "web", "kind": "pods"}
