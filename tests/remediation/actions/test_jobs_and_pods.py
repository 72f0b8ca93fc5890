"""Attacks on rerun_job and clean_failed_pods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import Conflict
from remediation.cluster import writer
from remediation.cluster.writer import Session
from remediation.execution import dry_run_and_write
from remediation.execution.dry_run_and_write import NothingToChange, Refusal
from remediation.execution.strategies.rerun_job import job_of, rerun_name
from tests.remediation.actions.conftest import Bench

IDEMPOTENT = {"metadata": {"annotations": {"kubewise.io/idempotent": "true"}}}
NAMED = {"name": "settlement", "namespace": "payments"}


@pytest.fixture
def job(bench: Bench) -> Iterator[ObjectRef]:
    """A Job that failed; made anew for each test."""
    fault = bench.simulator.inject("job_failed", began_seconds_ago=900)
    yield bench.ref("Job", "payments", "settlement")
    fault.clear(datetime.now(UTC))
    for item in writer.list_of(Session(bench.root), "Job", "payments", ""):
        if item["metadata"]["name"].startswith("settlement"):
            bench.made.append(f"/apis/batch/v1/namespaces/payments/jobs/{item['metadata']['name']}")


def test_a_job_without_the_mark_of_intent_is_never_run_again(bench: Bench, job: ObjectRef) -> None:
    with pytest.raises(Refusal, match="idempotent"):
        bench.does("rerun_job", job, **NAMED)
    assert bench.changed == []


def test_a_marked_job_is_run_once_as_a_new_job_that_the_old_one_controls(
    bench: Bench, job: ObjectRef
) -> None:
    bench.change(job, IDEMPOTENT)
    response = bench.does("rerun_job", job, **NAMED)
    assert bench.changed == ["create jobs.batch"]
    made = bench.get(bench.ref("Job", "payments", response["created"]))
    [owner] = made["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == (job.uid, True)
    assert writer.attempt_of(made) == "7"


def test_a_mark_that_is_taken_away_after_the_dry_run_stops_it(bench: Bench, job: ObjectRef) -> None:
    bench.change(job, IDEMPOTENT)
    candidate, rehearsal = bench.rehearse("rerun_job", job, **NAMED)
    bench.change(job, {"metadata": {"annotations": {"kubewise.io/idempotent": None}}})
    session = Session(bench.writer)
    seen = dry_run_and_write.compare(session, job, rehearsal)
    with pytest.raises(writer.ObjectChanged, match="idempotent"):
        dry_run_and_write.carry_out(
            session, candidate, job, seen, rehearsal, datetime.now(UTC), "7"
        )
    assert bench.changed == []


def test_a_second_delivery_of_the_same_attempt_makes_no_second_job(
    bench: Bench, job: ObjectRef
) -> None:
    bench.change(job, IDEMPOTENT)
    candidate, rehearsal = bench.rehearse("rerun_job", job, **NAMED)
    session, now = Session(bench.writer), datetime.now(UTC)
    seen = dry_run_and_write.compare(session, job, rehearsal)
    for _ in range(2):
        dry_run_and_write.carry_out(session, candidate, job, seen, rehearsal, now, "7")
    assert bench.changed == ["create jobs.batch"]


def test_a_job_of_somebody_else_under_that_name_is_a_conflict(bench: Bench, job: ObjectRef) -> None:
    bench.change(job, IDEMPOTENT)
    stranger = job_of(job, bench.get(job), "7")
    stranger["metadata"]["annotations"] = {}
    bench.make("/apis/batch/v1/namespaces/payments/jobs", stranger)
    with pytest.raises(Conflict):
        bench.does("rerun_job", job, **NAMED)


def test_the_new_jobs_name_fits_a_label_whatever_the_old_ones_length() -> None:
    name = rerun_name("a" * 50 + "." + "b" * 40, "123456")
    assert len(name) <= 63
    assert name.endswith("-rerun-123456")
    assert rerun_name("x" * 51 + "-.-", "1234").startswith("x" * 51 + "-rerun")


# clean_failed_pods


def failed_pod(bench: Bench, name: str, owner: ObjectRef | None, phase: str = "Failed") -> str:
    """A pod that is over, as a kubelet leaves it after an eviction."""
    above = {"apiVersion": "apps/v1", "kind": owner.kind, "name": owner.name, "uid": owner.uid,
             "controller": True} if owner else None  # fmt: skip
    body: dict[str, Any] = {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"nodeName": "node-9", "containers": [{"name": "a", "image": "nginx"}]},
    }
    made = bench.make("/api/v1/namespaces/shop/pods", body)
    path = f"/api/v1/namespaces/shop/pods/{name}/status"
    status = {"status": {"phase": phase, "reason": "Evicted"}}
    bench.root.request("PATCH", path, None, status, "application/merge-patch+json")
    if above:  # now that it is over: its controller would end it as one too many
        owned = {"metadata": {"ownerReferences": [above]}}
        bench.root.request(
            "PATCH", path.removesuffix("/status"), None, owned, "application/merge-patch+json"
        )
    return str(made["metadata"]["uid"])


def replicaset_of(bench: Bench, name: str) -> ObjectRef:
    owner = bench.ref("Deployment", "shop", name)
    for item in writer.list_of(Session(bench.root), "ReplicaSet", "shop", ""):
        refs = item["metadata"].get("ownerReferences") or []
        if refs and refs[0]["uid"] == owner.uid:
            return ObjectRef(
                "ReplicaSet", "shop", item["metadata"]["name"], item["metadata"]["uid"]
            )
    raise AssertionError(name)


def names(bench: Bench) -> set[str]:
    body = json.loads(bench.root.get("/api/v1/namespaces/shop/pods"))
    return {item["metadata"]["name"] for item in body["items"]}


def test_only_the_owners_failed_pods_are_removed_and_by_eviction(bench: Bench) -> None:
    cart, web = replicaset_of(bench, "cart"), replicaset_of(bench, "web")
    failed_pod(bench, "cart-over", cart)
    failed_pod(bench, "web-over", web)
    failed_pod(bench, "bare-over", None)
    job = ObjectRef("Job", "shop", "j", "job-uid")
    failed_pod(bench, "job-over", job)
    before = names(bench)
    owner = bench.ref("Deployment", "shop", "cart")
    response = bench.does("clean_failed_pods", owner, namespace="shop")
    assert before - names(bench) == {"cart-over"}
    assert [pod["name"] for pod in response["removed"]] == ["cart-over"]
    assert len(bench.changed) == 1
    assert "evict" in bench.changed[0]


def test_where_nothing_is_over_it_is_refused_as_empty(bench: Bench) -> None:
    with pytest.raises(NothingToChange):
        bench.does("clean_failed_pods", bench.ref("Deployment", "shop", "cart"), namespace="shop")


def test_a_pod_of_the_same_name_that_is_not_over_is_left(bench: Bench) -> None:
    failed_pod(bench, "cart-over", replicaset_of(bench, "cart"))

    def replaced() -> None:
        path = "/api/v1/namespaces/shop/pods/cart-over"
        bench.root.request("DELETE", path, None, {"gracePeriodSeconds": 0})
        failed_pod(bench, "cart-over", replicaset_of(bench, "cart"), phase="Running")

    owner = bench.ref("Deployment", "shop", "cart")
    response = bench.does("clean_failed_pods", owner, meanwhile=replaced, namespace="shop")
    assert response["removed"] == []
    assert bench.changed == []
