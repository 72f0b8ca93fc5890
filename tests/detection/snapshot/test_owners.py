"""Owners by UID, and the indexes."""

from __future__ import annotations

from typing import Any

from detection.domain.findings import ObjectRef
from detection.snapshot.selectors import selecting_in
from tests.detection.builders import objects, snapshot_from, snapshot_of


def pods_by_owner(snapshot: Any) -> dict[str, str]:
    return {pod.metadata.name: str(snapshot.top_owner(pod)) for pod in snapshot.pods}


def test_a_pod_belongs_to_the_deployment_above_its_replicaset() -> None:
    snapshot = snapshot_of({"deployment": "cart"})
    assert set(pods_by_owner(snapshot).values()) == {"shop/Deployment/cart"}
    owner = snapshot.top_owner(snapshot.pods[0])
    assert len(snapshot.pods_of(owner.uid)) == 2


def test_a_jobs_pod_belongs_to_the_cronjob() -> None:
    snapshot = snapshot_of({"cronjob": "nightly", "jobs": [{"pods": [{}]}]})
    assert set(pods_by_owner(snapshot).values()) == {"shop/CronJob/nightly"}


def test_an_unknown_kind_is_named_as_the_owner() -> None:
    snapshot = snapshot_of({"rollout": "payments"})
    assert set(pods_by_owner(snapshot).values()) == {"shop/Rollout/payments"}


def test_a_static_pod_is_its_own_owner() -> None:
    snapshot = snapshot_of({"static_pod": "etcd", "node": "node-a"})
    assert list(pods_by_owner(snapshot).values()) == ["kube-system/Pod/etcd-node-a"]


def test_an_owner_of_the_same_name_but_another_uid_is_another_object() -> None:
    found = objects([{"deployment": "cart"}])
    for item in found:
        if item["kind"] == "ReplicaSet":
            item["metadata"]["uid"] = "made-anew"
    snapshot = snapshot_from(found)
    owner = snapshot.top_owner(snapshot.pods[0])
    assert owner.kind == "ReplicaSet"
    assert snapshot.get(owner) is None


def test_a_reference_that_is_no_controller_owns_nothing() -> None:
    found = objects([{"deployment": "cart"}])
    for item in found:
        for ref in item["metadata"].get("ownerReferences", []):
            ref["controller"] = False
    snapshot = snapshot_from(found)
    assert {snapshot.top_owner(pod).kind for pod in snapshot.pods} == {"Pod"}


def test_owners_in_a_circle_come_to_an_end() -> None:
    found = objects([{"replicaset": "a"}, {"replicaset": "b"}])
    sets = {item["spec"]["template"]["metadata"]["labels"]["app"]: item
            for item in found if item["kind"] == "ReplicaSet"}  # fmt: skip
    for one, other in (("a", "b"), ("b", "a")):
        meta = sets[other]["metadata"]
        ref = {"kind": "ReplicaSet", "name": meta["name"], "uid": meta["uid"], "controller": True}
        sets[one]["metadata"]["ownerReferences"] = [ref]
    snapshot = snapshot_from(found)
    assert {snapshot.top_owner(pod).kind for pod in snapshot.pods} == {"ReplicaSet"}


def test_get_by_uid_never_returns_an_object_of_the_same_name() -> None:
    snapshot = snapshot_of({"deployment": "cart"})
    assert snapshot.get(ObjectRef("Deployment", "shop", "cart", "other")) is None
    assert snapshot.get(ObjectRef("Deployment", "shop", "cart")) is not None


def test_replicasets_come_by_revision() -> None:
    old, new = {"image": "a:1", "pods": []}, {"image": "a:2"}
    snapshot = snapshot_of({"deployment": "cart", "revisions": [old, new]})
    uid = snapshot.deployments[0].metadata.uid
    numbers = [
        rs.metadata.annotations["deployment.kubernetes.io/revision"]
        for rs in snapshot.replicasets_of(uid)
    ]
    assert numbers == ["1", "2"]


def test_ready_counts_pods_where_a_status_is_missing() -> None:
    found = objects([{"deployment": "cart", "replicas": 3}])
    for item in found:
        if item["kind"] == "Deployment":
            item["status"] = {}
    snapshot = snapshot_from(found)
    assert snapshot.ready_of(snapshot.deployments[0].ref) == (3, 3)


def test_services_and_scalers_are_found_from_what_they_point_to() -> None:
    keda = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"scaleTargetRef": {"name": "cart"}},
    }
    snapshot = snapshot_of(
        {"deployment": "cart"}, {"service": "cart"}, {"service": "other"}, {"raw": keda},
        {"hpa": "stock"}, {"deployment": "stock"},
    )  # fmt: skip
    (pod, *_) = snapshot.pods
    assert [s.metadata.name for s in selecting_in(snapshot).services_of(pod)] == ["cart"]
    found = {d.metadata.name: selecting_in(snapshot).scaler_of(d.ref) for d in snapshot.deployments}
    assert {name: type(scaler).__name__ for name, scaler in found.items()} == {
        "cart": "ScaledObject",
        "stock": "HorizontalPodAutoscaler",
    }


def test_a_budget_with_an_empty_selector_is_about_all_pods_and_one_without_about_none() -> None:
    def budget(name: str, spec: dict[str, Any]) -> dict[str, Any]:
        meta = {"name": name, "namespace": "shop"}
        return {"raw": {"kind": "PodDisruptionBudget", "metadata": meta, "spec": spec}}

    snapshot = snapshot_of(
        {"pod": "p"}, budget("all", {"selector": {}}), budget("none", {"selector": None})
    )
    assert [b.metadata.name for b in selecting_in(snapshot).pdbs_of(snapshot.pods[0])] == ["all"]


def test_events_of_an_object_come_newest_last() -> None:
    about = {"kind": "Pod", "name": "p"}
    snapshot = snapshot_of(
        {"pod": "p"},
        {"event": "B", "about": about, "message": "new", "age": "1m"},
        {"event": "A", "about": about, "message": "old", "age": "9m"},
    )
    reasons = [e.reason for e in snapshot.events_of(snapshot.pods[0].metadata.uid)]
    assert reasons == ["A", "B"]


def test_the_owner_map_names_each_pods_top_owner() -> None:
    snapshot = snapshot_of({"pod": "alone"})
    assert snapshot.owner_map()["shop/alone"].kind == "Pod"
