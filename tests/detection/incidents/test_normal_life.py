"""What is normal in a cluster opens nothing, with no incident before it; a failure within it does.

The cluster is given as its objects: what happened is read from their own times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.facts import Facts
from detection.domain.findings import Finding, ObjectRef
from detection.incidents.happenings import Kind, happenings
from detection.models import Cluster
from detection.runtime.source_visibility import save_sources
from tests.detection.builders import crash, objects, snapshot_from
from tests.detection.incidents.sequences import START, Story, anomaly, at, breach, deployment, seen
from tests.detection.incidents.sequences import on_node as on

CART = ObjectRef("Deployment", "shop", "cart")
AGENT = ObjectRef("DaemonSet", "shop", "agent")
HPA = ObjectRef("HorizontalPodAutoscaler", "shop", "cart")
JOB = ObjectRef("Job", "shop", "import")
NIGHTLY = ObjectRef("CronJob", "shop", "nightly")
BACK = {"node": "node-a", "ready": {"status": "True", "reason": "KubeletReady", "age": "40s"}}
STEADY = {"node": "node-b"}
CORDON = {
    "key": "node.kubernetes.io/unschedulable",
    "effect": "NoSchedule",
    "timeAdded": "-60s",
}
CORDONED = {"node": "node-a", "unschedulable": True, "taints": [CORDON]}
REMOVED = {"event": "RemovingNode", "about": {"kind": "Node", "name": "spot-1", "namespace": ""},
           "message": "Removing Node spot-1 from Controller", "age": "50s"}  # fmt: skip
RUNNING_JOB = {"job": "import", "age": "100s", "restartPolicy": "OnFailure",
               "pods": [{"age": "100s", "containers": crash(restarts=1)}]}  # fmt: skip
DONE = {"Complete": {"status": "True", "age": "30s"}}
ENDED_JOB = {"job": "import", "age": "200s", "result": DONE, "pods": [{"state": "succeeded"}]}
KSM = {"deployment": "kube-state-metrics", "namespace": "infra", "replicas": 1, "revisions": [
    {"pods": [{"labels": {"app.kubernetes.io/name": "kube-state-metrics"},
               "containers": {"app": {"running": "30s", "restarts": 1, "exit": 0}}}]}]}  # fmt: skip
DAEMON = {"daemonset": "agent", "pods": [{"node": "node-a"}, {"node": "node-b"}]}
AUTOSCALED = [{"deployment": "cart", "replicas": 3},
              {"hpa": "cart", "current": 3}]  # fmt: skip


def scaled(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Raw objects of an autoscaler that scaled a minute ago."""
    found = objects([entry], START)
    found[0]["status"]["lastScaleTime"] = at(-60).strftime("%Y-%m-%dT%H:%M:%SZ")
    return found


@pytest.fixture
def story(db: None) -> Story:
    return Story(Cluster.objects.create(name="c"))


def waiting(cause: Cause, owner: ObjectRef = CART, since: float = -30) -> Finding:
    return seen(cause, owner, since, facts=Facts(unplaced=1, pods=1))


NORMAL = {
    "a healthy rollout: its metrics look unusual": ([deployment("60s")], anomaly(CART, -30)),
    "a healthy rollout: its pods become ready one by one": (
        [deployment("60s")], seen(Cause.UNCLASSIFIED, CART, -50)),
    "a healthy rollout: a share of it is unavailable": (
        [deployment("60s")], breach("deployment_unavailable_ratio", CART, -50)),
    "a return to an old revision, which makes no new ReplicaSet": (
        [{"deployment": "cart", "age": "20d", "conditions": {"Progressing": {
            "status": "True", "reason": "NewReplicaSetAvailable", "updated": "60s"}}}],
        anomaly(CART, -30)),
    "a StatefulSet's rollout": (
        [{"statefulset": "db", "revisions": [{"pods": []}, {"image": "a:2", "age": "60s"}]}],
        anomaly(ObjectRef("StatefulSet", "shop", "db"), -30)),
    "a canary: an owner of another kind gets new pods": (
        [{"rollout": "cart", "revisions": [{"pods": [{}]}, {"pods": [{"age": "60s"}]}]}],
        anomaly(ObjectRef("Rollout", "shop", "cart"), -30)),
    "a DaemonSet while its node starts": (
        [BACK, STEADY, DAEMON], on(Cause.DS_ONE_NODE, AGENT, since=-30)),
    "a DaemonSet's pod that starts before what it needs": (
        [BACK, STEADY, DAEMON], on(Cause.CRASH_STABLE_REVISION, AGENT, since=-30)),
    "a node that came back: sandboxes": (
        [BACK, STEADY], on(Cause.SANDBOX_FAILED, CART, since=-30)),
    "a node that came back: its own condition lags": (
        [BACK, STEADY], breach("node_not_ready", ObjectRef("Node", "", "node-a"), -60)),
    "a node that is drained: its pods wait": (
        [CORDONED, STEADY], waiting(Cause.INSUFFICIENT_CAPACITY)),
    "a node that is drained: it takes its daemons down": (
        [CORDONED, STEADY, DAEMON], on(Cause.POD_STUCK_TERMINATING, AGENT, since=-30)),
    "a spot node's exchange: its labels are gone with it": (
        [STEADY, REMOVED], waiting(Cause.NODE_SELECTOR_MISMATCH)),
    "a spot node's exchange: pods that came to other nodes look unusual": (
        [STEADY, REMOVED, {"deployment": "cart", "pods": [{}, {"age": "40s"}]}],
        anomaly(CART, -20)),
    "a Job that tries again": ([RUNNING_JOB], seen(Cause.CRASH_NO_HISTORY, JOB, -80)),
    "a Job's normal end": ([ENDED_JOB], anomaly(JOB, -20)),
    "a Job that succeeded on its retry": (
        [ENDED_JOB], breach("container_restarts", JOB, -60)),
    "a CronJob that succeeded on its retry": (
        [{"cronjob": "nightly", "jobs": [{"age": "5m", "result": DONE}]}],
        breach("container_restarts", NIGHTLY, -60)),
    "a restart of kube-state-metrics": ([KSM], anomaly(CART, -20)),
    "a restart of kube-state-metrics, seen by a forecast": (
        [KSM], replace(seen(Cause.FORECAST_BREACH, CART, -20), source="forecast")),
}  # fmt: skip


@pytest.mark.parametrize("what", NORMAL)
def test_it_opens_nothing(story: Story, what: str) -> None:
    entries, finding = NORMAL[what]
    story.look(0, finding, objects_=entries)
    assert story.opened == []


@pytest.mark.parametrize("finding", [
    anomaly(CART, -30), anomaly(HPA, -30), breach("hpa_replicas_ratio", HPA, -30),
    waiting(Cause.INSUFFICIENT_CAPACITY),
], ids=lambda one: f"{one.owner.kind}-{one.cause}")  # fmt: skip
def test_an_autoscaler_at_work_opens_nothing(story: Story, finding: Finding) -> None:
    raw = [*objects([AUTOSCALED[0]], START), *scaled(AUTOSCALED[1])]
    story.look(0, finding, snapshot=snapshot_from(raw, START))
    assert story.opened == []


FAILURES = {
    "a rollout that crashes": ([deployment("60s")], seen(Cause.BAD_RELEASE, CART, -50)),
    "a rollout whose image is not there": (
        [deployment("60s")], seen(Cause.IMAGE_NOT_FOUND, CART, -50)),
    "a rollout that makes no progress": (
        [deployment("60s")], seen(Cause.ROLLOUT_STALLED, CART, -50)),
    "restarts after a rollout": (
        [deployment("60s")], breach("container_restarts", CART, -50)),
    "memory near its limit after a rollout": (
        [deployment("60s")], breach("container_memory_ratio", CART, -50)),
    "an anomaly that was there before the rollout": (
        [deployment("60s")], anomaly(CART, -600)),
    "an anomaly half an hour after the rollout": (
        [deployment("31m")], anomaly(CART, -30)),
    "an anomaly of another owner": (
        [deployment("60s")], anomaly(ObjectRef("Deployment", "shop", "web"), -30)),
    "pods that are not ready four minutes after the rollout": (
        [deployment("4m")], seen(Cause.UNCLASSIFIED, CART, -200)),
    "a DaemonSet on a node that has long been there": (
        [STEADY, BACK, DAEMON], on(Cause.DS_ONE_NODE, AGENT, "node-b", since=-30)),
    "a Deployment that crashes on a node that came back": (
        [BACK, STEADY, {"deployment": "cart"}],
        on(Cause.CRASH_STABLE_REVISION, CART, since=-30)),
    "a cordoned node that was left so": (
        [{**CORDONED, "taints": [{**CORDON, "timeAdded": "-6m"}]}, STEADY],
        waiting(Cause.INSUFFICIENT_CAPACITY)),
    "pods that waited before the node was removed": (
        [STEADY, REMOVED], waiting(Cause.INSUFFICIENT_CAPACITY, since=-300)),
    "a Job that failed for good": ([RUNNING_JOB], seen(Cause.JOB_FAILED, JOB, -10)),
    "a Job whose image is not there": (
        [RUNNING_JOB], seen(Cause.IMAGE_NOT_FOUND, JOB, -10)),
    "a Job that crashes for more than ten minutes": (
        [{**RUNNING_JOB, "age": "11m"}], seen(Cause.CRASH_NO_HISTORY, JOB, -600)),
    "a full volume while kube-state-metrics starts": (
        [KSM], breach("volume_used_ratio", CART, -600)),
    "a crash while kube-state-metrics starts": (
        [KSM], seen(Cause.CRASH_STABLE_REVISION, CART, -20)),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_it_opens(story: Story, what: str) -> None:
    entries, finding = FAILURES[what]
    story.look(0, finding, objects_=entries)
    assert story.opened == [(finding.owner.name, finding.cause)]


def test_a_signal_that_outlasts_a_rollout_opens(story: Story) -> None:
    unusual = anomaly(CART, -30)
    story.look(0, unusual, objects_=[deployment("60s")])
    story.look(1700, unusual, objects_=[deployment("1760s")])
    assert story.opened == []
    story.look(1760, unusual, objects_=[deployment("1820s")])
    assert story.opened == [("cart", "METRIC_ANOMALY")]


def test_no_later_rollout_explains_a_signal_that_goes_on(story: Story) -> None:
    unusual = anomaly(CART, -30)
    story.look(0, unusual, objects_=[deployment("60s")])
    story.look(1800, unusual, objects_=[deployment("60s")])
    assert story.opened == [("cart", "METRIC_ANOMALY")]


def test_an_anomaly_after_prometheus_was_away_opens_once_it_lasts(story: Story) -> None:
    """A Prometheus outside the cluster has no pod; that it was blind is on record."""
    for seconds, seen_now, blind in ((-900, ["prometheus"], {}), (-120, [], {"prometheus": "x"}),
                                     (-60, ["prometheus"], {})):  # fmt: skip
        save_sources(story.cluster, seen_now, blind, [], at(seconds))
    unusual = anomaly(CART, -30)
    story.look(0, unusual, breach("volume_used_ratio", HPA, -30))
    assert story.opened == [("cart", "THRESHOLD_BREACH")]
    story.look(855, unusual)
    assert story.opened[1:] == [("cart", "METRIC_ANOMALY")]


def test_a_cluster_at_rest_has_no_happenings() -> None:
    raw = objects([STEADY, DAEMON, {"deployment": "cart"}, {"hpa": "cart"}], START)
    assert happenings(snapshot_from(raw, START)) == []


def test_a_node_that_is_lost_has_not_started() -> None:
    lost = {"node": "node-a", "ready": {"status": "Unknown", "reason": "x", "age": "40s"}}
    kinds = {one.kind for one in happenings(snapshot_from(objects([lost], START), START))}
    assert Kind.NODE_STARTED not in kinds


def test_where_nodes_are_not_seen_none_counts_as_removed() -> None:
    raw = objects([REMOVED], START)
    assert happenings(snapshot_from(raw, START)) == []
