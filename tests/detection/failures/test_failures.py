"""The failures beside crashes: by structure, with their dwell, and silent where all is well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from detection.domain.causes import Cause, Severity
from detection.domain.facts import (
    ConfigurationFacts,
    ImageFacts,
    JobFacts,
    ReadinessFacts,
    ScaledDownFacts,
    SchedulingFacts,
)
from detection.domain.findings import Finding
from detection.failures import FAILURES, Context, Metrics, find_all, registry
from detection.failures.docs_table import failures_page
from detection.failures.registry import Failure
from tests.detection.builders import NOW, incidents, objects, snapshot_from, snapshot_of

Entry = dict[str, Any]
OLD: Entry = {"image": "r.io/a:1", "age": "9d", "replicas": 2, "pods": [{"count": 2}]}


def only(*entries: Entry, context: Context | None = None) -> Finding:
    (found,) = incidents(snapshot_of(*entries), context)
    return found


def none(*entries: Entry) -> bool:
    return incidents(snapshot_of(*entries)) == []


def unpulled(message: str = "not found", age: str = "6m", **more: Any) -> Entry:
    state = {"app": {"waiting": "ImagePullBackOff", "message": message}}
    return {"age": age, "containers": state, **more}


# Images


def test_an_image_that_is_missing_on_the_newest_revision_is_revision_borne() -> None:
    new = {"image": "r.io/a:2", "age": "6m", "pods": [unpulled()]}
    found = only({"deployment": "a", "revisions": [OLD, new]})
    assert (found.cause, found.severity) == (Cause.IMAGE_NOT_FOUND, Severity.WARNING)
    assert found.revision is not None
    assert found.revision.borne
    assert found.facts.of(ImageFacts).registry == "r.io"


def test_going_back_does_not_help_where_the_older_revision_names_the_same_image() -> None:
    new = {"image": "r.io/a:1", "age": "6m", "template": {"hostNetwork": True}}
    found = only({"deployment": "a", "revisions": [OLD, new | {"pods": [unpulled()]}]})
    assert found.revision is not None
    assert not found.revision.borne


def test_an_image_that_vanished_under_an_old_revision_is_not_revision_borne() -> None:
    older = {"image": "r.io/a:0", "age": "90d", "replicas": 0, "pods": []}
    stable = {"image": "r.io/a:1", "age": "9d", "stuck": False, "pods": [{}, unpulled()]}
    found = only({"deployment": "a", "revisions": [older, stable]})
    assert found.cause == Cause.IMAGE_NOT_FOUND
    assert found.revision is not None
    assert not found.revision.borne


def test_a_pull_that_failed_half_a_minute_ago_is_no_incident_yet() -> None:
    new = {"image": "r.io/a:2", "age": "30s", "pods": [unpulled(age="30s")]}
    assert none({"deployment": "a", "revisions": [OLD, new]})


def test_refused_credentials_never_carry_a_rollback() -> None:
    new = {"image": "r.io/a:2", "age": "6m", "pods": [unpulled("401 Unauthorized")]}
    found = only({"deployment": "a", "revisions": [OLD, new]})
    assert found.cause == Cause.PULL_UNAUTHORIZED
    assert found.revision is not None
    assert not found.revision.borne


def test_a_node_without_space_is_no_fault_of_the_image() -> None:
    new = {"image": "r.io/a:2", "age": "6m", "pods": [unpulled("no space left on device")]}
    assert none({"deployment": "a", "revisions": [OLD, new]})


def test_two_owners_that_share_a_pull_secret_are_one_incident_on_it() -> None:
    secrets = [{"name": "cred"}, {"name": "other"}]
    refused = {"replicas": 1, "imagePullSecrets": secrets,
               "pods": [unpulled("401 Unauthorized", name="p")]}  # fmt: skip
    says = {"event": "FailedToRetrieveImagePullSecret", "about": {"kind": "Pod", "name": "p"},
            "message": "Unable to retrieve pull secrets (cred)", "age": "1m"}  # fmt: skip
    found = only({"deployment": "a", **refused}, {"deployment": "b", **refused}, says)
    assert (found.owner.kind, found.owner.name) == ("Secret", "cred")
    assert {ref.name for ref in found.related if ref.kind == "Deployment"} == {"a", "b"}


def test_a_registry_that_is_down_for_two_owners_is_one_incident_on_the_registry() -> None:
    down = {"replicas": 1, "image": "r.io/x:1", "pods": [unpulled("dial tcp: i/o timeout")]}
    mute = {"replicas": 1, "image": "r.io/y:1", "pods": [unpulled("Back-off pulling image")]}
    found = only({"deployment": "a", **down}, {"deployment": "b", **mute})
    assert (found.owner.kind, found.owner.name) == ("Registry", "r.io")
    assert found.cause == Cause.REGISTRY_DOWN


def test_a_registry_that_is_down_for_one_owner_stays_with_it() -> None:
    down = {"replicas": 1, "image": "r.io/x:1", "pods": [unpulled("dial tcp: i/o timeout")]}
    assert only({"deployment": "a", **down}).owner.kind == "Deployment"


# Configuration


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ('configmap "cfg" not found', Cause.CONFIGMAP_MISSING),
        ("couldn't find key url in ConfigMap shop/cfg", Cause.CONFIGMAP_MISSING),
        ('secret "cfg" not found', Cause.SECRET_MISSING),
        ("couldn't find key token in Secret shop/cfg", Cause.SECRET_MISSING),
    ],
)
def test_missing_configuration(message: str, cause: Cause) -> None:
    state = {"app": {"waiting": "CreateContainerConfigError", "message": message}}
    template = {"containers": [{"name": "app", "envFrom": [{"configMapRef": {"name": "cfg"}}]}]}
    new = {"age": "6m", "template": template, "pods": [{"age": "6m", "containers": state}]}
    found = only({"deployment": "a", "revisions": [OLD, new]})
    assert (found.cause, found.facts.of(ConfigurationFacts).missing) == (cause, "cfg")
    assert found.revision is not None
    assert found.revision.borne


def test_a_missing_configmap_of_a_volume_is_told_by_the_mount() -> None:
    pods = [{"name": "p", "age": "6m", "containers": {"app": {"waiting": "ContainerCreating"}}}]
    event = {"event": "FailedMount", "about": {"kind": "Pod", "name": "p"}, "age": "1m",
             "message": 'MountVolume.SetUp failed: configmap "cfg" not found'}  # fmt: skip
    found = only({"deployment": "a", "replicas": 1, "pods": pods}, event)
    assert found.cause == Cause.CONFIGMAP_MISSING


def test_a_configmap_that_two_owners_miss_is_one_incident_on_it() -> None:
    state = {"app": {"waiting": "CreateContainerConfigError", "message": 'configmap "c" not found'}}
    lacking = {"replicas": 1, "pods": [{"age": "6m", "containers": state}]}
    found = only({"deployment": "a", **lacking}, {"statefulset": "b", **lacking})
    assert (found.owner.kind, found.owner.name) == ("ConfigMap", "c")


# Scheduling


def pending(message: str, age: str = "5m", **more: Any) -> Entry:
    return {"state": "unschedulable", "age": age, "message": message, **more}


@pytest.mark.parametrize(
    "message",
    [
        "0/6 nodes are available: 6 Insufficient cpu.",
        "0/6 nodes are available: 1 node(s) had untolerated taint {a: }, 5 Insufficient memory. "
        "preemption: 0/6 nodes are available: 6 No preemption victims found for incoming pod.",
        "0/3 nodes are available: 3 Too many pods.",
        "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
    ],
)
def test_no_room(message: str) -> None:
    found = only({"deployment": "a", "pods": [{}, pending(message)]})
    assert (found.cause, found.severity) == (Cause.INSUFFICIENT_CAPACITY, Severity.WARNING)


def test_what_only_the_preemption_part_says_is_no_lack_of_room() -> None:
    message = ("0/6 nodes are available: 6 node(s) didn't match Pod's node affinity/selector. "
               "preemption: 0/6 nodes are available: 6 Insufficient cpu.")  # fmt: skip
    found = only({"deployment": "a", "pods": [{}, pending(message)]})
    assert found.cause == Cause.NODE_SELECTOR_MISMATCH


def test_a_pod_that_is_pending_for_a_minute_is_no_incident_yet() -> None:
    assert none({"deployment": "a", "pods": [{}, pending("6 Insufficient cpu", age="1m")]})


def test_a_scale_up_that_runs_is_waited_for_and_then_no_longer() -> None:
    def scaled(age: str) -> list[Entry]:
        about = {"kind": "Pod", "name": "p"}
        event = {"event": "TriggeredScaleUp", "about": about, "message": "6->7", "age": age}
        pod = pending("6 Insufficient cpu", "8m", name="p")
        return [{"deployment": "a", "pods": [{}, pod]}, event]

    assert none(*scaled("3m"))
    assert only(*scaled("7m")).facts.of(SchedulingFacts).scale_up_running is True


def test_requests_that_the_newest_revision_raised_are_revision_borne() -> None:
    def asks(cpu: str) -> Entry:
        return {"containers": [{"name": "app", "resources": {"requests": {"cpu": cpu}}}]}

    old = {"age": "9d", "replicas": 2, "template": asks("500m"), "pods": [{"count": 2}]}
    new = {"age": "6m", "template": asks("64"), "pods": [pending("6 Insufficient cpu")]}
    found = only({"deployment": "a", "revisions": [old, new]})
    assert found.revision is not None
    assert found.revision.borne


# Readiness


def unready(since: str, **more: Any) -> Entry:
    return {"state": "unready", "age": "9d", "since": since, **more}


def test_one_wedged_replica() -> None:
    pods = [{"count": 2}, unready("6m", name="p")]
    found = only({"deployment": "a", "replicas": 3, "pods": pods})
    assert found.cause == Cause.HUNG_REPLICA
    assert found.facts.pod == "p"


def test_a_replica_that_is_not_ready_for_four_minutes_is_no_incident_yet() -> None:
    assert none({"deployment": "a", "replicas": 3, "pods": [{"count": 2}, unready("4m")]})


def test_a_replica_that_never_was_ready_is_not_wedged() -> None:
    pods = [{"count": 2}, {"state": "unready", "age": "12m"}]
    assert only({"deployment": "a", "replicas": 3, "pods": pods}).cause == Cause.UNCLASSIFIED


def test_two_replicas_that_lost_their_readiness_are_not_one_wedged_replica() -> None:
    pods = [{}, unready("11m"), unready("12m")]
    assert only({"deployment": "a", "replicas": 3, "pods": pods}).cause == Cause.UNCLASSIFIED


def test_the_only_pod_of_a_new_revision_is_not_wedged() -> None:
    new = {"image": "r.io/a:2", "age": "2h", "pods": [unready("11m", age="2h")]}
    found = only({"deployment": "a", "replicas": 3, "revisions": [OLD, new]})
    assert found.cause == Cause.UNCLASSIFIED


def test_a_pod_under_pressure_is_not_wedged() -> None:
    node = {"node": "node-x", "conditions": {"DiskPressure": {"status": "True"}}}
    pods = [{"count": 2}, unready("11m", node="node-x")]
    assert only(node, {"deployment": "a", "replicas": 3, "pods": pods}).cause == Cause.DISK_PRESSURE


def test_a_readiness_gate_that_is_missing_is_not_wedged() -> None:
    gate = {"ContainersReady": {"status": "True"}}
    pods = [{"count": 2}, unready("11m", conditions=gate)]
    found = only({"deployment": "a", "replicas": 3, "pods": pods})
    assert found.cause == Cause.UNCLASSIFIED


def test_readiness_that_comes_and_goes_is_one_flapping_incident() -> None:
    event = {"event": "Unhealthy", "about": {"kind": "Pod", "name": "p"}, "age": "20s",
             "since": "1h", "count": 90, "message": "Readiness probe failed: 503"}  # fmt: skip
    found = only({"deployment": "a", "pods": [{}, unready("15s", name="p")]}, event)
    assert (found.cause, found.flapping) == (Cause.UNCLASSIFIED, True)


def test_flapping_is_also_seen_by_metrics_alone() -> None:
    metrics = Metrics(readiness_changes={("shop", "p"): 80})
    entry = {"deployment": "a", "pods": [{}, unready("15s", name="p")]}
    assert only(entry, context=Context(NOW, metrics=metrics)).flapping


def test_a_probe_that_failed_now_and_then_over_days_is_nothing() -> None:
    event = {"event": "Unhealthy", "about": {"kind": "Pod", "name": "p"}, "age": "20s",
             "since": "2d", "count": 12, "message": "Readiness probe failed: 503"}  # fmt: skip
    assert none({"deployment": "a", "pods": [{}, unready("15s", name="p")]}, event)


def test_a_workflows_pod_whose_first_container_is_done_is_nothing() -> None:
    state = {"app": {"exit": 0, "ended": "1h"}, "wait": {}}
    pod = {"pod": "wf-1", "owner": {"kind": "Workflow", "name": "wf"}, "restartPolicy": "Never",
           "containers": [{"name": "app"}, {"name": "wait"}], "status": state}  # fmt: skip
    assert none(pod | {"since": "50m"})


def test_pods_without_conditions_are_judged_by_their_containers() -> None:
    found = objects([{"deployment": "a"}, {"pod": "b"}])
    for item in found:
        if item["kind"] == "Pod":
            del item["status"]["conditions"]
    assert incidents(snapshot_from(found)) == []


def test_missing_pods_of_a_statefulset_are_not_explained_away() -> None:
    found = only({"statefulset": "a", "replicas": 3, "pods": [{}]})
    assert (
        found.cause,
        found.facts.of(ReadinessFacts).ready,
        found.facts.of(ReadinessFacts).desired,
    ) == (Cause.UNCLASSIFIED, 1, 3)


# Rollouts and scaling


STALLED = {"Progressing": {"status": "False", "reason": "ProgressDeadlineExceeded", "age": "2m"}}


def test_a_stalled_rollout_of_pods_that_run_is_revision_borne() -> None:
    new = {"image": "r.io/a:2", "age": "9m", "pods": [{"state": "unready", "age": "9m"}]}
    found = only({"deployment": "a", "conditions": STALLED, "revisions": [OLD, new]})
    assert found.cause == Cause.ROLLOUT_STALLED
    assert found.revision is not None
    assert found.revision.borne


def test_a_stalled_rollout_of_pods_that_can_not_start_is_not_rolled_back_blindly() -> None:
    waits = {"app": {"waiting": "ContainerCreating"}}
    new = {"image": "r.io/a:2", "age": "9m", "pods": [{"age": "9m", "containers": waits}]}
    found = only({"deployment": "a", "conditions": STALLED, "revisions": [OLD, new]})
    assert found.cause == Cause.ROLLOUT_STALLED
    assert found.revision is not None
    assert not found.revision.borne


def test_a_paused_rollout_does_not_stall() -> None:
    new = {"image": "r.io/a:2", "age": "9m", "pods": [{"state": "unready", "age": "9m"}]}
    paused = {"spec": {"paused": True}, "conditions": STALLED}
    assert none({"deployment": "a", **paused, "revisions": [OLD, new]})


DOWN = {"event": "ScalingReplicaSet", "about": {"kind": "Deployment", "name": "a"}, "age": "9m",
        "message": "Scaled down replica set a-5d to 0 from 3"}  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        ["down replica set a-5d to 0 from 3"],
        ["down replica set a-5d from 3 to 0"],
        ["up replica set a-5d to 3", "down replica set a-4c to 0", "down replica set a-5d to 0"],
    ],
)
def test_scaled_to_zero_by_mistake(said: list[str]) -> None:
    """Versions of the deployment controller say it in either order, or only where it went."""
    events = [
        {**DOWN, "message": f"Scaled {text}", "age": f"{20 - number}m"}
        for number, text in enumerate(said)
    ]
    found = only({"deployment": "a", "replicas": 0}, {"service": "a"}, *events)
    assert (found.cause, found.severity) == (Cause.SCALED_TO_ZERO, Severity.CRITICAL)
    assert (
        found.facts.of(ScaledDownFacts).recorded_replicas,
        found.facts.of(ScaledDownFacts).recorded_by,
    ) == (3, "event")


def test_scaled_to_zero_by_hand_is_known_from_who_did_it() -> None:
    hand = {"manager": "kubectl", "subresource": "scale", "age": "9m"}
    found = only({"deployment": "a", "replicas": 0, "managers": [hand]}, {"service": "a"})
    assert found.facts.of(ScaledDownFacts).recorded_replicas is None
    assert found.facts.of(ScaledDownFacts).recorded_by == "managed fields"


def test_scaled_to_zero_is_known_from_what_was_applied_but_not_how_many_ran() -> None:
    applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"spec":{"replicas":2}}'}
    found = only({"deployment": "a", "replicas": 0, "annotations": applied}, {"service": "a"})
    assert found.facts.of(ScaledDownFacts).recorded_replicas is None


@pytest.mark.parametrize(
    "entries",
    [
        [{"deployment": "a", "replicas": 0}, DOWN],  # nothing calls it
        [{"deployment": "a", "replicas": 0}, {"service": "a"}],  # it never had replicas
        [{"deployment": "a", "replicas": 0, "annotations": {
            "kubewise.io/intentionally-scaled-down": "true"}}, {"service": "a"}, DOWN],
        [{"deployment": "a", "replicas": 0, "annotations": {
            "downscaler/original-replicas": "3"}}, {"service": "a"}, DOWN],
        [{"deployment": "a", "replicas": 0, "labels": {
            "kustomize.toolkit.fluxcd.io/name": "x"}}, {"service": "a"}, DOWN],
        [{"deployment": "a", "replicas": 0, "managers": [
            {"manager": "argocd-controller", "age": "9d"}]}, {"service": "a"}, DOWN],
        [{"deployment": "a", "replicas": 0}, {"service": "a"}, DOWN, {"hpa": "a"}],
        [{"deployment": "a", "replicas": 0, "managers": [
            {"manager": "kubectl", "subresource": "scale", "age": "20s"}]}, {"service": "a"}, DOWN],
    ],
)  # fmt: skip
def test_zero_that_is_meant_is_nothing(entries: list[Entry]) -> None:
    assert none(*entries)


# Jobs


FAILED = {"Failed": {"reason": "BackoffLimitExceeded", "age": "5m"}}


def test_a_failed_job_is_told_by_its_condition() -> None:
    found = only({"job": "j", "result": FAILED})
    assert (found.cause, found.owner.kind, found.facts.of(JobFacts).idempotent) == (
        Cause.JOB_FAILED, "Job", False,
    )  # fmt: skip


def test_a_failed_job_of_a_cronjob_belongs_to_it_and_takes_its_annotation() -> None:
    marks = {"kubewise.io/idempotent": "true"}
    found = only({"cronjob": "c", "annotations": marks, "jobs": [{"age": "9m", "result": FAILED}]})
    assert (found.owner.kind, found.facts.of(JobFacts).idempotent) == ("CronJob", True)
    assert found.facts.of(JobFacts).job.startswith("c-")


@pytest.mark.parametrize(
    "entry",
    [
        {"job": "j", "status": {"failed": 2}, "result": {"Complete": {"age": "5m"}}},
        {"job": "j", "status": {"failed": 2, "active": 1}},
        {"job": "j", "result": {"Failed": {"status": "False"}}},
        {"cronjob": "c", "jobs": [{"age": "9h", "result": FAILED},
                                  {"age": "8h", "result": {"Complete": {}}}]},
        {"cronjob": "c", "spec": {"suspend": True}, "jobs": [{"result": FAILED}]},
    ],
)  # fmt: skip
def test_jobs_that_are_fine(entry: Entry) -> None:
    assert none(entry)


# Nodes


def lost(name: str, age: str, **more: Any) -> Entry:
    ready = {"status": "Unknown", "reason": "NodeStatusUnknown", "age": age}
    return {"node": name, "zone": f"zone-of-{name}", "ready": ready, **more}


def nodes(*found: Entry, of: int = 6, **more: Any) -> list[Entry]:
    names = {entry["node"] for entry in found}
    rest = [{"node": f"n{i}", "zone": f"z{i}"} for i in range(of) if f"n{i}" not in names]
    return [*found, *(entry | more for entry in rest)]


def causes(*entries: Entry) -> list[Cause]:
    return [found.cause for found in incidents(snapshot_of(*entries, nodes=False))]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (nodes(lost("n0", "6m")), [Cause.NODE_NOT_READY]),
        (nodes(lost("n0", "4m")), []),
        (nodes(lost("n0", "6m"), lost("n1", "2m")), [Cause.NODE_STORM]),
        (nodes(lost("n0", "30m"), lost("n1", "6m")), [Cause.NODE_NOT_READY] * 2),
        (nodes(lost("n0", "6m"), lost("n1", "6m"), of=10), [Cause.NODE_NOT_READY] * 2),
        (nodes(lost("n0", "6m", zone="z"), lost("n1", "7m", zone="z"), of=10), [Cause.NODE_STORM]),
        (nodes(lost("n0", "6m"), lost("n1", "6m"), of=3), [Cause.NODE_STORM]),
        (nodes(lost("n0", "6m"), of=2), [Cause.NODE_NOT_READY]),
    ],
)
def test_nodes_and_storms(entries: list[Entry], expected: list[Cause]) -> None:
    assert causes(*entries) == expected


def test_a_lost_node_takes_up_what_fails_because_of_it() -> None:
    gone = lost("node-a", "9m")
    stuck = {"state": "terminating", "node": "node-a", "deleted": "4m"}
    entries = [
        {"deployment": "web", "pods": [{"node": "node-b"}, unready("9m", node="node-a")]},
        {"statefulset": "db", "replicas": 3, "pods": [{"count": 2, "node": "node-b"}, stuck]},
        {"daemonset": "agent", "pods": [{"node": "node-b"}, unready("9m", node="node-a")]},
        {"deployment": "big", "pods": [{"node": "node-b"}, stuck, pending("Insufficient cpu")]},
    ]
    found = only(gone, *entries)
    assert found.owner.kind == "Node"
    names = {ref.name for ref in found.related}
    assert names == {"web", "db", "agent", "big"}


def test_a_release_that_was_bad_before_its_node_was_lost_is_an_incident_of_its_own() -> None:
    new = {"image": "r.io/a:2", "age": "40m", "pods": [unpulled(age="40m", node="node-a")]}
    old = OLD | {"pods": [{"count": 2, "node": "node-b"}]}
    entry = {"deployment": "a", "revisions": [old, new]}
    found = incidents(snapshot_of(lost("node-a", "9m"), entry))
    assert {one.cause for one in found} == {Cause.NODE_NOT_READY, Cause.IMAGE_NOT_FOUND}


def test_two_independent_failures_are_two_incidents() -> None:
    new = {"image": "r.io/a:2", "age": "6m", "pods": [unpulled()]}
    found = incidents(
        snapshot_of(
            {"deployment": "a", "revisions": [OLD, new]},
            {"deployment": "b", "replicas": 3, "pods": [{"count": 2}, unready("9m")]},
        )
    )
    assert {one.cause for one in found} == {Cause.IMAGE_NOT_FOUND, Cause.HUNG_REPLICA}


# The registry


def test_a_function_that_raises_is_named_as_blind_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(snapshot: object, context: object) -> Any:
        raise KeyError("a bug")

    entry = Failure("broken", (Cause.UNCLASSIFIED,), broken)
    monkeypatch.setattr(registry, "FAILURES", [entry, *FAILURES])
    snapshot = snapshot_of({"job": "j", "result": FAILED})
    found = find_all(snapshot, Context(NOW))
    assert [one.cause for one in found] == [Cause.JOB_FAILED]
    assert snapshot.blind == {"detection/broken": "KeyError: 'a bug'"}


def test_the_page_about_failures_is_made_from_the_registry() -> None:
    page = Path(__file__).parents[3] / "docs" / "failures.md"
    assert page.read_text() == failures_page()
