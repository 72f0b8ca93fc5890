"""A StatefulSet's pod of a revision that was taken back: nothing replaces it by itself."""

from __future__ import annotations

from typing import Any

from detection.domain.causes import Cause
from detection.domain.facts import UpdateFacts
from remediation.planning.candidates import candidates
from remediation.planning.situation import situation_of
from remediation.playbooks import playbook_of
from remediation.playbooks.base import Verdict
from tests.detection.builders import NOW, incidents, objects, snapshot_from

CRASHES = {"waiting": "CrashLoopBackOff", "exit": 1, "ended": "40s", "ran": "3s", "restarts": 6}
LEFT = {"ordinal": 2, "age": "20m", "containers": {"app": CRASHES}}


def taken_back(hash_alone: bool = False) -> list[dict[str, Any]]:
    """db:1 again for all, but db-2 is of db:2 still."""
    revisions = [
        {"image": "db:2", "age": "20m", "pods": [LEFT]},
        {"image": "db:1", "age": "5m", "pods": [{"count": 2, "age": "60d"}]},
    ]
    found = objects([{"statefulset": "db", "replicas": 3, "age": "60d", "revisions": revisions}])
    for item in found:
        if item["kind"] == "StatefulSet":
            item["status"]["currentRevision"] = item["status"]["updateRevision"]
        elif item["kind"] == "Pod" and hash_alone:
            labels = item["metadata"]["labels"]
            name = labels["controller-revision-hash"]
            labels["controller-revision-hash"] = name.rpartition("-")[2]
    return found


def test_it_is_what_the_statefulset_waits_for_and_no_crash_of_the_revision_that_it_has_now() -> (
    None
):
    for hash_alone in (False, True):
        [found] = incidents(snapshot_from(taken_back(hash_alone)))
        assert (found.cause, found.owner.name) == (Cause.STS_STUCK_UPDATE, "db")
        assert found.facts.of(UpdateFacts).left_behind


def test_its_eviction_is_offered_to_people_and_no_second_rollback() -> None:
    snapshot = snapshot_from(taken_back())
    [found] = incidents(snapshot)
    offered = candidates(found, snapshot, NOW)
    assert [item.action for item in offered] == ["restart_pod", "escalate"]
    assert offered[0].target.name == "db-2"
    situation = situation_of(found, snapshot, NOW)
    assert playbook_of(found.cause).mode(situation) == Verdict.ASK


def test_a_pod_of_the_revision_that_is_wanted_is_none() -> None:
    pods = [{"count": 2}, {"ordinal": 2, "age": "20m", "state": "unready", "since": "15m"}]
    found = incidents(snapshot_from(objects([{"statefulset": "db", "replicas": 3, "pods": pods}])))
    assert all(not item.facts.of(UpdateFacts).left_behind for item in found)
    assert {item.cause for item in found} == {Cause.HUNG_REPLICA}
