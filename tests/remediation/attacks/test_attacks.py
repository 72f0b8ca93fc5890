"""Attacks on the pipeline's promises: lost leases, cut answers, hot loops, passing reasons."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from detection.domain.causes import Cause
from detection.domain.statuses import Status
from detection.kubernetes.client import KubernetesError
from detection.models import Cluster, Incident
from remediation.approval import approvals
from remediation.approval.commands import request_command
from remediation.clients import Clients
from remediation.cluster import writer
from remediation.controls import mode_and_stop
from remediation.execution import act as acting
from remediation.execution import dry_run_and_write
from remediation.execution.act import act
from remediation.execution.attempts import Term, Work, claim_attempt
from remediation.execution.reconcile import reconcile
from remediation.housekeeping.sweep import sweep
from remediation.models import Attempt, MaintenanceWindow
from remediation.planning.plans import candidates_of, current_plan, supersede
from remediation.policy.decide import decide
from remediation.policy.decisions import decide_incident
from remediation.policy.verdicts import Verdict
from remediation.results import Approved, Ending, Handled, Stale
from tests.remediation.cases import acting_case
from tests.remediation.steps import acted, fresh, planned, real_writes

pytestmark = pytest.mark.django_db
Make = Callable[..., Incident]
State = Attempt.State
PATCHES = {"resource": "deployments.apps", "verbs": ("patch",)}
ROLLBACK = "rollback_deployment name=checkout namespace=shop"


@pytest.fixture
def decided(auto: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Incident:
    return planned(incident_of("image_not_found"), clients, now)


@pytest.fixture
def waiting(cluster: Cluster, incident_of: Make, clients: Clients, now: datetime) -> Incident:
    return planned(incident_of("image_not_found"), clients, now)


def slow_gathering(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    gather = acting.gather

    def slowly(*given: Any, **named: Any) -> Any:
        time.sleep(seconds)
        return gather(*given, **named)

    monkeypatch.setattr(acting, "gather", slowly)


def at(moment: str, do: Callable[[], object]) -> Callable[[str], None]:
    def checkpoint(name: str) -> None:
        if name == moment:
            do()

    return checkpoint


def sent_patches(simulator: Any) -> list[Any]:
    return [w for w in simulator.writes if not w.dry_run and w.resource.startswith("dep")]


# 1: the lease


def test_a_worker_that_gathered_past_its_lease_claims_nothing(
    decided: Incident, clients: Clients, simulator: Any, now: datetime, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    settings.ATTEMPT_LEASE_SECONDS = 2
    slow_gathering(monkeypatch, 1.2)
    assert act(decided.pk, clients, now) == Ending.NOTHING
    assert not decided.attempts.exists()
    assert simulator.writes == []


@pytest.mark.parametrize("moment", ["claimed", "sending"])
def test_a_worker_whose_attempt_was_reconciled_sends_nothing_and_settles_nothing(
    decided: Incident, clients: Clients, simulator: Any, now: datetime, moment: str
) -> None:
    def take_over() -> None:
        reconcile(decided.attempts.get().pk, clients, now + timedelta(minutes=5))

    act(decided.pk, clients, now, at(moment, take_over))
    attempt = decided.attempts.get()
    assert real_writes(simulator) == []
    assert attempt.state == State.REFUSED
    assert "the worker stopped" in attempt.error
    assert fresh(decided).status == Status.ANALYZING


def test_a_lease_that_is_shorter_than_a_call_shortens_the_call(
    clients: Clients, now: datetime, settings: Any
) -> None:
    settings.ATTEMPT_LEASE_SECONDS = 4
    term = Term(now)
    assert clients.writer is not None
    limit = clients.writer.within(term.call_seconds)._timeout()
    assert limit.connect_timeout + limit.read_timeout == pytest.approx(2)
    assert term.until + term.call_seconds == pytest.approx(term.started + 4)


def test_an_approval_that_ends_while_the_case_is_gathered_is_not_used(
    waiting: Incident, clients: Clients, simulator: Any, now: datetime, ada: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    plan = waiting.plans.get()
    approvals.approve(plan.pk, 0, ada, "", plan.digest, now)
    slow_gathering(monkeypatch, 0.6)
    act(waiting.pk, clients, now + approvals.VALIDITY - timedelta(seconds=0.5))
    assert not waiting.attempts.exists()
    assert simulator.writes == []


# 2: what may have been sent


def test_a_write_is_not_repeated_after_a_5xx_and_is_unknown(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    def fail() -> None:
        simulator.api.switches.add(mode="refuse", code=503, times=1, **PATCHES)

    act(decided.pk, clients, now, at("sending", fail))
    assert decided.attempts.get().state == State.UNKNOWN
    assert real_writes(simulator) == []


def test_stopped_after_something_was_sent_is_unknown(
    decided: Incident, clients: Clients, simulator: Any, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def throttle() -> None:
        simulator.api.switches.add(mode="refuse", code=429, times=1, **PATCHES)

    def stop(seconds: float) -> None:
        mode_and_stop.set_stop(decided.cluster, True, "ada", "hold it", now)

    monkeypatch.setattr(writer.time, "sleep", stop)
    act(decided.pk, clients, now, at("sending", throttle))
    monkeypatch.undo()
    attempt = decided.attempts.get()
    assert (attempt.state, "hold it" in attempt.error) == (State.UNKNOWN, True)


def test_an_eviction_is_sent_once_where_the_server_answers_5xx() -> None:
    calls = []

    class Broken:
        def request(self, *given: Any) -> bytes:
            calls.append(given)
            raise KubernetesError("cut", 503)

    session = writer.Session(Broken())  # type: ignore[arg-type]
    with pytest.raises(KubernetesError, match="cut"):
        writer.evict(session, writer.ObjectRef("Pod", "shop", "a", "u"), dry_run=False)
    assert (len(calls), len(session.sent)) == (1, 1)


# 4: no hot loop


def test_the_same_command_refused_twice_within_an_hour_is_handed_to_people(
    decided: Incident, clients: Clients, simulator: Any, now: datetime
) -> None:
    decided.plans.update(digest="0" * 64)
    acted(decided, clients, now)
    again = planned(fresh(decided), clients, now)
    again.plans.update(digest="0" * 64)
    acted(again, clients, now)
    assert fresh(decided).status == Status.ESCALATED
    assert "refused 2 times" in decided.transitions.last().reason
    assert real_writes(simulator) == []


def test_a_bug_before_anything_was_sent_counts_as_refused(
    decided: Incident, clients: Clients, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(dry_run_and_write, "rehearse", broken)
    assert act(decided.pk, clients, now) == Ending.REFUSED
    assert decided.attempts.get().state == State.REFUSED
    assert fresh(decided).status == Status.ESCALATED


def test_an_owner_whose_spec_could_not_be_read_is_asked_about_not_acted_on(
    auto: Cluster, incident_of: Make, clients: Clients, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("remediation.analysis.analyze.spec_hash_of", lambda *given: "")
    incident = planned(incident_of("image_not_found"), clients, now)
    assert (incident.decision or {})["verdict"] == "ask"
    assert "could not be read" in str(incident.decision) or "owner's spec" in str(incident.decision)
    later = now + timedelta(minutes=1)
    decide_incident(incident.pk, clients, later)
    assert fresh(incident).analyzed_version == 0, "it can be read now"


# 6: reasons that pass


def test_what_a_maintenance_window_held_back_is_decided_again_when_it_ends(
    auto: Cluster, incident_of: Make, clients: Clients, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    window = MaintenanceWindow.objects.create(
        cluster=auto, author="ada", reason="upgrade", starts_at=now, ends_at=now + timedelta(days=1)
    )
    incident = planned(incident_of("image_not_found"), clients, now)
    assert incident.decide_again_at == now + timedelta(minutes=1)
    told = incident.transitions.count()
    monkeypatch.setattr("kubewise_site.pipeline.advance", lambda record_id: None)
    later = now + timedelta(minutes=1)
    assert sweep(later - timedelta(seconds=1)) == []
    assert sweep(later) == [f"advance {incident.pk}"]
    decide_incident(incident.pk, clients, later)
    assert fresh(incident).decide_again_at == later + timedelta(minutes=2)
    assert incident.transitions.count() == told, "the same verdict is not told again"
    window.delete()
    decide_incident(incident.pk, clients, later + timedelta(minutes=2))
    found = fresh(incident)
    assert (found.status, found.decide_again_at) == (Status.ANALYZING, None)
    assert acted(found, clients, now + timedelta(minutes=3)).state == State.APPLIED


def test_an_incident_with_a_live_approval_is_not_decided_again(
    waiting: Incident, clients: Clients, now: datetime, ada: Any
) -> None:
    Incident.objects.filter(pk=waiting.pk).update(decide_again_at=now)
    plan = waiting.plans.get()
    approvals.approve(plan.pk, 0, ada, "", plan.digest, now)
    assert decide_incident(waiting.pk, clients, now) == Ending.NOTHING


# 8: commands of people


@pytest.mark.parametrize("text", ["describe name=checkout namespace=shop", "noop"])
def test_a_command_that_only_reads_leaves_the_waiting_plan(
    waiting: Incident, clients: Clients, now: datetime, ada: Any, text: str
) -> None:
    plan = current_plan(waiting)
    assert plan is not None
    assert isinstance(request_command(waiting.pk, text, ada, "", now), Approved)
    assert act(waiting.pk, clients, now) == Ending.DONE
    assert current_plan(fresh(waiting)) == plan
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)


def test_after_a_command_was_refused_there_is_a_new_plan(
    waiting: Incident, clients: Clients, simulator: Any, now: datetime, ada: Any
) -> None:
    simulator.api.switches.add(mode="refuse", code=403, **PATCHES)
    request_command(waiting.pk, ROLLBACK, ada, "", now)
    assert acted(waiting, clients, now).state == State.REFUSED
    found = fresh(waiting)
    assert (found.status, current_plan(found)) == (Status.ANALYZING, None)


def test_after_a_command_was_stopped_there_is_a_new_plan(
    waiting: Incident, clients: Clients, now: datetime, ada: Any
) -> None:
    request_command(waiting.pk, ROLLBACK, ada, "", now)
    mode_and_stop.set_stop(waiting.cluster, True, "ada", "hold it", now)
    assert act(waiting.pk, clients, now) == Ending.REFUSED
    assert current_plan(fresh(waiting)) is None


def test_a_command_while_another_waits_is_told_so(
    waiting: Incident, now: datetime, ada: Any
) -> None:
    assert isinstance(request_command(waiting.pk, ROLLBACK, ada, "", now), Approved)
    answer = request_command(waiting.pk, ROLLBACK, ada, "", now)
    assert isinstance(answer, Handled)
    assert "has not run yet" in answer.reason


# 9: what is bad stays bad; what is superseded stays undone


@pytest.mark.parametrize("requested", [True, False])
def test_no_approval_lifts_what_makes_the_cause_worse(requested: bool) -> None:
    case = acting_case(
        "restart_deployment", cause=Cause.IMAGE_NOT_FOUND, approved=True, requested=requested
    )
    found = decide(case)
    assert found.verdict == Verdict.SUGGEST
    assert "worse" in str(found.reasons)


def test_a_superseded_plan_is_not_claimed(decided: Incident, now: datetime) -> None:
    plan = decided.plans.get()
    supersede(decided, now)
    assert claim_attempt(Work(decided, plan, 0, candidates_of(plan)[0]), now).attempt is None


def test_a_decision_on_an_older_version_is_not_claimed(decided: Incident, now: datetime) -> None:
    plan = decided.plans.get()
    Incident.objects.filter(pk=decided.pk).update(version=9)
    assert claim_attempt(Work(decided, plan, 0, candidates_of(plan)[0]), now).attempt is None


def test_an_approval_of_a_plan_for_an_older_version_is_stale(
    waiting: Incident, now: datetime, ada: Any
) -> None:
    plan = waiting.plans.get()
    Incident.objects.filter(pk=waiting.pk).update(version=9)
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Stale)
