"""A cordon or a drain holds a failure back: it is told as that, and the node is for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from detection.domain.findings import ObjectRef
from detection.domain.statuses import Status
from detection.incidents.record import GONE_BEFORE_CLOSING_SECONDS
from detection.models import Cluster, Incident
from detection.pipeline.detect import detect
from detection.snapshot import Snapshot
from remediation.actions import CATALOGUE
from remediation.approval import approvals
from remediation.clients import Clients
from remediation.models import Attempt
from remediation.planning.candidates import escalate
from remediation.planning.plans import candidates_of
from remediation.policy.decisions import status_after
from remediation.policy.verdicts import Decision, Verdict
from remediation.results import Approved
from remediation.verification import containment
from remediation.verification.verify import OwnerCheck, Timing, judge_owner, verify
from tests.detection.builders import objects, snapshot_from
from tests.remediation.cases import NOW
from tests.remediation.steps import acted, fresh, planned, real_writes, wait_for

ILL = OwnerCheck(
    ready=0, desired=1, signal="NODE_NOT_READY: node-3", held="no new pods are scheduled"
)
WELL = OwnerCheck(ready=1, desired=1)
TIMES = Timing(soak=timedelta(seconds=30))
LATE = NOW + timedelta(hours=1)
AT_ONCE = Timing(*[timedelta(0)] * 4)
Make = Callable[..., Incident]


def attempt(action: str = "cordon_node", **fields: Any) -> Attempt:
    given = {"action": action, "created_at": NOW, "executed_at": NOW, "before": {"ready": 0}}
    return Attempt(**(given | fields))


# what is judged


def test_a_cordon_of_a_node_that_stays_ill_is_contained_never_resolved() -> None:
    found = judge_owner(attempt(), ILL, TIMES, LATE)
    assert found.outcome == "contained"
    assert "NODE_NOT_READY" in found.reason
    soaked = attempt(healthy_since=NOW)
    assert judge_owner(soaked, ILL, TIMES, LATE).outcome == "contained"


def test_a_node_that_falls_ill_behind_its_cordon_is_no_reason_to_lift_it() -> None:
    was_ready = attempt("cordon_node", before={"ready": 1})
    assert judge_owner(was_ready, ILL, TIMES, LATE).outcome == "contained"


def test_a_node_has_its_time_to_come_back_before_it_is_called_contained() -> None:
    assert judge_owner(attempt(), ILL, TIMES, NOW + timedelta(seconds=60)).outcome is None
    back = attempt(healthy_since=NOW)
    found = judge_owner(back, replace(WELL, held="no new pods are scheduled"), TIMES, LATE)
    assert (found.outcome, "still cordoned" in found.reason) == ("resolved", True)


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (replace(ILL, blind="kubernetes/nodes"), "inconclusive"),
        (replace(ILL, gone=True), "inconclusive"),
        (replace(ILL, news="INSUFFICIENT_CAPACITY of shop/Deployment/a"), "inconclusive"),
        (replace(ILL, held="", left="still on the node: shop/a-1"), "not fixed"),
        (replace(ILL, held=""), "not fixed"),
    ],
)
def test_what_does_not_hold_or_can_t_be_seen_is_not_called_contained(
    seen: OwnerCheck, outcome: str
) -> None:
    assert judge_owner(attempt("drain_node"), seen, TIMES, LATE).outcome == outcome


def test_an_ill_node_that_is_cordoned_already_leaves_nothing_to_approve() -> None:
    asked = Decision(Verdict.ASK, "escalate", (), ())
    people = escalate(ObjectRef("Node", "", "n", "u"))
    assert status_after(asked, [people]) == Status.ESCALATED


# what is seen


def world(*pods: dict[str, Any], cordoned: bool = True) -> Snapshot:
    """Node n with these pods: `kind` of their controller, `phase`, `ending`."""
    node = next(item for item in objects([{"node": "n"}]) if item["kind"] == "Node")
    node["spec"] = {**node.get("spec", {}), "unschedulable": cordoned}
    return snapshot_from([node, *(_pod(f"p{number}", **pod) for number, pod in enumerate(pods))])


def _pod(name: str, kind: str = "ReplicaSet", phase: str = "Running", ending: bool = False) -> Any:
    owner = {"apiVersion": "v1", "kind": kind, "name": "o", "uid": "u", "controller": True}
    meta: dict[str, Any] = {"name": name, "namespace": "shop", "uid": name,
                            "ownerReferences": [owner] if kind else []}  # fmt: skip
    if ending:
        meta["deletionTimestamp"] = "2026-03-01T11:00:00Z"
    return {"kind": "Pod", "metadata": meta, "spec": {"nodeName": "n", "containers": []},
            "status": {"phase": phase}}  # fmt: skip


def seen(action: str, snapshot: Snapshot) -> tuple[str, str]:
    node = snapshot.nodes[0]
    made = attempt(action, before={"pods": [{}, {}]})
    return containment.how_it_holds(made, node, snapshot), containment.pods_left(
        made, node, snapshot
    )


def test_a_cordon_holds_while_the_node_is_cordoned_with_its_pods_on_it() -> None:
    assert seen("cordon_node", world({}))[0]
    assert seen("cordon_node", world({}, cordoned=False)) == ("", "")


def test_a_drain_holds_once_nothing_that_moves_is_left() -> None:
    stay = ({"kind": "DaemonSet"}, {"kind": "Node"}, {"phase": "Succeeded"}, {"phase": "Failed"})
    held, left = seen("drain_node", world(*stay))
    assert ("2 pods were evicted" in held, left) == (True, "")
    held, left = seen("drain_node", world(*stay, {"ending": True}))
    assert "1 of them still terminating" in held
    held, left = seen("drain_node", world(*stay, {}, {"kind": ""}))
    assert (held, left) == ("", "still on the node: shop/p4, shop/p5")
    assert seen("drain_node", world(cordoned=False))[0] == ""


def test_only_cordon_and_drain_contain() -> None:
    assert {name for name, entry in CATALOGUE.items() if entry.contains} == {
        "cordon_node", "drain_node",
    }  # fmt: skip
    assert seen("uncordon_node", world()) == ("", "")


# from the fault to the end


@pytest.fixture
def cordoned(
    cluster: Cluster, incident_of: Make, clients: Clients, now: datetime, ada: Any
) -> Attempt:
    """A node that is not ready, cordoned with a person's approval, looked at after a while."""
    incident = planned(incident_of("node_not_ready"), clients, now)
    plan = incident.plans.get()
    assert candidates_of(plan)[0].action == "cordon_node"
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)
    found = acted(incident, clients, now)

    def concluded() -> bool:
        Attempt.objects.filter(pk=found.pk).update(verify_due_at=now)
        verify(found.pk, clients, datetime.now(UTC), AT_ONCE)
        found.refresh_from_db()
        return bool(found.outcome)

    wait_for("a verdict", concluded)
    return found


@pytest.mark.django_db
def test_a_contained_node_is_handed_to_people_and_closes_when_it_is_back(
    cordoned: Attempt, cluster: Cluster, clients: Clients, simulator: Any
) -> None:
    incident = fresh(cordoned.incident)
    assert (cordoned.outcome, incident.status) == ("contained", Status.ESCALATED)
    reason = incident.transitions.last().reason  # type: ignore[union-attr]
    assert reason.startswith("contained: no new pods are scheduled to the node")
    assert "A person must repair the node" in reason
    assert "uncordon_node name=node-3 (kubectl uncordon node-3)" in reason
    simulator.clear("node_not_ready")

    def gone() -> bool:
        detect(cluster, clients.reader, datetime.now(UTC))
        return fresh(incident).gone_since is not None

    wait_for("the node to be ready", gone)
    later = datetime.now(UTC) + timedelta(seconds=GONE_BEFORE_CLOSING_SECONDS + 1)
    detect(cluster, clients.reader, later)
    found = fresh(incident)
    assert (found.status, found.open_key) == (Status.RESOLVED, None)
    said = found.transitions.last().reason  # type: ignore[union-attr]
    assert "after cordon_node name=node-3" in said, "not: without an action by KubeWise"


@pytest.mark.django_db
def test_a_contained_node_is_not_cordoned_again_nor_uncordoned_by_itself(
    cordoned: Attempt, clients: Clients, simulator: Any, now: datetime
) -> None:
    incident = fresh(cordoned.incident)
    Incident.objects.filter(pk=incident.pk).update(version=incident.version + 1)
    again = planned(fresh(incident), clients, now)
    offered = [item.action for item in candidates_of(again.plans.first())]  # type: ignore[arg-type]
    assert offered == ["escalate"]
    patches = [write for write in real_writes(simulator) if write.resource == "nodes"]
    assert len(patches) == 1
    assert ObjectRef(**cordoned.target).name == "node-3"
