"""One finding an owner, the best cause first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from detection.correlation import correlate
from detection.domain.causes import Cause, Severity
from detection.domain.facts import (
    AnomalyFacts,
    ContainerFacts,
    ImageFacts,
    NodeFacts,
    ReadinessFacts,
    StormFacts,
)
from detection.domain.findings import Evidence, Finding, ObjectRef
from detection.snapshot import Snapshot
from tests.detection.builders import NOW

CART = ObjectRef("Deployment", "shop", "cart", "uid-cart")
STOCK = ObjectRef("Deployment", "shop", "stock", "uid-stock")
NODE = ObjectRef("Node", "", "node-a", "uid-node")


def finding(cause: Cause, owner: ObjectRef = CART, **more: Any) -> Finding:
    values: dict[str, Any] = {
        "severity": Severity.WARNING,
        "summary": f"{cause} on {owner}",
        "onset": NOW - timedelta(minutes=10),
        "opens_at": NOW - timedelta(minutes=5),
    }
    return Finding(cause=cause, owner=owner, **(values | more))


def correlated(*findings: Finding, now: datetime = NOW) -> list[Finding]:
    return correlate(findings, Snapshot(at=now))


def test_a_specific_cause_outranks_a_general_one_and_that_an_anomaly() -> None:
    (found,) = correlated(
        finding(Cause.METRIC_ANOMALY, source="metrics", facts=AnomalyFacts(metrics={"x": 1})),
        finding(Cause.ROLLOUT_STALLED),
        finding(Cause.BAD_RELEASE),
    )
    assert found.cause == Cause.BAD_RELEASE
    assert found.facts.also == ("ROLLOUT_STALLED", "METRIC_ANOMALY")
    assert found.facts.metrics == {"x": 1}
    assert found.facts.sources == ("kubernetes", "metrics")


def test_a_finding_younger_than_its_dwell_takes_no_part() -> None:
    later = NOW + timedelta(seconds=1)
    young = finding(Cause.BAD_RELEASE, opens_at=later)
    (found,) = correlated(young, finding(Cause.UNCLASSIFIED))
    assert found.cause == Cause.UNCLASSIFIED


def test_evidence_and_symptoms_are_merged_each_once_and_the_gravest_severity_counts() -> None:
    pod = ObjectRef("Pod", "shop", "cart-1", "uid-pod")
    line = Evidence("kubernetes/pods", "a line")
    (found,) = correlated(
        finding(Cause.BAD_RELEASE, evidence=(line,), related=(pod,)),
        finding(Cause.UNCLASSIFIED, evidence=(line,), related=(pod, CART),
                severity=Severity.CRITICAL),
    )  # fmt: skip
    assert found.evidence == (line,)
    assert found.related == (pod,)
    assert found.severity == Severity.CRITICAL


def test_owners_of_the_same_name_with_another_uid_stay_apart() -> None:
    other = ObjectRef("Deployment", "shop", "cart", "uid-made-anew")
    assert len(correlated(finding(Cause.BAD_RELEASE), finding(Cause.UNCLASSIFIED, other))) == 2


def test_an_anomaly_of_what_a_lost_node_explains_is_folded() -> None:
    node = finding(Cause.NODE_NOT_READY, NODE, related=(CART,), facts=NodeFacts(node="node-a"))
    (found,) = correlated(node, finding(Cause.METRIC_ANOMALY))
    assert found.owner == NODE


def test_a_failure_on_another_node_is_not_folded_into_a_lost_one() -> None:
    node = finding(Cause.NODE_NOT_READY, NODE)
    elsewhere = finding(Cause.BAD_RELEASE, facts=ContainerFacts(nodes=("node-b",), unplaced=0))
    assert len(correlated(node, elsewhere)) == 2


def test_a_storm_swallows_its_nodes_and_what_ran_there() -> None:
    storm = finding(Cause.NODE_STORM, ObjectRef("Cluster", "", ""),
                    facts=StormFacts(nodes=("node-a", "node-b")))  # fmt: skip
    one = finding(Cause.NODE_NOT_READY, NODE)
    pods = finding(Cause.UNCLASSIFIED, facts=ReadinessFacts(nodes=("node-b",), unplaced=0))
    (found,) = correlated(storm, one, pods)
    assert found.cause == Cause.NODE_STORM
    assert set(found.related) >= {NODE, CART}


def test_general_causes_of_an_owner_go_where_its_shared_cause_goes() -> None:
    facts = ImageFacts(pull_secrets=("cred",))
    (found,) = correlated(
        finding(Cause.PULL_UNAUTHORIZED, facts=facts),
        finding(Cause.PULL_UNAUTHORIZED, STOCK, facts=facts),
        finding(Cause.ROLLOUT_STALLED, STOCK),
    )
    assert found.owner == ObjectRef("Secret", "shop", "cred")
    assert set(found.related) == {CART, STOCK}
    assert found.revision is None


def test_the_gravest_come_first() -> None:
    found = correlated(
        finding(Cause.UNCLASSIFIED), finding(Cause.BAD_RELEASE, STOCK, severity=Severity.CRITICAL)
    )
    assert [one.owner for one in found] == [STOCK, CART]


def test_flapping_of_one_finding_marks_the_incident() -> None:
    (found,) = correlated(finding(Cause.BAD_RELEASE), finding(Cause.UNCLASSIFIED, flapping=True))
    assert found.flapping
