"""Findings become incidents: one an owner, revised, folded, closed only on evidence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from detection.domain.causes import Cause, Severity
from detection.domain.facts import Facts
from detection.domain.findings import Evidence, Finding, ObjectRef, Revision
from detection.domain.statuses import Status
from detection.incidents import states
from detection.incidents.record import GONE_BEFORE_CLOSING_SECONDS, record_findings
from detection.incidents.watched import watch
from detection.models import Cluster, Incident

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CART = ObjectRef("Deployment", "shop", "cart", "uid-cart")
FOUND = Finding(
    cause=Cause.ROLLOUT_STALLED, owner=CART, severity=Severity.WARNING, summary="stalled",
    onset=NOW, opens_at=NOW, evidence=(Evidence("condition", "Progressing=False", True),),
    revision=Revision(current=2, older=1, changed=("image",)),
)  # fmt: skip
LATER = NOW + timedelta(seconds=15)
LONG_AFTER = LATER + timedelta(seconds=GONE_BEFORE_CLOSING_SECONDS)


@pytest.fixture
def cluster(db: None) -> Cluster:
    return Cluster.objects.create(name="c")


def test_one_owner_has_one_open_incident(cluster: Cluster) -> None:
    first = record_findings(cluster, [FOUND], {}, NOW)
    second = record_findings(cluster, [FOUND], {}, LATER)
    incident = Incident.objects.get()
    assert (first.opened, second.opened, incident.count) == (1, 0, 2)
    assert (first.to_advance, second.to_advance) == ([incident.pk], [])


def test_the_database_refuses_a_second_open_incident(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    Incident.objects.update(last_seen=NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("detection.incidents.record._open_incidents", lambda cluster: [])
        done = record_findings(cluster, [FOUND], {}, LATER)
    assert (done.opened, done.to_advance, Incident.objects.count()) == (0, [], 1)


def test_the_silence_after_a_breach_keeps_an_incident_open_but_opens_none(cluster: Cluster) -> None:
    """A pod that a rollback removed leaves a series that ends beyond its threshold."""
    silent = replace(FOUND, cause=Cause.THRESHOLD_BREACH, facts=Facts(unseen=True))
    assert record_findings(cluster, [silent], {}, NOW).opened == 0
    record_findings(cluster, [replace(silent, facts=Facts())], {}, LATER)
    record_findings(cluster, [silent], {}, LONG_AFTER)
    assert Incident.objects.get().open_key


def test_a_better_cause_revises_the_incident_and_is_on_record(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    better = replace(FOUND, cause=Cause.BAD_RELEASE, severity=Severity.CRITICAL, summary="crash")
    done = record_findings(cluster, [better], {}, LATER)
    incident = Incident.objects.get()
    assert (incident.cause, incident.version, done.to_advance) == (
        "BAD_RELEASE", 2, [incident.pk],
    )  # fmt: skip
    change = incident.transitions.get(kind="cause")
    assert (change.before, change.after) == ("ROLLOUT_STALLED warning", "BAD_RELEASE critical")


def test_the_same_finding_again_is_no_news(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    assert record_findings(cluster, [FOUND], {}, LATER).to_advance == []
    assert Incident.objects.get().version == 1


def test_it_closes_once_the_signal_is_gone_for_a_while(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    assert record_findings(cluster, [], {}, LATER).closed == 0
    assert record_findings(cluster, [], {}, LATER + timedelta(seconds=60)).closed == 0
    assert record_findings(cluster, [], {}, LONG_AFTER).closed == 1
    incident = Incident.objects.get()
    assert (incident.status, incident.open_key) == (Status.RESOLVED, None)


@pytest.mark.parametrize("source", ["kubernetes/pods", "detection/crash_loop"])
def test_nothing_closes_while_its_source_is_blind(cluster: Cluster, source: str) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    record_findings(cluster, [], {}, LATER)
    assert record_findings(cluster, [], {source: "403"}, LONG_AFTER).closed == 0
    assert Incident.objects.get().status == Status.DETECTED


def test_an_incident_of_the_scan_closes_while_only_prometheus_is_blind(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    record_findings(cluster, [], {"prometheus": "refused"}, LATER)
    assert record_findings(cluster, [], {"prometheus": "refused"}, LONG_AFTER).closed == 1


def test_an_incident_of_metrics_stays_while_prometheus_is_blind(cluster: Cluster) -> None:
    record_findings(cluster, [replace(FOUND, source="threshold")], {}, NOW)
    record_findings(cluster, [], {}, LATER)
    assert record_findings(cluster, [], {"prometheus": "refused"}, LONG_AFTER).closed == 0


def test_a_signal_that_comes_and_goes_is_one_flapping_incident(cluster: Cluster) -> None:
    for step in range(8):
        findings = [FOUND] if step % 2 == 0 else []
        record_findings(cluster, findings, {}, NOW + timedelta(seconds=40 * step))
    incident = Incident.objects.get()
    assert (incident.flapping, incident.returns) == (True, 3)


def test_a_dismissed_incident_is_not_opened_anew_while_its_signal_lasts(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    incident = Incident.objects.get()
    states.move_incident(incident, Status.DISMISSED, actor="ann", reason="known", now=NOW)
    record_findings(cluster, [FOUND], {}, LATER)
    assert Incident.objects.get().status == Status.DISMISSED
    record_findings(cluster, [], {}, LATER)
    record_findings(cluster, [], {}, LONG_AFTER)
    assert Incident.objects.get().open_key is None
    assert record_findings(cluster, [FOUND], {}, LONG_AFTER).opened == 1


def test_an_owner_folds_into_the_cause_that_it_shares(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    node = ObjectRef("Node", "", "n1", "uid-n1")
    storm = replace(FOUND, cause=Cause.NODE_NOT_READY, owner=node, related=(CART,), revision=None)
    record_findings(cluster, [storm], {}, LATER)
    child = Incident.objects.get(owner_uid="uid-cart")
    assert child.parent == Incident.objects.get(owner_uid="uid-n1")
    assert (child.gone_since, child.transitions.filter(kind="folded").count()) == (None, 1)
    record_findings(cluster, [storm], {}, LONG_AFTER)
    assert child.transitions.filter(kind="folded").count() == 1


@pytest.mark.parametrize("status", [Status.REMEDIATION_ATTEMPTED, Status.ANALYZING])
def test_what_is_in_somebodys_hand_is_not_closed(cluster: Cluster, status: Status) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    Incident.objects.update(status=status)
    record_findings(cluster, [], {}, LATER)
    assert record_findings(cluster, [], {}, LONG_AFTER).closed == 0


def repaired(cluster: Cluster) -> Incident:
    """Acted on, its signal gone for as long as any other's has to be."""
    record_findings(cluster, [FOUND], {}, NOW)
    Incident.objects.update(status=Status.VERIFICATION_PENDING)
    record_findings(cluster, [], {}, LATER)
    record_findings(cluster, [], {}, LONG_AFTER)
    return Incident.objects.get()


def test_what_is_being_verified_is_told_as_well_by_the_rule_of_all_others(
    cluster: Cluster,
) -> None:
    incident = repaired(cluster)
    assert (incident.status, incident.closed_at) == (Status.RESOLVED, LONG_AFTER)
    assert "still verified" in incident.transitions.get(after=Status.RESOLVED).reason


def test_nothing_is_told_as_well_while_any_sign_is_seen_on_its_owner(cluster: Cluster) -> None:
    young = replace(FOUND, opens_at=NOW + timedelta(hours=1))
    record_findings(cluster, [FOUND], {}, NOW)
    Incident.objects.update(status=Status.VERIFICATION_PENDING)
    watch(cluster, [young], [], LATER)
    record_findings(cluster, [], {}, LATER)
    record_findings(cluster, [], {}, LONG_AFTER)
    assert Incident.objects.get().status == Status.VERIFICATION_PENDING
    watch(cluster, [], [], LONG_AFTER)
    record_findings(cluster, [], {}, LONG_AFTER)
    assert Incident.objects.get().status == Status.VERIFICATION_PENDING


def test_a_recurrence_while_it_is_verified_opens_the_same_incident_again(
    cluster: Cluster,
) -> None:
    repaired(cluster)
    after = LONG_AFTER + timedelta(seconds=60)
    done = record_findings(cluster, [replace(FOUND, onset=after, opens_at=after)], {}, after)
    incident = Incident.objects.get()
    assert (done.opened, done.reopened) == (0, 1)
    assert (incident.status, incident.closed_at) == (Status.VERIFICATION_PENDING, None)
    assert incident.returns == 1


def test_what_came_back_is_told_as_well_by_its_verification_alone(cluster: Cluster) -> None:
    repaired(cluster)
    for seconds in (60, 75, 300):
        found = [FOUND] if seconds == 60 else []
        record_findings(cluster, found, {}, LONG_AFTER + timedelta(seconds=seconds))
    assert Incident.objects.get().status == Status.VERIFICATION_PENDING


def test_an_after_effect_opens_nothing_again(cluster: Cluster) -> None:
    repaired(cluster)
    echo = replace(FOUND, cause=Cause.THRESHOLD_BREACH, source="threshold", revision=None)
    assert record_findings(cluster, [echo], {}, LONG_AFTER).reopened == 0
    assert Incident.objects.get().status == Status.RESOLVED


def test_once_its_verification_has_ended_a_recurrence_is_an_incident_of_its_own(
    cluster: Cluster,
) -> None:
    states.give_key_up(repaired(cluster))
    after = LONG_AFTER + timedelta(hours=1)
    new = replace(FOUND, onset=after, opens_at=after)
    assert record_findings(cluster, [new], {}, after).opened == 1


def test_a_metric_that_lags_behind_does_not_rename_the_incident(cluster: Cluster) -> None:
    record_findings(cluster, [replace(FOUND, cause=Cause.BAD_RELEASE)], {}, NOW)
    echo = replace(FOUND, cause=Cause.THRESHOLD_BREACH, source="threshold", revision=None)
    assert record_findings(cluster, [echo], {}, LATER).revised == 0
    incident = Incident.objects.get()
    assert (incident.cause, incident.version) == ("BAD_RELEASE", 1)


def test_a_metric_that_lags_behind_is_no_sight_of_the_failure(cluster: Cluster) -> None:
    record_findings(cluster, [replace(FOUND, cause=Cause.BAD_RELEASE)], {}, NOW)
    echo = replace(FOUND, cause=Cause.THRESHOLD_BREACH, source="threshold", revision=None)
    record_findings(cluster, [echo], {}, LATER)
    incident = Incident.objects.get()
    assert (incident.count, incident.gone_since) == (1, LATER)


def test_what_is_being_verified_keeps_its_cause(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    Incident.objects.update(status=Status.VERIFICATION_PENDING)
    assert (
        record_findings(cluster, [replace(FOUND, cause=Cause.BAD_RELEASE)], {}, LATER).revised == 0
    )
    assert Incident.objects.get().cause == "ROLLOUT_STALLED"


def test_a_dismissal_does_not_hide_another_failure_of_the_owner(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    states.move_incident(
        Incident.objects.get(), Status.DISMISSED, actor="ann", reason="known", now=NOW
    )
    worse = replace(FOUND, cause=Cause.BAD_RELEASE, severity=Severity.CRITICAL)
    assert record_findings(cluster, [worse], {}, LATER).opened == 1
    assert Incident.objects.get(open_key__isnull=False).status == Status.DETECTED


def test_an_analysis_on_demand_during_a_pass_is_not_lost(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    stale = list(Incident.objects.all())
    Incident.objects.update(version=6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("detection.incidents.record._open_incidents", lambda cluster: stale)
        record_findings(cluster, [FOUND], {}, LATER)
    assert Incident.objects.get().version == 6


NAMELESS = replace(FOUND, owner=replace(CART, uid=""), cause=Cause.THRESHOLD_BREACH,
                   source="threshold", facts=Facts(sources=("threshold",)))  # fmt: skip


def test_a_metric_that_knows_no_uid_belongs_to_the_incident_of_that_name(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    done = record_findings(cluster, [NAMELESS], {"kubernetes/deployments": "timed out"}, LATER)
    incident = Incident.objects.get()
    assert (done.opened, incident.owner_uid, incident.gone_since) == (0, "uid-cart", None)


def test_an_incident_that_a_metric_opened_learns_its_owners_uid(cluster: Cluster) -> None:
    record_findings(cluster, [NAMELESS], {}, NOW)
    record_findings(cluster, [FOUND], {}, LATER)
    record_findings(cluster, [FOUND], {}, LONG_AFTER)
    incident = Incident.objects.get()
    assert (incident.owner_uid, incident.count) == ("uid-cart", 3)
    assert incident.open_key == f"{cluster.pk}|uid-cart"


def test_another_object_of_the_same_name_has_an_incident_of_its_own(cluster: Cluster) -> None:
    record_findings(cluster, [FOUND], {}, NOW)
    again = replace(FOUND, owner=replace(CART, uid="uid-of-its-successor"))
    assert record_findings(cluster, [again], {}, LATER).opened == 1


def test_a_metric_incident_stays_open_while_nobody_knows_whose_pods_are_whose(
    cluster: Cluster,
) -> None:
    record_findings(cluster, [NAMELESS], {}, NOW)
    record_findings(cluster, [], {"kubernetes/pods": "timed out"}, LATER)
    record_findings(cluster, [], {"kubernetes/pods": "timed out"}, LONG_AFTER)
    assert Incident.objects.get().open_key
