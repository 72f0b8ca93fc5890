"""Accepted failures: who is left in peace, for how long, and what ends it. Attacks come first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from detection.domain.statuses import Status
from detection.incidents import states
from detection.models import Cluster, Incident
from remediation import notifications
from remediation.analysis import consult_model as consult_module
from remediation.analysis.consult_model import consult
from remediation.approval import approvals
from remediation.audit import trail
from remediation.clients import Clients
from remediation.controls import acceptances, mode_and_stop
from remediation.controls.acceptances import BadAcceptance, NotAcceptable, accept
from remediation.controls.storm_brake import storm_brake
from remediation.execution.attempts import Work, claim_attempt
from remediation.housekeeping.sweep import sweep
from remediation.models import Acceptance, Attempt, AuditEntry, Delivery
from remediation.planning.plans import candidates_of, current_plan
from remediation.policy.decisions import decide_incident
from remediation.results import Approved, Ending
from tests.remediation.cases import NOW
from tests.remediation.steps import fresh, planned, real_writes

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=30)
HOOK = "json://127.0.0.1:9/hook"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("advance", "act", "notify"):
        monkeypatch.setattr(f"kubewise_site.pipeline.{name}", lambda record_id: None)


def incident(cluster: Cluster, name: str = "cart", **fields: Any) -> Incident:
    given = {
        "cluster": cluster, "open_key": name, "owner_kind": "Deployment", "owner_name": name,
        "owner_namespace": "shop", "owner_uid": f"uid-{name}", "cause": "IMAGE_NOT_FOUND",
        "severity": "warning", "summary": "x", "status": Status.AWAITING_APPROVAL,
        "facts": {"pods": 1, "image": "shop/cart:2.0", "restarts": 4}, "revision": {"current": 3},
        "onset": NOW, "first_seen": NOW, "last_seen": NOW, "analyzed_version": 1,
    }  # fmt: skip
    return Incident.objects.create(**(given | fields))


def accepted(found: Incident, now: datetime = NOW) -> Acceptance:
    return accept(found, "ada", "the old shop, gone by spring", now + MONTH, now)


def kinds(found: Incident) -> list[str]:
    return list(found.transitions.values_list("kind", flat=True))


@pytest.mark.parametrize("reason", ["", "  ", "\n\t", "\u00a0", "\u200b\u200b", "\x00", "\u202e"])
def test_without_a_reason_that_can_be_read_nothing_is_accepted(
    cluster: Cluster, reason: str
) -> None:
    with pytest.raises(BadAcceptance) as error:
        accept(incident(cluster), "ada", reason, NOW + MONTH, NOW)
    assert error.value.field == "reason"
    assert not Acceptance.objects.exists()


@pytest.mark.parametrize(
    "review_at",
    [NOW - timedelta(seconds=1), NOW, NOW + timedelta(days=90, seconds=1),
     datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)],
)  # fmt: skip
def test_the_review_date_is_bounded(cluster: Cluster, review_at: datetime) -> None:
    with pytest.raises(BadAcceptance) as error:
        accept(incident(cluster), "ada", "known", review_at, NOW)
    assert error.value.field == "review_at"
    assert not Acceptance.objects.exists()


def test_what_harms_readers_is_kept_visible(cluster: Cluster) -> None:
    row = accept(incident(cluster), "ada", "known\x00 \u202egnp.exe", NOW + MONTH, NOW)
    assert row.reason == "known\\u0000 \\u202egnp.exe"


def test_a_second_click_accepts_nothing_twice(cluster: Cluster) -> None:
    found = incident(cluster)
    accepted(found)
    with pytest.raises(NotAcceptable, match="already"):
        accepted(found)
    assert Acceptance.objects.count() == 1
    assert kinds(found) == ["accepted"]


def test_what_is_resolved_meanwhile_is_not_accepted(cluster: Cluster) -> None:
    """The page shows it open; it was closed before the answer came."""
    found = incident(cluster)
    stale = fresh(found)
    states.move_incident(found, Status.RESOLVED, actor="KubeWise", reason="gone", now=NOW)
    with pytest.raises(NotAcceptable) as error:
        accepted(stale)
    assert error.value.code == "over"
    assert not Acceptance.objects.exists()


@pytest.mark.parametrize("status", [Status.REMEDIATION_ATTEMPTED, Status.VERIFICATION_PENDING])
def test_what_is_acted_on_is_not_accepted(cluster: Cluster, status: Status) -> None:
    with pytest.raises(NotAcceptable) as error:
        accepted(incident(cluster, status=status))
    assert error.value.code == "in-hand"


@pytest.mark.parametrize(
    "other",
    [{"owner_uid": "uid-new"}, {"owner_kind": "StatefulSet"}, {"owner_namespace": "payments"},
     {"owner_name": "carts"}],
)  # fmt: skip
def test_another_owner_is_not_accepted(cluster: Cluster, other: dict[str, str]) -> None:
    accepted(incident(cluster))
    found = incident(cluster, **({"open_key": "other"} | other))
    assert acceptances.held_for(found, NOW) is None
    assert not Incident.objects.filter(acceptances.accepted(NOW), pk=found.pk).exists()


def test_it_is_audited_whole_and_verifies(cluster: Cluster) -> None:
    found = incident(cluster)
    row = accepted(found)
    assert acceptances.end(found, "bob", "fixed it after all", NOW)
    entries = AuditEntry.objects.filter(model="Acceptance", row_id=row.pk).order_by("seq")
    assert [(one.kind, one.actor) for one in entries] == [
        ("acceptance added", "ada"), ("acceptance ended", "bob"),
    ]  # fmt: skip
    assert trail.verify_trail() == []
    assert kinds(found) == ["accepted", "not accepted"]
    assert not acceptances.end(found, "bob", "", NOW), "once"


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "cause": ({"cause": "BAD_RELEASE"}, "the cause is BAD_RELEASE, accepted was IMAGE_NOT_FOUND"),
    "severity": ({"severity": "critical"}, "the severity is critical, accepted was warning"),
    "replicas": (
        {"facts": {"pods": 2, "image": "shop/cart:2.0"}},
        "the impact is larger: 2 failing pods instead of 1",
    ),
    "evidence": (
        {"facts": {"pods": 1, "image": "shop/cart:2.1"}}, "the evidence changed: image",
    ),
    "revision": ({"revision": {"current": 4}}, "the evidence changed: revision"),
    "another cause beside it": (
        {"facts": {"pods": 1, "image": "shop/cart:2.0", "also": ["SECRET_MISSING"]}},
        "the evidence changed: also",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_it_opens_again_by_itself_when_something_changes(cluster: Cluster, change: str) -> None:
    fields, why = CHANGES[change]
    found = incident(cluster)
    row = accepted(found)
    Incident.objects.filter(pk=found.pk).update(**fields)
    assert acceptances.held_for(fresh(found), NOW) is None, "before any sweep"
    sweep(NOW)
    row.refresh_from_db()
    assert (row.ended_by, row.ended_why) == ("KubeWise", why)
    assert fresh(found).version == 2, "it is analyzed and decided anew"
    assert kinds(found)[-1] == "not accepted"
    assert acceptances.review(cluster, NOW) == 0


STEADY: dict[str, dict[str, Any]] = {
    "restarts": {"facts": {"pods": 1, "image": "shop/cart:2.0", "restarts": 400}},
    "another pod": {"facts": {"pods": 1, "image": "shop/cart:2.0", "pod": "cart-2"}},
    "the reason takes turns": {
        "facts": {"pods": 1, "image": "shop/cart:2.0", "reason": "ErrImagePull"}
    },
    "a consequence beside it": {
        "facts": {"pods": 1, "image": "shop/cart:2.0", "also": ["UNCLASSIFIED", "METRIC_ANOMALY"]}
    },
    "words and counts": {
        "summary": "y",
        "count": 90,
        "evidence": [{"text": "31 min", "source": ""}],
    },
    "fewer replicas": {"facts": {"image": "shop/cart:2.0"}},
    "less severe": {"severity": "info"},
}


@pytest.mark.parametrize("change", STEADY)
def test_what_ticks_or_gets_better_ends_nothing(cluster: Cluster, change: str) -> None:
    found = incident(cluster)
    accepted(found)
    Incident.objects.filter(pk=found.pk).update(**STEADY[change])
    assert acceptances.review(cluster, NOW) == 0
    assert acceptances.held_for(fresh(found), NOW) is not None


def test_it_opens_again_when_the_date_comes(cluster: Cluster) -> None:
    found = incident(cluster)
    row = accepted(found)
    assert acceptances.held_for(found, NOW + MONTH - timedelta(seconds=1))
    assert acceptances.held_for(found, NOW + MONTH) is None
    sweep(NOW + MONTH)
    row.refresh_from_db()
    assert row.ended_why == "the review date has come"


def test_the_same_failure_that_comes_back_is_still_accepted(cluster: Cluster) -> None:
    first = incident(cluster)
    accepted(first)
    states.move_incident(first, Status.RESOLVED, actor="KubeWise", reason="gone", now=NOW)
    assert acceptances.review(cluster, NOW) == 0
    again = incident(cluster, first_seen=NOW + timedelta(hours=1))
    assert acceptances.held_for(again, NOW + timedelta(hours=1))


def test_many_acceptances_are_looked_at_in_two_queries(
    cluster: Cluster, django_assert_num_queries: Any
) -> None:
    for number in range(20):
        accepted(incident(cluster, f"app-{number}"))
    with django_assert_num_queries(2):
        assert acceptances.review(cluster, NOW) == 0


class Post:
    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, urls: Any, title: str, body: str) -> str:
        self.said.append(body.partition(" (")[0])
        return ""


def told(found: Incident, now: datetime) -> list[str]:
    """What is sent when the sweep has had its turn."""
    post = Post()
    if f"notify {found.pk}" in sweep(now):
        notifications.notify(found.pk, now, post)
    else:
        notifications.notify(found.pk, now, post)
        assert post.said == [], "the sweep and the sender disagree"
    return post.said


def test_nothing_is_told_of_it_until_it_opens_again(cluster: Cluster, settings: Any) -> None:
    settings.NOTIFY_URLS = (HOOK,)
    found, later = incident(cluster, severity="critical"), NOW + timedelta(minutes=5)
    assert told(found, later) == ["Opened, awaiting approval"]
    for turn in range(2):
        accepted(found, later + timedelta(minutes=turn))
        Incident.objects.filter(pk=found.pk).update(status=Status.ESCALATED)
        assert told(found, later + timedelta(minutes=turn)) == []
        Incident.objects.filter(pk=found.pk).update(
            status=Status.AWAITING_APPROVAL, facts={"image": f"shop/cart:3.{turn}"}
        )
        worse = later + timedelta(minutes=turn, seconds=30)
        assert told(found, worse) == ["No longer accepted"], turn
        assert told(found, worse) == [], "once"
    assert Delivery.objects.filter(state="no longer accepted").count() == 1


def test_the_end_of_what_is_accepted_is_no_message(cluster: Cluster, settings: Any) -> None:
    settings.NOTIFY_URLS = (HOOK,)
    found, later = incident(cluster, severity="critical"), NOW + timedelta(minutes=5)
    assert told(found, later)
    accepted(found, later)
    states.move_incident(found, Status.RESOLVED, actor="KubeWise", reason="gone", now=later)
    assert told(found, later) == []


def test_who_ends_it_is_told_nothing(cluster: Cluster, settings: Any) -> None:
    settings.NOTIFY_URLS = (HOOK,)
    found, later = incident(cluster, severity="critical"), NOW + timedelta(minutes=5)
    assert told(found, later)
    accepted(found, later)
    acceptances.end(found, "ada", "", later)
    assert told(found, later) == []


def test_no_model_is_asked_about_it(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*given: Any) -> Any:
        raise AssertionError("a model was asked")

    found = incident(cluster, status=Status.ANALYZING)
    accepted(found)
    monkeypatch.setattr(consult_module, "client_for", lambda task, pk: object())
    monkeypatch.setattr(consult_module, "_claim", asked)
    monkeypatch.setattr(consult_module, "current_plan", asked)
    assert consult(found.pk, NOW) == Ending.NOTHING


def test_what_was_accepted_when_it_began_is_no_alarm_of_the_storm_brake(
    cluster: Cluster, settings: Any
) -> None:
    settings.STORM_INCIDENTS = 2
    for name in "abcd":
        before = incident(cluster, name, first_seen=NOW - timedelta(hours=1))
        accepted(before, NOW - timedelta(minutes=30))
        states.move_incident(before, Status.RESOLVED, actor="k", reason="gone", now=NOW)
        incident(cluster, name)
    assert storm_brake(cluster, NOW) == ""


def test_accepting_never_lifts_a_brake_that_holds(cluster: Cluster, settings: Any) -> None:
    """Else whoever may accept could let AUTO loose in the middle of a storm."""
    settings.STORM_INCIDENTS = 2
    for found in [incident(cluster, name) for name in "abcd"]:
        accepted(found)
    lost = incident(cluster, "nodes", cause="NODE_STORM", owner_kind="Cluster")
    accepted(lost)
    assert "NODE_STORM is open" in storm_brake(cluster, NOW)
    lost.delete()
    assert "4 incidents" in storm_brake(cluster, NOW)


def test_an_accepted_failure_changes_nothing_in_a_cluster(
    auto: Cluster, incident_of: Callable[..., Incident], clients: Clients, now: datetime,
    simulator: Any, ada: Any,
) -> None:  # fmt: skip
    """In AUTO, with a plan that was decided to act, and one that a person approved."""
    from remediation.execution.act import act

    found = planned(incident_of("crash_loop"), clients, now)
    assert (found.decision or {})["verdict"] == "act", found.decision
    accepted(found, now)
    act(found.pk, clients, now)
    assert not Attempt.objects.exclude(state=Attempt.State.REFUSED).exists()
    sweep(now)
    decide_incident(found.pk, clients, now)
    held = fresh(found)
    decision = held.decision or {}
    assert decision["verdict"] == "ignore"
    assert any("accepted: ada" in reason for reason in decision["reasons"])
    plan = current_plan(held)
    assert plan is not None
    assert isinstance(approvals.approve(plan.pk, 0, ada, "", plan.digest, now), Approved)
    act(found.pk, clients, now)
    assert real_writes(simulator) == []


def test_no_claim_stands_behind_an_acceptance(cluster: Cluster) -> None:
    """It was accepted after the gates were asked, and before the claim."""
    from remediation.planning import plans
    from tests.remediation.cases import candidate

    mode_and_stop.set_mode(cluster, "AUTO", "ada", "", NOW)
    found = incident(cluster, status=Status.ANALYZING, decided_version=1)
    plan = plans.new_plan(found, [candidate()], "h", "rules", NOW)
    work = Work(fresh(found), plan, 0, candidates_of(plan)[0])
    accepted(found)
    claim = claim_attempt(work, NOW)
    assert claim.attempt is None
    assert "accepted: ada" in claim.reason
    assert not Attempt.objects.exists()


def test_what_opens_again_is_decided_again(
    auto: Cluster, incident_of: Callable[..., Incident], clients: Clients, now: datetime
) -> None:
    found = planned(incident_of("crash_loop"), clients, now)
    accepted(found, now)
    planned(found, clients, now)
    acceptances.end(found, "ada", "", now)
    assert f"advance {found.pk}" in sweep(now + timedelta(minutes=1))
