"""Hostile plans through `act`: what the API server was really asked to change is counted there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detection.domain.findings import ObjectRef
from detection.kubernetes.client import connect
from detection.models import Cluster, Incident
from detection.pipeline.detect import detect
from remediation.actions import CATALOGUE
from remediation.clients import Clients
from remediation.cluster import writer
from remediation.cluster.writer import Session
from remediation.execution.act import act
from remediation.models import Attempt, Plan
from remediation.observation.observe import observe_incident
from remediation.planning.plans import current_plan
from remediation.policy import decisions
from simulator import Simulator, world
from tests.remediation import steps

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(500)]
EXAMPLES = 1500
NOISE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
VALUES: dict[str, list[Any]] = {
    "name": ["checkout", "web", "../../secrets", "coredns", "node-1", "checkout/scale", ""],
    "namespace": ["shop", "kube-system", "payments", "../x", "shop%2f.."],
    "replicas": [0, 1, 3, 9, 1000, 10**9, -1, "0x1"],
    "max_replicas": [0, 9, 1000],
    "revision": [1, 2, 3, 99, 0],
    "container": ["checkout", "other", "; rm -rf /"],
    "memory_limit": ["64Mi", "1Gi", "900Ti", "0"],
    "cpu_limit": ["1", "9999"],
    "size": ["30Gi", "0", "1Ei"],
    "grace_period": [0, 1, 30],
    "timeout": [1],
    "shell": ["kubectl delete ns shop"],
}
JUNK = ["delete_node", "delete_namespace", "exec", "kubectl", "patch_secret", "delete_pod", ""]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Any]:
    made = Simulator()
    world.build(made)
    with made:
        made.inject("image_not_found", began_seconds_ago=900)
        yield made


@pytest.fixture
def decided(auto: Cluster, simulator: Any, clients: Clients) -> Incident:
    """An incident that AUTO is to act on, in a cluster with much that could be hit."""
    now = datetime.now(UTC)
    detect(auto, clients.reader, now)
    incident = Incident.objects.select_related("cluster").get(owner_name="checkout")
    return steps.planned(incident, clients, now)


def refs(root: Session) -> list[ObjectRef]:
    """Everything in the cluster that an action has a path to, by its true UID."""
    found = []
    for kind in ("Deployment", "StatefulSet", "DaemonSet", "Pod", "Node", "Job",
                 "HorizontalPodAutoscaler", "PersistentVolumeClaim"):  # fmt: skip
        for item in writer.list_of(root, kind, "", ""):
            meta = item["metadata"]
            found.append(ObjectRef(kind, meta.get("namespace", ""), meta["name"], meta["uid"]))
    return found


def hostile(targets: list[ObjectRef]) -> st.SearchStrategy[dict[str, Any]]:
    """A stored candidate as somebody with the database in hand could have written it."""
    parameters = st.fixed_dictionaries(
        {"name": st.sampled_from(VALUES["name"])},
        optional={
            name: st.sampled_from(values) for name, values in VALUES.items() if name != "name"
        },
    )
    wrong_uid = st.sampled_from(targets).map(lambda ref: replace(ref, uid="0-0"))
    return st.builds(
        lambda action, given, target: {
            "action": action, "parameters": _fitting(action, given, target),
            "target": target.as_dict(), "command": "x", "kubectl": "x", "description": "x",
        },
        st.sampled_from([*CATALOGUE, *JUNK]),
        parameters,
        st.sampled_from(targets) | wrong_uid,
    )  # fmt: skip


def _fitting(action: str, given: dict[str, Any], target: ObjectRef) -> dict[str, Any]:
    """Half of them speak of their true target, so that more than the parser is attacked."""
    if action not in CATALOGUE or "shell" in given or given["name"].startswith(".."):
        return given
    known = {item.name for item in CATALOGUE[action].parameters}
    own = {"name": target.name, "namespace": target.namespace} | {
        name: value for name, value in given.items() if name not in ("name", "namespace")
    }
    return {name: value for name, value in own.items() if name in known}


def test_hostile_plans_write_nothing_beyond_the_catalogue_the_owner_and_the_bounds(
    decided: Incident, simulator: Any, clients: Clients, tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    root = Session(connect(kubeconfig=str(simulator.kubeconfig(tmp_path / "root.yaml", "admin"))))
    seen = observe_incident(clients.reader, decided, datetime.now(UTC))
    monkeypatch.setattr(decisions, "observe_incident", lambda *given, may_share: seen)
    targets, plan = refs(root), current_plan(decided)
    assert plan is not None
    pods = {ref.name for ref in targets if ref.kind == "Pod" and ref.name.startswith("checkout-")}
    simulator.reset_counters()
    tried: list[str] = []

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=NOISE)
    @given(hostile(targets), st.sampled_from(["rules", "person", "undo"]))
    def attack(candidate: dict[str, Any], source: str) -> None:
        with transaction.atomic():
            Plan.objects.filter(pk=plan.pk).update(candidates=[candidate], source=source)
            act(decided.pk, clients, datetime.now(UTC) + timedelta(seconds=1))
            tried.extend(Attempt.objects.values_list("action", flat=True))
            transaction.set_rollback(True)

    attack()
    for write in simulator.writes:
        if write.user != "act" or write.dry_run or write.code >= 300:
            continue
        _is_the_owners(write, pods)
    assert set(tried) <= set(CATALOGUE)


def _is_the_owners(write: Any, pods: set[str]) -> None:
    assert write.namespace == "shop", write
    if write.resource == "deployments.apps":
        assert (write.verb, write.name) == ("patch", "checkout"), write
        for step in write.body:
            assert step["path"] != "/spec/replicas" or step["value"] > 0, write
    else:
        assert write.verb == "create", write
        assert write.resource.startswith("pods"), write
        assert write.name in pods, write
        assert "gracePeriodSeconds" not in write.body.get("deleteOptions", {}), write
