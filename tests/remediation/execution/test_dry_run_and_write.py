"""Each action against the API server: its dry run changes nothing, its write does what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import TooManyRequests
from remediation.clients import Clients
from remediation.cluster import writer
from remediation.cluster.writer import ObjectChanged, Session
from remediation.execution import dry_run_and_write
from remediation.execution.dry_run_and_write import NothingToChange
from remediation.planning.candidates import Candidate
from remediation.planning.command_line import parse_command
from tests.remediation.steps import real_writes

STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def session(clients: Clients) -> Session:
    assert clients.writer is not None
    return Session(clients.writer)


def owner(session: Session, kind: str, namespace: str, name: str) -> ObjectRef:
    found = writer.read(session, ObjectRef(kind, namespace, name))
    return ObjectRef(kind, namespace, name, found["metadata"]["uid"])


def candidate(text: str, target: ObjectRef) -> Candidate:
    command = parse_command(text)
    return Candidate(command.action.name, target, command.parameters)


def release(session: Session, ref: ObjectRef, image: str) -> None:
    """A new revision, as a person would roll it out."""
    seen = writer.read(session, ref)
    change = [
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image},
        {
            "op": "add",
            "path": "/spec/template/spec/containers/0/env",
            "value": [{"name": "TOKEN", "value": "s3cret"}],
        },
    ]
    writer.patch(session, ref, seen, change, dry_run=False)


ACTIONS = [
    ("Deployment", "shop", "web", "restart_deployment name=web namespace=shop"),
    ("StatefulSet", "shop", "orders-db", "restart_statefulset name=orders-db namespace=shop"),
    ("DaemonSet", "monitoring", "node-exporter",
     "restart_daemonset name=node-exporter namespace=monitoring"),
    ("Deployment", "shop", "web", "scale_deployment name=web namespace=shop replicas=5"),
    ("StatefulSet", "shop", "orders-db",
     "scale_statefulset name=orders-db namespace=shop replicas=4"),
    ("Deployment", "shop", "web", "restore_replicas name=web namespace=shop replicas=4"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "namespace", "name", "text"), ACTIONS,
                         ids=[row[3].split()[0] for row in ACTIONS])  # fmt: skip
def test_dry_run_then_write_then_nothing_left_to_change(
    session: Session, simulator: Any, kind: str, namespace: str, name: str, text: str
) -> None:
    ref = owner(session, kind, namespace, name)
    chosen = candidate(text, ref)
    rehearsal = dry_run_and_write.rehearse(session, chosen, ref, STAMP)
    assert rehearsal.diff
    assert real_writes(simulator) == []
    assert writer.read(session, ref)["spec"] == rehearsal.seen["spec"]
    seen = dry_run_and_write.compare(session, ref, rehearsal)
    dry_run_and_write.carry_out(session, chosen, ref, seen, rehearsal, STAMP, "7")
    after = writer.read(session, ref)
    assert writer.attempt_of(after) == "7"
    assert "kubewise.io/attempt" not in str(after["spec"])
    with pytest.raises(NothingToChange):
        dry_run_and_write.rehearse(session, chosen, ref, STAMP)


@pytest.mark.parametrize(
    ("kind", "namespace", "name"),
    [
        ("Deployment", "shop", "web"),
        ("StatefulSet", "shop", "orders-db"),
        ("DaemonSet", "monitoring", "node-exporter"),
    ],
)
def test_a_rollback_replaces_the_whole_template(
    session: Session, clients: Clients, simulator: Any, kind: str, namespace: str, name: str
) -> None:
    ref = owner(session, kind, namespace, name)
    admin = Session(clients.reader, session.may_go)
    before = writer.read(admin, ref)["spec"]["template"]
    number = newest_revision(session, ref)
    release(session, ref, "registry.example.com/shop/web:v9.0.0")
    simulator.settle(5)
    chosen = candidate(
        f"rollback_{kind.lower()} name={name} namespace={namespace} revision={number}", ref
    )
    rehearsal = dry_run_and_write.rehearse(session, chosen, ref, STAMP)
    assert not any("s3cret" in line for line in rehearsal.diff), "a secret value is shown"
    assert any("[redacted]" in line for line in rehearsal.diff)
    seen = dry_run_and_write.compare(session, ref, rehearsal)
    dry_run_and_write.carry_out(session, chosen, ref, seen, rehearsal, STAMP, "8")
    after = writer.read(session, ref)["spec"]["template"]
    assert after["spec"] == before["spec"], "the bad revision's variables survive"
    assert after["metadata"].get("labels") == before["metadata"].get("labels")


def newest_revision(session: Session, ref: ObjectRef) -> int:
    if ref.kind == "Deployment":
        notes = writer.read(session, ref)["metadata"]["annotations"]
        return int(notes["deployment.kubernetes.io/revision"])
    found = writer.list_of(session, "ControllerRevision", ref.namespace, "")
    mine = [item for item in found if item["metadata"]["ownerReferences"][0]["uid"] == ref.uid]
    return max(int(item["revision"]) for item in mine)


def test_a_revision_that_is_gone_is_refused(session: Session) -> None:
    ref = owner(session, "Deployment", "shop", "web")
    chosen = candidate("rollback_deployment name=web namespace=shop revision=99", ref)
    with pytest.raises(ObjectChanged, match="gone"):
        dry_run_and_write.rehearse(session, chosen, ref, STAMP)


def test_an_eviction_has_a_uid_precondition_and_no_grace_of_its_own(
    session: Session, simulator: Any
) -> None:
    ref = owner(session, "Deployment", "shop", "web")
    pod = pod_of(session, "web-")
    chosen = candidate(f"restart_pod name={pod.name} namespace=shop", pod)
    rehearsal = dry_run_and_write.rehearse(session, chosen, ref, STAMP)
    assert rehearsal.diff[0].endswith("→ evicted")
    assert real_writes(simulator) == []
    dry_run_and_write.carry_out(session, chosen, ref, rehearsal.seen, rehearsal, STAMP, "9")
    [write] = real_writes(simulator)
    assert write.body["deleteOptions"] == {"preconditions": {"uid": pod.uid}}


def test_a_pod_that_was_replaced_is_not_evicted(session: Session, simulator: Any) -> None:
    ref = owner(session, "Deployment", "shop", "web")
    pod = pod_of(session, "web-")
    other = ObjectRef("Pod", "shop", pod.name, "another-uid")
    chosen = candidate(f"restart_pod name={pod.name} namespace=shop", other)
    with pytest.raises(ObjectChanged):
        dry_run_and_write.rehearse(session, chosen, ref, STAMP)
    assert simulator.writes == []


def test_a_disruption_budget_refuses_and_is_not_asked_again(
    session: Session, simulator: Any
) -> None:
    pod = pod_of(session, "web-")
    labels = writer.read(session, ObjectRef("Deployment", "shop", "web"))["spec"]["selector"]
    simulator.load(
        [
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": "all-of-them", "namespace": "shop"},
                "spec": {"minAvailable": "100%", "selector": labels},
            }
        ]
    )
    with pytest.raises(TooManyRequests, match="disruption budget"):
        writer.evict(session, pod, dry_run=True)
    assert len([write for write in simulator.writes if write.code == 429]) == 1


def pod_of(session: Session, prefix: str) -> ObjectRef:
    pods = writer.list_of(session, "Pod", "shop", "")
    meta = next(i["metadata"] for i in pods if i["metadata"]["name"].startswith(prefix))
    return ObjectRef("Pod", "shop", meta["name"], meta["uid"])
