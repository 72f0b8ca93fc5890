"""Attacks on adjust_resources, raise_hpa_max and expand_pvc."""

from __future__ import annotations

from typing import Any

import pytest

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import Forbidden, KubernetesError
from remediation.actions.parameters import MEBIBYTE, quantity_amount
from remediation.cluster.writer import ObjectChanged
from remediation.execution.dry_run_and_write import NothingToChange, Refusal
from tests.remediation.actions.conftest import Bench

NAMED = {"name": "catalog", "namespace": "shop"}
CONTAINER = {**NAMED, "container": "catalog"}


@pytest.fixture
def catalog(bench: Bench) -> ObjectRef:
    return bench.ref("Deployment", "shop", "catalog")


def resources(bench: Bench, ref: ObjectRef) -> dict[str, Any]:
    found: dict[str, Any] = bench.get(ref)["spec"]["template"]["spec"]["containers"][0]["resources"]
    return found


def limit(bench: Bench, ref: ObjectRef, factor: float) -> str:
    """`factor` times the present memory limit; 1: the very text that stands."""
    present = str(resources(bench, ref)["limits"]["memory"])
    return present if factor == 1 else f"{int(quantity_amount(present) * factor / MEBIBYTE)}Mi"


def test_a_raised_limit_is_one_patch_of_that_field_and_its_inverse_is_what_stood(
    bench: Bench, catalog: ObjectRef
) -> None:
    before, wanted = resources(bench, catalog), limit(bench, catalog, 1.5)
    _, rehearsal = bench.rehearse("adjust_resources", catalog, **CONTAINER, memory_limit=wanted)
    former = before["limits"]["memory"]
    assert [line.rpartition(": ")[2] for line in rehearsal.diff] == [f"{former} → {wanted}"]
    assert rehearsal.inverse == {
        "action": "adjust_resources", "parameters": {**CONTAINER, "memory_limit": former}
    }  # fmt: skip
    bench.does("adjust_resources", catalog, **CONTAINER, memory_limit=wanted)
    after = {**before, "limits": {**before["limits"], "memory": wanted}}
    assert resources(bench, catalog) == after, "nothing else of the container changed"
    assert bench.changed == ["patch deployments.apps"]


def test_a_limit_that_is_so_already_is_an_empty_diff_and_refused(
    bench: Bench, catalog: ObjectRef
) -> None:
    with pytest.raises(NothingToChange):
        bench.rehearse("adjust_resources", catalog, **CONTAINER,
                       memory_limit=limit(bench, catalog, 1))  # fmt: skip


@pytest.mark.parametrize("factor", [2.1, 0.4])
def test_a_step_beyond_half_and_twice_what_stands_is_refused(
    bench: Bench, catalog: ObjectRef, factor: float
) -> None:
    with pytest.raises(Refusal, match="half and twice"):
        bench.does("adjust_resources", catalog, **CONTAINER,
                   memory_limit=limit(bench, catalog, factor))  # fmt: skip
    assert bench.changed == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({**NAMED, "container": "other", "memory_limit": "1Gi"}, "no container other"),
        (CONTAINER, "no request and no limit"),
    ],
)
def test_what_does_not_fit_the_owner_is_refused(
    bench: Bench, catalog: ObjectRef, given: dict[str, str], reason: str
) -> None:
    with pytest.raises(Refusal, match=reason):
        bench.does("adjust_resources", catalog, **given)
    assert bench.changed == []


def test_a_request_above_the_limit_is_refused_by_the_server_at_the_dry_run(
    bench: Bench, catalog: ObjectRef
) -> None:
    bench.change(catalog, {"spec": {"template": {"spec": {"containers": [_tight()]}}}})
    with pytest.raises(KubernetesError, match="less than or equal to memory limit"):
        bench.does("adjust_resources", catalog, **CONTAINER, memory_request="150Mi")
    assert bench.changed == []


def _tight() -> dict[str, Any]:
    both = {"memory": "100Mi", "cpu": "100m"}
    return {
        "name": "catalog", "image": "registry.example.com/shop/catalog:v2.1.0",
        "resources": {"requests": both, "limits": both},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "spec", "reason"),
    [
        ("limitranges", {"limits": [{"type": "Container", "max": {"memory": "64Mi"}}]}, "LimitR"),
        ("resourcequotas", {"hard": {"limits.memory": "64Mi"}}, "ResourceQuota"),
    ],
)
def test_pods_that_could_never_be_made_are_foreseen(
    bench: Bench, catalog: ObjectRef, kind: str, spec: dict[str, Any], reason: str
) -> None:
    made = {"metadata": {"name": "tight", "namespace": "shop"}, "spec": spec}
    bench.make(f"/api/v1/namespaces/shop/{kind}", made)
    if kind == "resourcequotas":
        ref = bench.ref("ResourceQuota", "shop", "tight")
        _until(lambda: (bench.get(ref).get("status") or {}).get("hard"))
    with pytest.raises(Refusal, match=reason):
        bench.does("adjust_resources", catalog, **CONTAINER,
                   memory_limit=limit(bench, catalog, 1.5))  # fmt: skip
    assert bench.changed == []


def _until(look: Any) -> None:
    from tests.remediation.steps import wait_for

    wait_for("the controller", look)


def test_a_limit_that_no_node_can_hold_is_refused(bench: Bench, catalog: ObjectRef) -> None:
    big = _tight()
    big["resources"] = {"limits": {"memory": "31Gi"}, "requests": {"memory": "1Gi"}}
    bench.change(catalog, {"spec": {"template": {"spec": {"containers": [big]}}}})
    with pytest.raises(Refusal, match="more than any node"):
        bench.does("adjust_resources", catalog, **CONTAINER, memory_limit="40Gi")
    bench.change(catalog, {"spec": {"template": {"spec": {"containers": [_tight()]}}}})


def test_a_spec_that_changed_after_the_dry_run_is_left_alone(
    bench: Bench, catalog: ObjectRef
) -> None:
    def someone_scales() -> None:
        bench.change(catalog, {"spec": {"minReadySeconds": 3}})

    with pytest.raises(ObjectChanged):
        bench.does("adjust_resources", catalog, meanwhile=someone_scales, **CONTAINER,
                   memory_limit=limit(bench, catalog, 1.5))  # fmt: skip
    assert bench.changed == []


# raise_hpa_max


@pytest.fixture
def hpa(bench: Bench) -> ObjectRef:
    return bench.ref("HorizontalPodAutoscaler", "shop", "web")


def test_the_maximum_is_raised_on_the_autoscaler_alone(bench: Bench, hpa: ObjectRef) -> None:
    web = bench.ref("Deployment", "shop", "web")
    most = bench.get(hpa)["spec"]["maxReplicas"]
    bench.does("raise_hpa_max", web, hpa, name="web", namespace="shop", max_replicas=most + 2)
    assert bench.get(hpa)["spec"]["maxReplicas"] == most + 2
    assert bench.changed == ["patch horizontalpodautoscalers.autoscaling"]


@pytest.mark.parametrize(("change", "reason"), [(-1, "only raises"), (99, "more than 2 times")])
def test_a_maximum_beyond_its_bounds_is_refused(
    bench: Bench, hpa: ObjectRef, change: int, reason: str
) -> None:
    web = bench.ref("Deployment", "shop", "web")
    most = bench.get(hpa)["spec"]["maxReplicas"] + change
    with pytest.raises(Refusal, match=reason):
        bench.does("raise_hpa_max", web, hpa, name="web", namespace="shop", max_replicas=most)
    assert bench.changed == []


def test_an_autoscaler_of_another_owner_is_not_touched(bench: Bench, hpa: ObjectRef) -> None:
    cart = bench.ref("Deployment", "shop", "cart")
    with pytest.raises(Refusal, match="does not scale"):
        bench.does("raise_hpa_max", cart, hpa, name="web", namespace="shop", max_replicas=12)
    assert bench.changed == []


# expand_pvc


@pytest.fixture
def claim(bench: Bench) -> ObjectRef:
    return bench.ref("PersistentVolumeClaim", "shop", "data-orders-db-0")


def test_a_claim_grows_once_and_never_shrinks(bench: Bench, claim: ObjectRef) -> None:
    named = {"name": claim.name, "namespace": "shop"}
    bench.does("expand_pvc", claim, **named, size="30Gi")
    assert bench.get(claim)["spec"]["resources"]["requests"]["storage"] == "30Gi"
    assert bench.changed == ["patch persistentvolumeclaims"]
    for size, reason in (("20Gi", "not more"), ("30Gi", "not more"), ("90Gi", "twice")):
        with pytest.raises(Refusal, match=reason):
            bench.does("expand_pvc", claim, **named, size=size)
        assert bench.changed == []


def test_a_storage_class_that_does_not_allow_it_refuses_the_dry_run(
    bench: Bench,
) -> None:
    claim = bench.ref("PersistentVolumeClaim", "shop", "data-orders-db-1")
    name = bench.get(claim)["spec"]["storageClassName"]
    path = f"/apis/storage.k8s.io/v1/storageclasses/{name}"
    bench.root.request("PATCH", path, None, {"allowVolumeExpansion": False},
                       "application/merge-patch+json")  # fmt: skip
    with pytest.raises(Forbidden, match="support resize"):
        bench.does("expand_pvc", claim, name=claim.name, namespace="shop", size="30Gi")
    assert bench.changed == []
