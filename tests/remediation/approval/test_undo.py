"""Undo, futility, budgets and the storm brake, on records alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.models import Cluster, Incident
from remediation.analysis.analyze import _not_futile
from remediation.controls import budgets
from remediation.controls.storm_brake import storm_brake
from remediation.execution.attempts import State, Work, claim_attempt
from remediation.models import Attempt, Budget, Plan, PlanSource, Policy
from remediation.planning.plans import candidates_of, new_plan
from remediation.policy.case_records import records_of
from remediation.verification.verify import Timing, conclude
from tests.remediation.cases import NOW, candidate

pytestmark = pytest.mark.django_db
TIMES = Timing(soak=timedelta(seconds=30))
NAMED = {"name": "cart", "namespace": "shop"}
TARGET = {"kind": "Deployment", "namespace": "shop", "name": "cart", "uid": "uid-1"}


def incident(cluster: Cluster, key: str = "k", **fields: Any) -> Incident:
    given = {
        "cluster": cluster, "open_key": key, "owner_kind": "Deployment",
        "owner_namespace": "shop", "owner_name": "cart", "owner_uid": "uid-1",
        "cause": "BAD_RELEASE", "severity": "warning", "status": Status.VERIFICATION_PENDING,
        "summary": "x", "onset": NOW, "first_seen": NOW, "last_seen": NOW,
    }  # fmt: skip
    return Incident.objects.create(**(given | fields))


def attempt(found: Incident, source: str = "rules", **fields: Any) -> Attempt:
    plan = Plan.objects.create(
        incident=found, incident_version=1, created_at=NOW, digest="d", source=source
    )
    given = {
        "incident": found, "plan": plan, "idempotency_key": f"i{plan.pk}",
        "state": State.APPLIED, "open_target": f"uid-{plan.pk}", "lease_until": NOW,
        "action": "scale_deployment", "parameters": {**NAMED, "replicas": 5},
        "command": "scale_deployment name=cart namespace=shop replicas=5", "target": TARGET,
        "inverse": {"action": "scale_deployment", "parameters": {**NAMED, "replicas": 3}},
        "executor": "AUTO", "created_at": NOW, "executed_at": NOW, "verify_due_at": NOW,
    }  # fmt: skip
    return Attempt.objects.create(**(given | fields))


def worse(made: Attempt, spec_hash: str = "now") -> Incident:
    conclude(made, Attempt.Outcome.WORSE, "1 of 3 ready", TIMES, NOW, spec_hash)
    return Incident.objects.get(pk=made.incident_id)


def test_worse_makes_a_plan_of_the_recorded_inverse_that_every_gate_decides_on(
    cluster: Cluster,
) -> None:
    made = attempt(incident(cluster))
    found = worse(made)
    plan = found.plans.get(superseded_at__isnull=True)
    assert (found.status, plan.source, plan.spec_hash) == (Status.ANALYZING, PlanSource.UNDO, "now")
    first, last = candidates_of(plan)
    assert (first.action, first.parameters) == ("scale_deployment", {**NAMED, "replicas": 3})
    assert first.target.uid == "uid-1"
    assert last.action == "escalate"
    assert (found.analyzed_version, found.decided_version) == (found.version, 0)


def test_an_undo_is_never_undone(cluster: Cluster) -> None:
    assert worse(attempt(incident(cluster), source=PlanSource.UNDO)).status == Status.ESCALATED


def test_a_rollback_is_never_undone_by_itself(cluster: Cluster) -> None:
    found = worse(attempt(incident(cluster), action="rollback_deployment", inverse=None))
    assert found.status == Status.ESCALATED
    assert "No safe undo is known" in found.transitions.last().reason  # type: ignore[union-attr]


def test_an_owner_that_can_t_be_read_is_not_undone_but_handed_over(cluster: Cluster) -> None:
    assert worse(attempt(incident(cluster)), spec_hash="").status == Status.ESCALATED


@pytest.mark.parametrize("inverse", [{"replicas": 0}, {"replicas": 3, "shell": "rm"}])
def test_an_inverse_beyond_the_catalogue_is_never_planned(
    cluster: Cluster, inverse: dict[str, Any]
) -> None:
    tampered = {"action": "scale_deployment", "parameters": {**NAMED, **inverse}}
    made = attempt(incident(cluster), inverse=tampered)
    try:
        assert worse(made).status == Status.ESCALATED
    except ValueError:
        assert not Plan.objects.filter(source=PlanSource.UNDO).exists()


def test_after_an_undo_that_did_not_heal_people_are_called(cluster: Cluster) -> None:
    made = attempt(incident(cluster), source=PlanSource.UNDO)
    conclude(made, Attempt.Outcome.NOT_FIXED, "as before", TIMES, NOW)
    assert Incident.objects.get().status == Status.ESCALATED


def test_an_undo_costs_the_cluster_but_not_its_owner_a_second_time(cluster: Cluster) -> None:
    found = incident(cluster)
    names = {cost.name for cost in budgets.costs_of(found, "scale_deployment", False, undo=True)}
    assert names == {"open", "hour", "action:scale_deployment", "namespace:shop"}


# futility


def came_back(cluster: Cluster, times: int) -> Incident:
    for number in range(times):
        former = incident(cluster, f"old{number}", status=Status.RESOLVED)
        attempt(former, action="rollback_deployment", state=State.VERIFIED, open_target=None,
                outcome="resolved", settled_at=NOW - timedelta(hours=2))  # fmt: skip
    return incident(cluster, "new")


def test_an_action_whose_failure_came_back_is_not_chosen_again_within_a_day(
    cluster: Cluster,
) -> None:
    found = came_back(cluster, 1)
    options = [candidate("rollback_deployment"), candidate("restart_pod"), candidate("escalate")]
    assert [o.action for o in _not_futile(found, options, NOW)] == ["restart_pod", "escalate"]
    later = _not_futile(found, options, NOW + timedelta(hours=23))
    assert later == options, "a day after it worked it counts no more"


def test_the_third_time_within_a_day_only_escalation_is_left(cluster: Cluster) -> None:
    found = came_back(cluster, 2)
    options = [candidate("restart_pod"), candidate("escalate")]
    assert [o.action for o in _not_futile(found, options, NOW)] == ["escalate"]


def test_what_only_worked_for_another_owner_or_cause_counts_for_nothing(cluster: Cluster) -> None:
    came_back(cluster, 2)
    other = incident(cluster, "other", owner_uid="uid-9")
    options = [candidate("rollback_deployment")]
    assert _not_futile(other, options, NOW) == options


# budgets and brake


def work(cluster: Cluster, number: int, namespace: str = "shop") -> Work:
    found = incident(
        cluster, f"w{number}", owner_uid=f"uid-{number}", owner_namespace=namespace,
        status=Status.ANALYZING, decided_version=1,
    )  # fmt: skip
    plan = new_plan(found, [candidate()], "h", "rules", NOW)
    return Work(found, plan, 0, candidates_of(plan)[0])


def finished(cluster: Cluster) -> None:
    Budget.objects.filter(cluster=cluster, name="open").update(spent=0)


def test_the_policy_of_a_namespace_caps_its_attempts_an_hour(auto: Cluster) -> None:
    Policy.objects.create(cluster=auto, namespace_pattern="shop", mode="AUTO", attempts_an_hour=1)
    assert claim_attempt(work(auto, 1), NOW).attempt is not None
    assert "1 attempt in namespace shop" in claim_attempt(work(auto, 2), NOW).reason
    assert claim_attempt(work(auto, 3, "payments"), NOW).attempt is not None


def test_a_policy_of_zero_attempts_lets_nothing_through(auto: Cluster) -> None:
    Policy.objects.create(cluster=auto, namespace_pattern="sh*", mode="AUTO", attempts_an_hour=0)
    assert claim_attempt(work(auto, 1), NOW).attempt is None
    assert not Budget.objects.filter(spent__gt=0).exists()


def test_one_action_is_capped_whatever_the_namespace(auto: Cluster) -> None:
    for number in range(budgets.BudgetLimits().an_hour_of_an_action):
        assert claim_attempt(work(auto, number, f"team-{number}"), NOW).attempt is not None
        finished(auto)
    assert (
        "5 attempts with rollback_deployment in the last hour"
        in claim_attempt(work(auto, 99, "team-9"), NOW).reason
    )


def test_incidents_that_rise_too_fast_suspend_auto(cluster: Cluster, settings: Any) -> None:
    settings.STORM_INCIDENTS = 3
    for number in range(3):
        incident(cluster, f"s{number}")
    assert storm_brake(cluster, NOW) == ""
    last = incident(cluster, "s3")
    assert "AUTO is suspended" in storm_brake(cluster, NOW)
    assert "AUTO is suspended" in records_of(last, candidate(), NOW).storm
    assert storm_brake(cluster, NOW + timedelta(minutes=11)) == ""


def test_a_node_storm_that_is_open_suspends_auto_for_everything(cluster: Cluster) -> None:
    incident(cluster, "storm", cause="NODE_STORM", first_seen=NOW - timedelta(hours=1))
    assert "NODE_STORM is open" in storm_brake(cluster, NOW)
