"""Dry runs: validated and admitted like the real thing, and nothing is changed."""

from typing import Any

import pytest

from tests.contract.objects import configmap, deployment, eviction, image_patch, pod, quota
from tests.contract.target import Space, eventually

DRY: dict[str, Any] = {"dryRun": "All"}


def test_a_dry_create_answers_with_the_object_and_makes_none(space: Space) -> None:
    answer = space.create("configmaps", configmap("dry", a="1"), **DRY)
    assert answer.status == 201
    assert answer.body["metadata"]["uid"]
    assert space.get("configmaps", "dry").status == 404


@pytest.mark.parametrize("kind", ["merge", "strategic"])
def test_a_dry_patch_answers_with_the_result_and_changes_nothing(space: Space, kind: str) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    before = space.get("deployments", "web").ok()["spec"]
    patch = {"spec": {"replicas": 3}}
    answer = space.api.patch(space.path("deployments", "web"), patch, kind, **DRY)  # type: ignore[arg-type]
    assert answer.ok()["spec"]["replicas"] == 3
    assert space.get("deployments", "web").ok()["spec"] == before


def test_a_dry_delete_deletes_nothing(space: Space) -> None:
    space.create("configmaps", configmap("kept")).ok()
    assert space.api.delete(space.path("configmaps", "kept"), **DRY).status == 200
    assert space.get("configmaps", "kept").status == 200


def test_a_dry_delete_by_options_deletes_nothing(space: Space) -> None:
    space.create("configmaps", configmap("kept")).ok()
    assert space.api.delete(space.path("configmaps", "kept"), {"dryRun": ["All"]}).status == 200
    assert space.get("configmaps", "kept").status == 200


def test_a_dry_eviction_leaves_the_pod(space: Space) -> None:
    space.create("pods", pod("web")).ok()
    (before,) = space.running(1)
    body = eviction("web", space.name, dryRun=["All"])
    answer = space.api.create(space.path("pods", "web", "eviction"), body)
    assert answer.status == 201
    after = space.get("pods", "web").ok()
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert "deletionTimestamp" not in after["metadata"]


def test_a_dry_scale_scales_nothing(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    path = space.path("deployments", "web", "scale")
    answer = space.api.patch(path, {"spec": {"replicas": 4}}, "merge", **DRY)
    assert answer.ok()["spec"]["replicas"] == 4
    assert space.get("deployments", "web").ok()["spec"]["replicas"] == 0


def test_an_invalid_patch_is_invalid_in_a_dry_run_too(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    path = space.path("deployments", "web")
    answer = space.api.patch(path, {"spec": {"replicas": -1}}, "merge", **DRY)
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert "must be greater than or equal to 0" in answer.message


def test_a_quota_refuses_in_a_dry_run_too(space: Space) -> None:
    space.create("resourcequotas", quota(pods="0")).ok()
    counted = eventually(
        lambda: space.get("resourcequotas", "limits").ok().get("status", {}).get("hard"), "quota"
    )
    assert counted == {"pods": "0"}
    answer = space.create("pods", pod("web"), **DRY)
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert answer.message == (
        'pods "web" is forbidden: exceeded quota: limits, requested: pods=1, used: pods=0, '
        "limited: pods=0"
    )


def test_a_reader_may_not_even_in_a_dry_run(space: Space) -> None:
    space.create("deployments", deployment(replicas=0)).ok()
    path = space.path("deployments", "web")
    assert space.reader.patch(path, image_patch("nginx:1.28"), **DRY).status == 403


def test_a_dry_run_of_another_name_is_refused(space: Space) -> None:
    answer = space.create("configmaps", configmap("dry"), dryRun="Some")
    assert answer.status in (400, 422)
    assert "dryRun" in answer.message
    assert space.get("configmaps", "dry").status == 404
