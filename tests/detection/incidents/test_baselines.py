"""Which revisions were seen fully available."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detection.failures.rollback_evidence import history_of
from detection.incidents.baselines import available_workloads, load_baselines, save_baselines
from detection.models import Cluster, WorkloadBaseline
from tests.detection.builders import NOW, snapshot_of


def observed(*entries: dict[str, Any]) -> list[Any]:
    return available_workloads(snapshot_of(*entries))


def test_a_fully_available_workload_is_recorded_with_the_hash_of_its_newest_revision() -> None:
    resources = {"limits": {"memory": "1Gi"}}
    shape = [{"name": "app", "resources": resources}]
    snapshot = snapshot_of({"deployment": "a", "replicas": 3, "containers": shape})
    (seen,) = available_workloads(snapshot)
    assert (seen.replicas, seen.resources) == (3, {"app": resources})
    assert seen.first_available == NOW - timedelta(days=20)
    assert seen.template_hash == history_of(snapshot, seen.owner)[0].hash


@pytest.mark.parametrize("kind", ["statefulset", "daemonset"])
def test_a_controller_revision_and_its_owner_have_the_same_hash(kind: str) -> None:
    snapshot = snapshot_of({kind: "a"})
    (seen,) = available_workloads(snapshot)
    assert seen.template_hash == history_of(snapshot, seen.owner)[0].hash


@pytest.mark.parametrize(
    "entry",
    [
        {"deployment": "a", "pods": [{}, {"state": "unready"}]},
        {"deployment": "a", "replicas": 0},
        {"deployment": "a", "pods": [{}, {"age": "30s"}]},
        {"deployment": "a", "revisions": [{"image": "a:1", "replicas": 1, "pods": [{}]},
                                          {"image": "a:2", "pods": [{}]}]},
        {"deployment": "a", "status": {"observedGeneration": 0}},
    ],
)  # fmt: skip
def test_what_is_not_fully_available_for_a_minute_is_no_proof(entry: dict[str, Any]) -> None:
    assert observed(entry) == []


@pytest.mark.django_db
def test_a_baseline_keeps_when_it_was_first_available() -> None:
    cluster = Cluster.objects.create(name="c")
    snapshot = snapshot_of({"deployment": "a"})
    save_baselines(cluster, available_workloads(snapshot), NOW)
    later = snapshot_of({"deployment": "a", "pods": [{"age": "1h"}, {"age": "1h"}]})
    save_baselines(cluster, available_workloads(later), NOW)
    row = WorkloadBaseline.objects.get()
    assert row.first_available == NOW - timedelta(days=20)
    ((owner_uid, (loaded,)),) = load_baselines(cluster).items()
    assert owner_uid == loaded.owner.uid
    assert loaded.replicas == 2
