"""Crash loops: which kind, since when, and whether the newest revision brought them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detection.domain.baselines import Baseline
from detection.domain.causes import Cause, Severity
from detection.domain.facts import ContainerFacts, MemoryFacts
from detection.domain.findings import Finding
from detection.failures import Context, Dwell, Metrics
from detection.failures.rollback_evidence import history_of
from tests.detection.builders import NOW, crash, incidents, objects, snapshot_from, snapshot_of

OLD = {"image": "a:1", "age": "30d", "replicas": 2, "pods": [{"count": 2}]}
GONE = {"image": "a:1", "age": "30d", "replicas": 0, "pods": []}


def new(**more: Any) -> dict[str, Any]:
    pods = [{"age": "10m", "containers": crash(**more)}]
    return {"image": "a:2", "age": "10m", "pods": pods}


def only(*entries: Any, context: Context | None = None) -> Finding:
    (found,) = incidents(snapshot_of(*entries), context)
    return found


def test_a_new_revision_that_crashes_beside_an_old_one_that_serves_is_a_bad_release() -> None:
    found = only({"deployment": "a", "revisions": [OLD, new()]})
    assert found.cause == Cause.BAD_RELEASE
    assert found.severity == Severity.WARNING
    assert found.revision is not None
    assert (found.revision.borne, found.revision.proven, found.revision.proof) == (
        True, 1, "replicaset",
    )  # fmt: skip
    assert found.revision.changed == ("containers[app].image: a:1 → a:2",)
    assert found.facts.of(ContainerFacts).exit_code == 1


def test_an_older_revision_without_any_proof_is_named_but_not_proven() -> None:
    found = only({"deployment": "a", "revisions": [GONE, new()]})
    assert found.revision is not None
    assert (found.cause, found.severity) == (Cause.BAD_RELEASE, Severity.CRITICAL)
    assert (found.revision.borne, found.revision.older, found.revision.proven) == (True, 1, None)


def test_our_own_record_proves_an_older_revision() -> None:
    snapshot = snapshot_of({"deployment": "a", "revisions": [GONE, new()]})
    owner = snapshot.deployments[0].ref
    older = history_of(snapshot, owner)[1]
    seen = Baseline(owner, older.hash, NOW - timedelta(days=9), NOW - timedelta(hours=1), 2)
    (found,) = incidents(snapshot, Context(NOW, baselines={owner.uid: [seen]}))
    assert found.revision is not None
    assert (found.revision.proven, found.revision.proof) == (1, "baseline")


def test_prometheus_proves_an_older_revision() -> None:
    snapshot = snapshot_of({"deployment": "a", "revisions": [GONE, new()]})
    name = snapshot.replicasets_of(snapshot.deployments[0].metadata.uid)[0].metadata.name
    metrics = Metrics(ready_replicasets=frozenset({("shop", name)}))
    (found,) = incidents(snapshot, Context(NOW, metrics=metrics))
    assert found.revision is not None
    assert found.revision.proof == "prometheus"


def test_the_newest_proven_revision_is_the_one_to_go_back_to() -> None:
    bad = {"image": "a:0", "age": "20m", "replicas": 0, "pods": []}
    found = only({"deployment": "a", "revisions": [OLD, bad, new()]})
    assert found.revision is not None
    assert (found.revision.older, found.revision.proven) == (2, 1)


def test_a_crashing_old_replicaset_proves_nothing() -> None:
    flapping = {"age": "30d", "containers": crash(), "conditions": {"Ready": {"age": "5s"}}}
    old = {"image": "a:1", "age": "30d", "replicas": 1, "pods": [flapping]}
    found = only({"deployment": "a", "replicas": 1, "revisions": [old, new()]})
    assert found.cause in (Cause.CRASH_NO_HISTORY, Cause.CRASH_STABLE_REVISION)
    assert found.revision is not None
    assert not found.revision.borne


def test_a_plain_restart_is_no_release() -> None:
    restarted = {"templateAnnotations": {"kubectl.kubernetes.io/restartedAt": "x"}}
    after = new() | {"image": "a:1"} | restarted
    found = only({"deployment": "a", "revisions": [OLD, after]})
    assert found.cause == Cause.CRASH_STABLE_REVISION
    assert found.revision is not None
    assert found.revision.older is None


def test_a_revision_that_completed_its_rollout_long_ago_is_stable() -> None:
    late = {"image": "a:2", "age": "9d", "stuck": False}
    pods = [{"count": 2, "age": "9d", "containers": crash()}]
    found = only({"deployment": "a", "revisions": [GONE, late | {"pods": pods}]})
    assert found.cause == Cause.CRASH_STABLE_REVISION
    assert found.revision is not None
    assert not found.revision.borne


def test_a_rollout_that_completed_for_a_moment_is_not_stable() -> None:
    found = only({"deployment": "a", "revisions": [OLD, new() | {"stuck": False}]})
    assert found.cause == Cause.BAD_RELEASE


def test_pods_that_ran_for_days_before_they_crash_are_stable_without_any_condition() -> None:
    pods = [{"containers": crash()}]
    found = only({"statefulset": "a", "age": "9d", "replicas": 1, "pods": pods})
    assert found.cause == Cause.CRASH_STABLE_REVISION


def test_a_crash_loop_that_lasts_for_days_did_not_run_well_before() -> None:
    """2 days of back-off at five minutes each are about 570 restarts."""
    long = {"age": "2d", "containers": crash(restarts=570, ended="2m")}
    old = {"image": "a:1", "age": "90d", "pods": [{"count": 3}]}
    late = {"image": "a:2", "age": "2d", "pods": [long]}
    found = only({"daemonset": "a", "revisions": [old, late]})
    assert found.cause == Cause.BAD_RELEASE


def test_the_first_revision_of_all_has_no_history() -> None:
    found = only({"deployment": "a", "age": "10m", "pods": [{"age": "10m", "containers": crash()}]})
    assert found.cause == Cause.CRASH_NO_HISTORY


def test_a_deployment_that_was_never_available_has_no_revision_to_go_back_to() -> None:
    never = {"Available": {"status": "False", "age": "50m"}}
    old = {"image": "a:1", "age": "50m", "replicas": 0, "pods": []}
    found = only({"deployment": "a", "age": "50m", "conditions": never, "revisions": [old, new()]})
    assert found.cause == Cause.CRASH_NO_HISTORY


@pytest.mark.parametrize(
    "told",
    [
        {"waiting": "CrashLoopBackOff", "exit": 128, "reason": "StartError"},
        {"waiting": "RunContainerError", "exit": 127, "reason": "ContainerCannotRun"},
        {"waiting": "CrashLoopBackOff", "exit": 126, "reason": "Error"},
        {"waiting": "CreateContainerError"},
    ],
)
def test_a_command_that_can_not_be_started(told: dict[str, Any]) -> None:
    state = {"app": {"restarts": 6, "ended": "1m", **told}}
    revision = {"image": "a:1", "age": "10m", "pods": [{"age": "10m", "containers": state}]}
    found = only({"deployment": "a", "revisions": [OLD | {"image": "a:0"}, revision]})
    assert found.cause == Cause.BAD_COMMAND


def test_another_architecture_is_no_bad_command() -> None:
    told = crash(endMessage="exec /app: exec format error", exit=255)
    revision = {"image": "a:2", "age": "10m", "pods": [{"age": "10m", "containers": told}]}
    assert only({"deployment": "a", "revisions": [OLD, revision]}).cause == Cause.WRONG_ARCH


def test_an_init_container_that_crashes() -> None:
    state = {"setup": crash()["app"], "app": {"waiting": "PodInitializing"}}
    revision = {"image": "a:2", "age": "10m", "pods": [{"age": "10m", "containers": state}]}
    entry = {"deployment": "a", "initContainers": [{"name": "setup"}], "revisions": [OLD, revision]}
    found = only(entry)
    assert found.cause == Cause.INIT_CRASH
    assert found.facts.of(ContainerFacts).init is True


def test_a_native_sidecar_that_crashes_is_no_init_container() -> None:
    sidecar = {"name": "mesh", "restartPolicy": "Always"}
    state = {"mesh": crash()["app"]}
    revision = {"image": "a:2", "age": "10m", "pods": [{"age": "10m", "containers": state}]}
    found = only({"deployment": "a", "initContainers": [sidecar], "revisions": [OLD, revision]})
    assert found.cause == Cause.BAD_RELEASE
    assert found.facts.container == "mesh"


def test_two_restarts_within_a_minute_are_no_incident_yet() -> None:
    state = crash(restarts=1, ended="5s")
    revision = {"image": "a:2", "age": "15s", "pods": [{"age": "15s", "containers": state}]}
    assert incidents(snapshot_of({"deployment": "a", "revisions": [OLD, revision]})) == []


def test_the_third_restart_opens_at_once() -> None:
    state = crash(restarts=3, ended="1s")
    revision = {"image": "a:2", "age": "50s", "pods": [{"age": "50s", "containers": state}]}
    assert only({"deployment": "a", "revisions": [OLD, revision]}).cause == Cause.BAD_RELEASE


def test_forty_restarts_that_ended_days_ago_are_nothing() -> None:
    state = {"app": {"restarts": 40, "exit": 1, "ended": "9d", "ran": "2m", "running": "9d"}}
    pods = [{"state": "ready", "containers": state}]
    assert incidents(snapshot_of({"deployment": "a", "replicas": 1, "pods": pods})) == []


def test_one_crash_after_weeks_is_nothing_although_it_restarted_often_before() -> None:
    state = {"app": {"restarts": 40, "exit": 1, "ended": "20s", "ran": "20d", "running": "15s"}}
    pods = [{"state": "ready", "containers": state, "since": "12s"}]
    entry = {"deployment": "a", "replicas": 1, "age": "60d", "pods": pods}
    assert incidents(snapshot_of(entry)) == []


def test_pods_that_are_on_their_way_out_fail_nobody() -> None:
    pods = [{"count": 2}, {"state": "terminating", "containers": crash()}]
    assert incidents(snapshot_of({"deployment": "a", "pods": pods})) == []


def test_pods_of_a_replicaset_that_is_taken_down_fail_nobody() -> None:
    old = {"image": "a:1", "age": "9d", "replicas": 0, "pods": [{"containers": crash()}]}
    snapshot = snapshot_of({"deployment": "a", "revisions": [old, {"image": "a:2", "age": "1h"}]})
    assert incidents(snapshot) == []


def test_a_finished_job_fails_nobody_by_its_pods() -> None:
    job = {"job": "j", "result": {"Complete": {}}, "pods": [{"containers": crash()}]}
    assert incidents(snapshot_of(job)) == []


def test_a_bare_pod_keeps_its_specific_cause_in_the_evidence() -> None:
    found = only({"pod": "p", "age": "20m", "status": crash()})
    assert found.cause == Cause.BARE_POD_FAILING
    assert found.facts.specific == "CRASH_NO_HISTORY"
    assert found.evidence[0].text.startswith("CRASH_NO_HISTORY")


def test_fifty_pods_of_one_owner_are_one_incident() -> None:
    pods = [{"count": 50, "age": "10m", "containers": crash()}]
    stuck = {"Progressing": {"status": "False", "reason": "ProgressDeadlineExceeded", "age": "1m"}}
    revision = {"image": "a:2", "age": "10m", "pods": pods}
    entry = {"deployment": "a", "replicas": 50, "conditions": stuck, "revisions": [OLD, revision]}
    found = only(entry)
    assert found.cause == Cause.BAD_RELEASE
    assert found.facts.pods == 50
    assert "ROLLOUT_STALLED" in found.facts.also


def test_dwell_times_can_be_set() -> None:
    state = crash(restarts=1, ended="5s")
    revision = {"image": "a:2", "age": "15s", "pods": [{"age": "15s", "containers": state}]}
    entry = {"deployment": "a", "revisions": [OLD, revision]}
    context = Context(NOW, dwell=Dwell().scaled(0.05))
    assert only(entry, context=context).cause == Cause.BAD_RELEASE


def oom(**more: Any) -> dict[str, Any]:
    return crash(exit=137, reason="OOMKilled", ran="90s") | more


def limited(limit: str) -> dict[str, Any]:
    resources = {"limits": {"memory": limit}} if limit else {}
    return {"containers": [{"name": "app", "image": "a:1", "resources": resources}]}


def test_out_of_memory_names_the_limit_and_what_the_metrics_saw() -> None:
    entry = {"deployment": "a", **limited("256Mi"), "pods": [{}, {"containers": oom()}]}
    metrics = Metrics(memory_ratios={("Deployment", "shop", "a", "app"): 0.97})
    found = only(entry, context=Context(NOW, metrics=metrics))
    assert found.cause == Cause.OOM_LIMIT_LOW
    assert (
        found.facts.of(MemoryFacts).memory_limit,
        found.facts.of(MemoryFacts).working_set_ratio,
    ) == ("256Mi", 0.97)
    assert found.revision is not None
    assert not found.revision.borne


def test_a_limit_that_the_newest_revision_lowered_is_revision_borne() -> None:
    old = {"age": "9d", "replicas": 2, "template": limited("1Gi"), "pods": [{"count": 2}]}
    pods = [{"age": "10m", "containers": oom()}]
    late = {"age": "10m", "template": limited("64Mi"), "pods": pods}
    found = only({"deployment": "a", "revisions": [old, late]})
    assert found.facts.of(MemoryFacts).limit_lowered is True
    assert found.revision is not None
    assert found.revision.borne


def test_a_limit_that_was_raised_within_a_day_is_told() -> None:
    old = {"age": "9d", "replicas": 0, "template": limited("64Mi"), "pods": []}
    pods = [{"age": "5h", "containers": oom()}]
    new_one = {"age": "5h", "stuck": False, "template": limited("1Gi"), "pods": pods}
    found = only({"deployment": "a", "replicas": 1, "revisions": [old, new_one]})
    assert found.facts.of(MemoryFacts).raised_at is not None
    assert found.facts.of(MemoryFacts).limit_lowered is False


def test_several_replicas_that_were_killed_once_each_are_a_loop() -> None:
    state = {"app": {"exit": 137, "reason": "OOMKilled", "ended": "3m", "ran": "9m",
                     "running": "3m", "restarts": 1}}  # fmt: skip
    pods = [{"state": "ready", "count": 3, "containers": state}]
    assert only({"deployment": "a", "replicas": 3, "pods": pods}).cause == Cause.OOM_LIMIT_LOW


def test_one_kill_is_no_loop() -> None:
    state = {"app": {"exit": 137, "reason": "OOMKilled", "ended": "3m", "ran": "2h",
                     "running": "3m", "restarts": 1}}  # fmt: skip
    pods = [{"state": "ready", "containers": state}]
    assert incidents(snapshot_of({"deployment": "a", "replicas": 1, "pods": pods})) == []


def test_without_timestamps_a_crash_loop_is_still_found() -> None:
    found = objects([{"deployment": "a", "revisions": [OLD, new()]}])
    for item in found:
        for status in item["status"].get("containerStatuses", []) if "status" in item else []:
            for state in (status["state"], status["lastState"]):
                for part in state.values():
                    part.pop("startedAt", None)
                    part.pop("finishedAt", None)
    (one,) = incidents(snapshot_from(found))
    assert one.cause == Cause.BAD_RELEASE
