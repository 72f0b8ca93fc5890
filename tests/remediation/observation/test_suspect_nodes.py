"""F35: what took a node's other symptom away says nothing about the node. Attack first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from detection.clients import current_cluster
from detection.domain.causes import Cause, Severity
from detection.domain.facts import DaemonSetFacts, NodeFacts
from detection.domain.families import facts_of
from detection.domain.findings import Finding, ObjectRef
from detection.domain.statuses import Status
from detection.incidents.record import record_findings
from detection.models import Incident
from remediation.observation.suspect_nodes import REMEMBERED, with_suspect_nodes
from remediation.planning.candidates import candidates
from tests.detection.builders import incidents, snapshot_of
from tests.remediation.cases import NOW

pytestmark = pytest.mark.django_db
CSI = ObjectRef("DaemonSet", "infra", "csi", "u-csi")
LODGER = ObjectRef("Deployment", "shop", "lodger", "u-lodger")


def finding(owner: ObjectRef, cause: Cause, node: str, **facts: object) -> Finding:
    return Finding(
        cause=cause,
        owner=owner,
        severity=Severity.WARNING,
        summary="not ready",
        onset=NOW - timedelta(minutes=14),
        opens_at=NOW - timedelta(minutes=9),
        facts=facts_of(cause, {"nodes": [node], "node": node, **facts}),
    )


def on_node(suspect: bool = False) -> Finding:
    return finding(CSI, Cause.DS_ONE_NODE, "node-f", node_suspect=suspect)


def opened(one: Finding) -> Incident:
    record_findings(current_cluster(), [one], {}, NOW)
    return Incident.objects.get(owner_uid=one.owner.uid)


@pytest.mark.parametrize("closed", [False, True])
def test_a_neighbours_symptom_that_an_eviction_took_away_still_makes_the_node_suspect(
    closed: bool,
) -> None:
    neighbour = opened(finding(LODGER, Cause.HUNG_REPLICA, "node-f"))
    mine = opened(on_node())
    if closed:
        rows = Incident.objects.filter(pk=neighbour.pk)
        rows.update(status=Status.RESOLVED, open_key=None, closed_at=NOW)
    assert with_suspect_nodes(on_node(), mine, NOW).facts.of(DaemonSetFacts).node_suspect


def test_a_node_that_was_suspect_stays_so_while_the_failure_lasts() -> None:
    mine = opened(on_node(suspect=True))
    record_findings(current_cluster(), [on_node(suspect=False)], {}, NOW + timedelta(seconds=15))
    mine.refresh_from_db()
    assert mine.facts["node_suspect"]
    assert with_suspect_nodes(on_node(), mine, NOW).facts.of(DaemonSetFacts).node_suspect


def test_a_failing_node_itself_is_remembered_too() -> None:
    node = ObjectRef("Node", "", "node-f", "u-node")
    mine = opened(on_node())
    opened(replace(finding(node, Cause.NODE_NOT_READY, "node-f"), facts=NodeFacts()))
    assert with_suspect_nodes(on_node(), mine, NOW).facts.of(DaemonSetFacts).node_suspect


def test_other_nodes_other_times_and_mere_anomalies_are_no_reason() -> None:
    opened(finding(LODGER, Cause.HUNG_REPLICA, "node-a"))
    old = opened(finding(ObjectRef("Deployment", "shop", "b", "u-b"), Cause.BAD_RELEASE, "node-f"))
    Incident.objects.filter(pk=old.pk).update(last_seen=NOW - REMEMBERED - timedelta(minutes=1))
    odd = ObjectRef("Deployment", "bank", "c", "u-c")
    opened(finding(odd, Cause.METRIC_ANOMALY, "node-f"))
    mine = opened(on_node())
    assert with_suspect_nodes(on_node(), mine, NOW) == on_node()


def test_on_a_suspect_node_no_pod_is_offered_for_eviction() -> None:
    snapshot = snapshot_of(
        {"daemonset": "csi", "namespace": "infra", "age": "90d",
         "pods": [{"count": 5}, {"node": "node-f", "state": "unready", "age": "40d",
                                 "since": "14m"}]},
    )  # fmt: skip
    seen = next(item for item in incidents(snapshot) if item.cause == Cause.DS_ONE_NODE)
    first = candidates(seen, snapshot, snapshot.at)[0]
    assert first.action == "restart_pod"
    suspect = replace(seen, facts=seen.facts | DaemonSetFacts(node_suspect=True))
    assert [item.action for item in candidates(suspect, snapshot, snapshot.at)] == ["escalate"]
