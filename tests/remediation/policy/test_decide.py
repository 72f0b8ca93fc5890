"""The gates as a table: one spoiled point each, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from detection.domain.causes import Cause, Severity
from detection.domain.findings import ObjectRef
from remediation.controls.policies import PolicyFacts
from remediation.policy.case import Case, PodFacts, Reach
from remediation.policy.decide import decide
from remediation.policy.gates import GATES
from remediation.policy.verdicts import Verdict
from tests.remediation.cases import (
    NOW,
    OWNER,
    acting_case,
    candidate,
    with_limits,
    with_records,
    with_target,
)

ARGO = {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/cart"}
FLUX = {"kustomize.toolkit.fluxcd.io/name": "shop"}
HELM = {"app.kubernetes.io/managed-by": "Helm"}
STATEFULSET = replace(OWNER, kind="StatefulSet")
DAEMONSET = replace(OWNER, kind="DaemonSet")
NODE = ObjectRef("Node", "", "node-1", "uid-1")
HPA = ObjectRef("HorizontalPodAutoscaler", "shop", "cart", "hpa-1")
RAISE = candidate("raise_hpa_max", target=HPA, max_replicas=9)


def of_kind(action: str, ref: ObjectRef, **changes: Any) -> Case:
    case = with_target(acting_case(), ref=ref, **changes)
    given = candidate(action) if action == "restart_pod" else candidate(action, target=ref)
    return replace(case, candidates=(given,))


def restart_pod(**changes: Any) -> Case:
    return acting_case("restart_pod", cause=Cause.HUNG_REPLICA, **changes)


SPOILED: list[tuple[str, Case, Verdict, str]] = [
    ("the signal is gone", acting_case(signal_gone=True), Verdict.IGNORE, "scope"),
    ("severity info", acting_case(severity=Severity.INFO), Verdict.IGNORE, "scope"),
    ("a picked candidate", acting_case(picked=True), Verdict.ASK, "scope"),
    ("it flaps", acting_case(flapping=True), Verdict.SUGGEST, "scope"),
    ("a row of mode M", acting_case(playbook_mode=Verdict.ASK), Verdict.ASK, "scope"),
    ("a row of mode E", acting_case(playbook_mode=Verdict.SUGGEST), Verdict.SUGGEST, "scope"),
    ("a row of mode N", acting_case(playbook_mode=Verdict.IGNORE), Verdict.IGNORE, "scope"),
    ("stopped", with_records(acting_case(), stopped="why"), Verdict.SUGGEST, "stop switch"),
    (
        "a maintenance window",
        with_records(acting_case(), maintenance="ada: upgrade"),
        Verdict.IGNORE,
        "maintenance window",
    ),
    ("silenced", with_records(acting_case(), silenced="ada: known"), Verdict.IGNORE, "silence"),
    ("accepted", with_records(acting_case(), accepted="ada: known"), Verdict.IGNORE, "acceptance"),
    (
        "a refused list",
        acting_case(blind={"kubernetes/pods": "403"}),
        Verdict.ASK,
        "freshness",
    ),
    ("Prometheus away", acting_case(blind={"prometheus": "x"}), Verdict.ASK, "freshness"),
    ("other evidence", acting_case(cause_now="OOM_LIMIT_LOW"), Verdict.ASK, "freshness"),
    ("no owner", with_target(acting_case(), found=False), Verdict.SUGGEST, "owner by UID"),
    ("another UID", with_target(acting_case(), uid="uid-2"), Verdict.SUGGEST, "owner by UID"),
    (
        "no UID",
        with_target(acting_case(), ref=replace(OWNER, uid="")),
        Verdict.SUGGEST,
        "owner by UID",
    ),
    (
        "a bare pod",
        of_kind("restart_pod", replace(OWNER, kind="Pod")),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "a kind that nobody knows",
        with_target(acting_case(), ref=replace(OWNER, kind="Rollout")),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "somebody else's object",
        acting_case(candidates=(candidate(target=replace(OWNER, name="other", uid="uid-9")),)),
        Verdict.SUGGEST,
        "owner guards",
    ),
    ("being deleted", with_target(acting_case(), deleting=True), Verdict.SUGGEST, "owner guards"),
    ("paused", with_target(acting_case(), paused=True), Verdict.ASK, "owner guards"),
    (
        "a pod that was replaced",
        restart_pod(pod=PodFacts("pod-2", True, False)),
        Verdict.SUGGEST,
        "owner guards",
    ),
    ("a pod that is gone", restart_pod(pod=None), Verdict.SUGGEST, "owner guards"),
    (
        "a pod of another owner",
        restart_pod(pod=PodFacts("pod-1", False, False)),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "a healthy pod",
        restart_pod(pod=PodFacts("pod-1", True, True)),
        Verdict.ASK,
        "owner guards",
    ),
    (
        "a single replica",
        with_target(restart_pod(), replicas=1),
        Verdict.ASK,
        "owner guards",
    ),
    (
        "a pod while a rollout runs",
        with_target(restart_pod(), update_running=True),
        Verdict.ASK,
        "owner guards",
    ),
    (
        "a StatefulSet's ordinal",
        of_kind("restart_pod", STATEFULSET),
        Verdict.ASK,
        "owner guards",
    ),
    (
        "a StatefulSet that updates",
        of_kind("rollback_statefulset", STATEFULSET, update_running=True),
        Verdict.ASK,
        "owner guards",
    ),
    ("a DaemonSet", of_kind("restart_daemonset", DAEMONSET), Verdict.ASK, "owner guards"),
    (
        "an autoscaler's count",
        with_target(acting_case("scale_deployment"), autoscaler="HorizontalPodAutoscaler web"),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "annotated off",
        with_target(acting_case(), annotations={"kubewise.io/mode": "off"}),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "annotated manual",
        with_target(acting_case(), annotations={"kubewise.io/mode": "Manual"}),
        Verdict.ASK,
        "owner guards",
    ),
    (
        "annotated with a typing error",
        with_target(acting_case(), annotations={"kubewise.io/mode": "atuo"}),
        Verdict.ASK,
        "owner guards",
    ),
    (
        "over the owner's most replicas",
        with_target(acting_case("scale_deployment"), annotations={"kubewise.io/max-replicas": "2"}),
        Verdict.SUGGEST,
        "owner guards",
    ),
    ("Argo CD", with_target(acting_case(), annotations=ARGO), Verdict.SUGGEST, "GitOps and Helm"),
    ("Flux", with_target(acting_case(), labels=FLUX), Verdict.SUGGEST, "GitOps and Helm"),
    (
        "Flux by its field manager",
        with_target(acting_case(), managers=frozenset({"kustomize-controller"})),
        Verdict.SUGGEST,
        "GitOps and Helm",
    ),
    ("plain Helm", with_target(acting_case(), labels=HELM), Verdict.ASK, "GitOps and Helm"),
    (
        "a protected namespace",
        with_limits(acting_case(), protected=frozenset({"shop"})),
        Verdict.SUGGEST,
        "protected namespace",
    ),
    (
        "a protected namespace under a pattern",
        with_records(
            with_limits(acting_case(), protected=frozenset({"shop"})),
            policy=PolicyFacts("AUTO", literal=False),
        ),
        Verdict.SUGGEST,
        "protected namespace",
    ),
    (
        "a protected namespace that a policy names",
        with_records(
            with_limits(acting_case(), protected=frozenset({"shop"})),
            policy=PolicyFacts("AUTO", literal=True),
        ),
        Verdict.ASK,
        "protected namespace",
    ),
    (
        "a policy OFF",
        with_records(acting_case(), policy=PolicyFacts("OFF")),
        Verdict.SUGGEST,
        "policy",
    ),
    (
        "a policy MANUAL",
        with_records(acting_case(), policy=PolicyFacts("MANUAL")),
        Verdict.ASK,
        "policy",
    ),
    (
        "an action that the policy forbids",
        with_records(
            acting_case(), policy=PolicyFacts("AUTO", forbidden=frozenset({"rollback_deployment"}))
        ),
        Verdict.SUGGEST,
        "policy",
    ),
    (
        "older than AUTO",
        with_records(acting_case(), auto_since=NOW - timedelta(minutes=1)),
        Verdict.ASK,
        "warm-up",
    ),
    (
        "within ten minutes of the first watch",
        with_records(acting_case(), running_since=NOW - timedelta(minutes=10)),
        Verdict.ASK,
        "warm-up",
    ),
    (
        "a change after the onset",
        with_target(acting_case(), changed_by="kubectl-edit"),
        Verdict.ASK,
        "someone else at work",
    ),
    ("a node storm", acting_case(storm="many nodes are lost"), Verdict.ASK, "blast radius"),
    (
        "a restart of what serves",
        acting_case("restart_deployment"),
        Verdict.ASK,
        "blast radius",
    ),
    ("a spent budget", with_records(acting_case(), exhausted="10 an hour"), Verdict.ASK, "budgets"),
    ("an open attempt", with_records(acting_case(), open_attempt="x"), Verdict.ASK, "budgets"),
    (
        "the same action within a day",
        with_records(acting_case(), same_action_in_a_day=1),
        Verdict.ASK,
        "futility",
    ),
    (
        "the same action for the third time",
        with_records(acting_case(), same_action_in_a_day=2),
        Verdict.SUGGEST,
        "futility",
    ),
    (
        "a blacklisted action",
        with_limits(acting_case(), blacklist=frozenset({"rollback_deployment"})),
        Verdict.SUGGEST,
        "catalogue and bounds",
    ),
    (
        "a scale to 0",
        acting_case(candidates=(candidate("scale_deployment", replicas=0),)),
        Verdict.SUGGEST,
        "catalogue and bounds",
    ),
    (
        "a node action without a person",
        with_target(
            acting_case("cordon_node", candidates=(candidate("cordon_node", target=NODE),)),
            ref=NODE,
        ),
        Verdict.ASK,
        "catalogue and bounds",
    ),
    (
        "another kind than the action is for",
        acting_case(candidates=(candidate("cordon_node", target=OWNER),)),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "an uncordon of a node that is not Ready",
        with_target(
            acting_case("uncordon_node", candidates=(candidate("uncordon_node", target=NODE),)),
            ref=NODE,
            node_ready=False,
        ),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "an autoscaler of another owner",
        with_target(acting_case(candidates=(RAISE,)), autoscaler_uid="hpa-2"),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "a volume that one node may mount",
        with_target(restart_pod(), volumes="data"),
        Verdict.ASK,
        "owner guards",
    ),
    (
        "data on the node",
        with_target(restart_pod(), local_storage="cache"),
        Verdict.ASK,
        "owner guards",
    ),
    (
        "system priority",
        with_target(acting_case(), system_priority="system-node-critical"),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "more memory than the owner's annotation allows",
        with_target(
            acting_case(candidates=(candidate("adjust_resources", memory_limit="2Gi"),)),
            annotations={"kubewise.io/max-memory": "1Gi"},
        ),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "a higher maximum than the owner's annotation allows",
        with_target(
            acting_case(candidates=(RAISE,)),
            autoscaler_uid="hpa-1",
            annotations={"kubewise.io/max-replicas": "3"},
        ),
        Verdict.SUGGEST,
        "owner guards",
    ),
    (
        "pods of several owners",
        acting_case(reach=Reach(pods=4, owners=2)),
        Verdict.ASK,
        "blast radius",
    ),
    (
        "a pod that serves",
        restart_pod(reach=Reach(pods=1, ready=1, owners=1)),
        Verdict.ASK,
        "blast radius",
    ),
    (
        "incidents that rise too fast",
        with_records(acting_case(), storm="40 incidents within ten minutes"),
        Verdict.ASK,
        "blast radius",
    ),
    (
        "what a policy does not allow",
        with_records(acting_case(), policy=PolicyFacts("AUTO", allowed=frozenset({"restart_pod"}))),
        Verdict.SUGGEST,
        "policy",
    ),
    (
        "the third time within a day",
        with_records(acting_case(), came_back_in_a_day=2),
        Verdict.SUGGEST,
        "futility",
    ),
    (
        "critical without the switch",
        with_limits(acting_case(severity=Severity.CRITICAL), auto_critical=False),
        Verdict.ASK,
        "catalogue and bounds",
    ),
    (
        "critical with an unsafe action",
        with_limits(acting_case(severity=Severity.CRITICAL), safe_critical=frozenset()),
        Verdict.ASK,
        "catalogue and bounds",
    ),
    (
        "a forecast without the switch",
        acting_case(predicted=True),
        Verdict.ASK,
        "catalogue and bounds",
    ),
    (
        "a doubt of a model",
        acting_case(doubts=("the model says X",)),
        Verdict.ASK,
        "second opinion",
    ),
    ("mode MANUAL", with_records(acting_case(), auto=False), Verdict.ASK, "mode"),
]


def test_when_every_gate_passes_auto_acts() -> None:
    decision = decide(acting_case())
    assert decision.verdict == Verdict.ACT, decision.reasons


@pytest.mark.parametrize(("case", "verdict", "gate"), [row[1:] for row in SPOILED],
                         ids=[row[0] for row in SPOILED])  # fmt: skip
def test_one_spoiled_point_lowers_the_verdict_and_says_why(
    case: Case, verdict: Verdict, gate: str
) -> None:
    decision = decide(case)
    assert decision.verdict == verdict, decision.reasons
    assert any(reason.startswith(f"{gate}: ") for reason in decision.reasons), decision.reasons


def test_the_gates_stand_in_the_designs_order() -> None:
    assert [gate.name for gate in GATES] == [
        "scope", "stop switch", "maintenance window", "silence", "acceptance", "freshness",
        "owner by UID", "owner guards", "GitOps and Helm", "protected namespace", "policy",
        "warm-up", "someone else at work", "blast radius", "budgets", "futility",
        "catalogue and bounds", "second opinion", "mode",
    ]  # fmt: skip


HARD = ["the signal is gone", "stopped", "a maintenance window", "silenced", "accepted",
        "a spent budget", "Argo CD",
        "another UID", "a blacklisted action", "system priority", "annotated off",
        "a pod that was replaced", "an open attempt", "other evidence", "a policy OFF"]  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_an_approval_does_not_skip_this_gate(name: str) -> None:
    case = next(row[1] for row in SPOILED if row[0] == name)
    assert decide(replace(case, approved=True)).verdict != Verdict.ACT


SOFT = ["a row of mode M", "a refused list", "plain Helm", "older than AUTO", "mode MANUAL",
        "critical without the switch", "a change after the onset"]  # fmt: skip


@pytest.mark.parametrize("name", SOFT)
def test_an_approval_is_the_answer_to_what_was_only_asked(name: str) -> None:
    case = next(row[1] for row in SPOILED if row[0] == name)
    assert decide(replace(case, approved=True)).verdict == Verdict.ACT


def test_a_persons_own_command_that_makes_it_worse_is_refused() -> None:
    case = acting_case("scale_deployment", requested=True, approved=True)
    assert decide(case).verdict == Verdict.SUGGEST


def test_without_a_database_the_gates_that_need_one_are_named() -> None:
    decision = decide(acting_case(records=None))
    assert decision.verdict == Verdict.ACT
    assert decision.not_evaluated == (
        "stop switch", "maintenance window", "silence", "acceptance", "policy", "warm-up",
        "budgets", "futility", "mode", "dry run", "approval",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("onset", "since", "asks"),
    [
        (NOW, NOW + timedelta(milliseconds=999), False),
        (NOW, NOW + timedelta(seconds=1), True),
        (NOW, NOW, False),
        (NOW + timedelta(milliseconds=1), NOW + timedelta(milliseconds=2), True),
        (NOW + timedelta(milliseconds=2), NOW + timedelta(milliseconds=1), False),
    ],
)
def test_a_time_of_whole_seconds_is_before_another_only_when_its_second_is_over(
    onset: datetime, since: datetime, asks: bool
) -> None:
    said = decide(with_records(acting_case(onset=onset), auto_since=since)).reasons
    assert any("before AUTO was switched on" in reason for reason in said) is asks
