"""Acting over real HTTP: what is refused, what is tried again, what is never done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from detection.domain.statuses import Status
from detection.models import Cluster, Incident
from remediation.approval import approvals
from remediation.clients import Clients
from remediation.controls import mode_and_stop
from remediation.execution.act import act
from remediation.execution.reconcile import reconcile
from remediation.models import Approval, Attempt, Budget
from remediation.results import Approved, Ending, Handled, Refused, Stale
from tests.remediation.steps import acted, fresh, planned, real_writes

pytestmark = pytest.mark.django_db
Make = Callable[..., Incident]
State = Attempt.State
PATCHES = {"resource": "deployments.apps", "verbs": ("patch",)}


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing catches it."""


def kill_at(moment: str) -> Callable[[str], None]:
    def checkpoint(name: str) -> None:
        if name == moment:
            raise Killed

    return checkpoint


@pytest.fixture
def decided(auto: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Incident:
    """An incident that AUTO will act on: a bad image, rolled back."""
    incident = planned(incident_of("image_not_found"), clients, now)
    assert incident.decision is not None
    assert incident.decision["verdict"] == "act", incident.decision
    return incident


def test_a_dry_run_precedes_the_write_and_its_diff_is_on_record(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    attempt = acted(decided, clients, now)
    rehearsed, written = [write for write in simulator.writes if write.resource.startswith("dep")]
    assert (rehearsed.dry_run, written.dry_run) == (True, False)
    assert written.field_manager == "kubewise"
    assert any("v9.9.9-missing → " in line for line in attempt.diff), attempt.diff


def test_dry_run_true_stops_after_the_dry_run_with_the_diff(
    decided: Incident, clients: Clients, simulator: Any, now: datetime, settings: Any
) -> None:
    settings.DRY_RUN = True
    attempt = acted(decided, clients, now)
    assert (attempt.state, attempt.dry_run) == (State.REFUSED, True)
    assert attempt.diff
    assert real_writes(simulator) == []
    assert fresh(decided).status == Status.AWAITING_APPROVAL
    assert "DRY_RUN" in decided.transitions.last().reason


def test_the_write_tests_uid_and_resource_version_and_marks_the_objects_metadata(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    attempt = acted(decided, clients, now)
    [write] = real_writes(simulator)
    tests = [item["path"] for item in write.body if item["op"] == "test"]
    assert tests == ["/metadata/uid", "/metadata/resourceVersion"]
    marks = [item for item in write.body if "attempt" in str(item.get("path", ""))]
    assert [(item["path"], item["value"]) for item in marks] == [
        ("/metadata/annotations/kubewise.io~1attempt", str(attempt.pk))
    ]
    template = next(item["value"] for item in write.body if item["path"] == "/spec/template")
    assert "pod-template-hash" not in template["metadata"].get("labels", {})


def test_a_second_delivery_of_the_same_message_does_nothing(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    acted(decided, clients, now)
    assert act(decided.pk, clients, now) == Ending.NOTHING
    assert len(real_writes(simulator)) == 1


def test_a_conflict_is_read_again_and_goes_on_while_the_spec_is_unchanged(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    simulator.api.switches.add(mode="conflict", times=2, **PATCHES)
    attempt = acted(decided, clients, now)
    assert attempt.state == State.APPLIED, attempt.error
    assert len(real_writes(simulator)) == 1


def test_conflicts_without_end_are_given_up_after_three_tries(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    simulator.api.switches.add(mode="conflict", **PATCHES)
    attempt = acted(decided, clients, now)
    assert attempt.state == State.REFUSED
    assert real_writes(simulator) == []


def test_403_is_recorded_with_verb_and_resource(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    simulator.api.switches.add(mode="refuse", code=403, **PATCHES)
    attempt = acted(decided, clients, now)
    assert attempt.state == State.REFUSED
    assert "patch deployments in 'shop'" in attempt.error
    assert fresh(decided).status == Status.ESCALATED
    assert not Budget.objects.filter(spent__gt=0).exists()


def test_a_server_that_is_busy_is_asked_again_within_the_lease(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    simulator.api.switches.add(mode="refuse", code=503, times=1, **PATCHES)
    assert acted(decided, clients, now).state == State.APPLIED


def test_the_stop_switch_holds_at_the_very_next_call(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    def stop(moment: str) -> None:
        if moment == "sending":
            mode_and_stop.set_stop(decided.cluster, True, "ada", "hold it", now)

    act(decided.pk, clients, now, stop)
    attempt = decided.attempts.get()
    assert (attempt.state, attempt.open_target) == (State.REFUSED, None)
    assert "hold it" in attempt.error
    assert real_writes(simulator) == []
    assert fresh(decided).status == Status.AWAITING_APPROVAL


def test_back_to_manual_between_decision_and_claim_nothing_is_done(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    mode_and_stop.set_mode(decided.cluster, "MANUAL", "ada", "", now)
    assert act(decided.pk, clients, now) == Ending.REFUSED
    assert simulator.writes == []
    assert fresh(decided).status == Status.AWAITING_APPROVAL


def test_a_spec_that_changed_since_the_plan_is_refused_and_planned_anew(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    decided.plans.update(digest="0" * 64)
    attempt = acted(decided, clients, now)
    assert attempt.state == State.REFUSED
    assert real_writes(simulator) == []
    incident = fresh(decided)
    assert (incident.status, incident.analyzed_version) == (Status.ANALYZING, 0)
    assert decided.plans.get().superseded_at is not None
    again = planned(incident, clients, now)
    assert again.plans.filter(superseded_at__isnull=True).count() == 1


@pytest.mark.parametrize("moment", ["claimed", "sending", "sent"])
def test_killed_at_the_worst_moments_there_is_one_effect_at_most(
    decided: Incident, clients: Clients, simulator: Any, now: datetime, moment: str
) -> None:
    with pytest.raises(Killed):
        act(decided.pk, clients, now, kill_at(moment))
    attempt = decided.attempts.get()
    assert act(decided.pk, clients, now) == Ending.NOTHING
    assert reconcile(attempt.pk, clients, now) == Ending.NOTHING, "its lease still runs"
    reconcile(attempt.pk, clients, now + timedelta(minutes=5))
    attempt.refresh_from_db()
    happened = moment == "sent"
    assert attempt.state == (State.APPLIED if happened else State.REFUSED)
    assert len(real_writes(simulator)) == (1 if happened else 0)
    after = Status.VERIFICATION_PENDING if happened else Status.ANALYZING
    assert fresh(decided).status == after
    assert Budget.objects.get(name="hour").spent == (1 if happened else 0)


def test_what_was_released_is_planned_anew_and_done_once(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    with pytest.raises(Killed):
        act(decided.pk, clients, now, kill_at("sending"))
    reconcile(decided.attempts.get().pk, clients, now + timedelta(minutes=5))
    attempt = acted(planned(fresh(decided), clients, now), clients, now)
    assert attempt.state == State.APPLIED, attempt.error
    assert len(real_writes(simulator)) == 1


def test_a_rollback_to_a_revision_whose_configmap_is_gone_is_refused(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    with simulator.store.lock:
        table = simulator.store.table("replicasets.apps")
        for found in table.objects.values():
            spec = found["spec"]["template"]["spec"]
            spec["volumes"] = [{"name": "c", "configMap": {"name": "long-gone"}}]
        table.bodies.clear()
    attempt = acted(decided, clients, now)
    assert attempt.state == State.REFUSED
    assert "long-gone" in attempt.error
    assert real_writes(simulator) == []


def test_an_approval_is_bound_to_the_digest_that_was_seen(
    cluster: Cluster, incident_of: Make, clients: Clients, now: datetime, ada: Any
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    plan = incident.plans.get()
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", "", now), Refused)
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", "0" * 64, now), Stale)
    assert isinstance(approvals.approve(plan.pk, 9, ada, "", plan.digest, now), Refused)
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)


def test_a_second_approval_of_the_same_plan_does_nothing(
    cluster: Cluster, incident_of: Make, clients: Clients, now: datetime, ada: Any
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    plan = incident.plans.get()
    approvals.approve(plan.pk, 0, ada, "", plan.digest, now)
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Handled)
    assert Approval.objects.count() == 1


def test_an_approval_ends_after_fifteen_minutes(
    cluster: Cluster,
    incident_of: Make,
    clients: Clients,
    simulator: Any,
    now: datetime,
    ada: Any,
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    plan = incident.plans.get()
    approvals.approve(plan.pk, 0, ada, "", plan.digest, now)
    late = now + timedelta(minutes=15)
    assert act(incident.pk, clients, late) == Ending.NOTHING
    assert simulator.writes == []
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, late), Approved)


def test_an_approval_skips_no_gate(
    cluster: Cluster,
    incident_of: Make,
    clients: Clients,
    simulator: Any,
    now: datetime,
    ada: Any,
    settings: Any,
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    plan = incident.plans.get()
    approvals.approve(plan.pk, 0, ada, "", plan.digest, now)
    settings.BLACKLISTED_COMMANDS = ("rollback_deployment",)
    assert act(incident.pk, clients, now) == Ending.REFUSED
    assert simulator.writes == []
    assert "BLACKLISTED_COMMANDS" in str(fresh(incident).decision)
    assert fresh(incident).status == Status.REMEDIATION_SUGGESTED


def test_a_rejection_dismisses_and_keeps_the_key_until_the_signal_is_gone(
    cluster: Cluster, incident_of: Make, clients: Clients, now: datetime, ada: Any
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    approvals.reject(incident.plans.get().pk, ada, "I know", now)
    found = fresh(incident)
    assert found.status == Status.DISMISSED
    assert found.open_key
    assert act(incident.pk, clients, now) == Ending.NOTHING


def test_an_alert_that_is_over_is_not_acted_on(
    cluster: Cluster,
    incident_of: Make,
    clients: Clients,
    simulator: Any,
    now: datetime,
    ada: Any,
) -> None:
    incident = planned(incident_of("image_not_found"), clients, now)
    plan = incident.plans.get()
    approvals.approve(plan.pk, 0, ada, "", plan.digest, now)
    simulator.clear()
    simulator.settle(60)
    assert act(incident.pk, clients, now) == Ending.REFUSED
    assert simulator.writes == []


def test_two_workers_have_one_budget_for_an_owner(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    acted(decided, clients, now)
    twin = replace_incident(decided)
    assert act(twin.pk, clients, now) in (Ending.REFUSED, Ending.NOTHING)
    assert len(real_writes(simulator)) == 1


def replace_incident(incident: Incident) -> Incident:
    """A second incident about the same owner, decided in the same way."""
    plan = incident.plans.get()
    twin = fresh(incident)
    twin.pk, twin.open_key, twin.status = None, "twin", Status.ANALYZING
    twin.anomaly_id = uuid4()
    twin.decision = incident.decision
    twin.save()
    plan.pk, plan.incident = None, twin
    plan.save()
    return twin
