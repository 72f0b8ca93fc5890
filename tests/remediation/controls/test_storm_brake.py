"""What the storm brake counts, since when it holds, and that it lifts by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from detection.models import Cluster, Incident
from remediation.controls.storm_brake import braked, storm_brake, suspensions
from remediation.models import Attempt, Plan
from tests.remediation.cases import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def limit(settings: Any) -> None:
    settings.STORM_INCIDENTS = 2


def incident(cluster: Cluster, name: str, **fields: Any) -> Incident:
    given = {
        "cluster": cluster, "open_key": name, "owner_kind": "Deployment",
        "owner_namespace": "shop", "owner_name": name, "owner_uid": name,
        "cause": "BAD_RELEASE", "severity": "warning", "summary": "x",
        "onset": NOW, "first_seen": NOW, "last_seen": NOW,
    }  # fmt: skip
    return Incident.objects.create(**(given | fields))


def attempt(found: Incident, **fields: Any) -> Attempt:
    plan = Plan.objects.create(incident=found, incident_version=1, created_at=NOW, digest="d")
    given = {
        "incident": found, "plan": plan, "idempotency_key": str(plan.pk),
        "state": Attempt.State.VERIFIED, "lease_until": NOW, "action": "restart_pod",
        "command": "restart_pod", "executor": "AUTO", "created_at": NOW - MINUTE,
    }  # fmt: skip
    return Attempt.objects.create(**(given | fields))


def test_roots_are_counted(cluster: Cluster) -> None:
    for name in "abc":
        incident(cluster, name)
    assert "3 incidents in ten minutes, the limit is 2" in storm_brake(cluster, NOW)


@pytest.mark.parametrize("fields", [{"severity": "info"}, {"cause": "METRIC_ANOMALY"}])
def test_what_is_no_alarm_is_not_counted(cluster: Cluster, fields: dict[str, str]) -> None:
    for name in "abcdef":
        incident(cluster, name, **fields)
    assert storm_brake(cluster, NOW) == ""


def test_symptoms_are_not_counted(cluster: Cluster) -> None:
    root = incident(cluster, "root")
    for name in "abcdef":
        incident(cluster, name, parent=root)
    assert storm_brake(cluster, NOW) == ""


def test_what_followed_our_own_action_is_not_counted(cluster: Cluster) -> None:
    for name in "abcd":
        before = incident(cluster, name, open_key=None, first_seen=NOW - timedelta(hours=1))
        attempt(before)
        incident(cluster, name)
    assert storm_brake(cluster, NOW) == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"created_at": NOW - timedelta(minutes=16)},
        {"created_at": NOW + MINUTE},
        {"state": Attempt.State.REFUSED},
        {"dry_run": True},
    ],
)
def test_what_did_not_follow_an_action_is_counted(cluster: Cluster, fields: Any) -> None:
    for name in "abcd":
        before = incident(cluster, name, open_key=None, first_seen=NOW - timedelta(hours=1))
        attempt(before, **fields)
        incident(cluster, name)
    assert storm_brake(cluster, NOW)


def drained(cluster: Cluster, *names: str, **fields: Any) -> None:
    """KubeWise moved the pods of these workloads off a node."""
    node = incident(cluster, "n1", owner_kind="Node", owner_namespace="", open_key="n1",
                    first_seen=NOW - timedelta(hours=1))  # fmt: skip
    owners = [["Deployment", "shop", name] for name in names]
    attempt(node, **({"action": "drain_node", "before": {"owners": owners}} | fields))


def test_victims_of_our_own_drain_are_not_counted(cluster: Cluster) -> None:
    drained(cluster, *"abcd")
    for name in "abcd":
        incident(cluster, name)
    moved = {"kind": "Deployment", "namespace": "shop", "name": "a", "uid": "a"}
    incident(cluster, "svc", owner_kind="Service", related=[moved])
    assert storm_brake(cluster, NOW) == ""


@pytest.mark.parametrize(
    "fields",
    [{"created_at": NOW - timedelta(minutes=16)}, {"dry_run": True}, {"action": "cordon_node"}],
)
def test_what_no_drain_of_ours_moved_is_counted(cluster: Cluster, fields: Any) -> None:
    drained(cluster, *"abcd", **fields)
    for name in "abcd":
        incident(cluster, name)
    assert storm_brake(cluster, NOW)


def test_others_beside_a_drain_are_counted(cluster: Cluster) -> None:
    drained(cluster, "a")
    for name in "bcd":
        incident(cluster, name)
    assert storm_brake(cluster, NOW)


def test_it_says_since_when_and_lifts_by_itself_at_the_moment_it_named(cluster: Cluster) -> None:
    for minutes, name in enumerate("abcd"):
        incident(cluster, name, first_seen=NOW + minutes * MINUTE)
    (found,) = suspensions(cluster, NOW + 3 * MINUTE)
    assert found.since == NOW + 2 * MINUTE, "the third was one too many"
    assert found.lifts_at == NOW + 11 * MINUTE
    assert "at most 2 incidents" in found.lifts
    assert suspensions(cluster, found.lifts_at - timedelta(milliseconds=1))
    assert suspensions(cluster, found.lifts_at) == []


def test_an_earlier_storm_that_passed_is_not_the_beginning_of_this_one() -> None:
    times = [NOW + at * MINUTE for at in (0, 1, 2, 60, 61, 62)]
    assert braked(times, 2) == (NOW + 62 * MINUTE, NOW + 70 * MINUTE)


def test_a_lost_cluster_suspends_until_its_incident_ends(cluster: Cluster) -> None:
    incident(cluster, "nodes", cause="NODE_STORM", first_seen=NOW - timedelta(hours=1))
    (found,) = suspensions(cluster, NOW)
    assert (found.since, found.lifts_at) == (NOW - timedelta(hours=1), None)
    assert found.lifts == "NODE_STORM is resolved"


def test_the_dashboard_and_the_api_say_what_suspends_auto(
    cluster: Cluster, admin_client: Client, admin_user: Any, now: Any
) -> None:
    for name in "abc":
        incident(cluster, name, first_seen=now)
    page = admin_client.get("/admin/").content.decode()
    assert "3 incidents in ten minutes" in page
    assert "It lifts by itself: at most 2 incidents in ten minutes" in page
    told = admin_client.get("/api/v1/setup/mode").json()["suspended"]
    assert told[0]["reason"].endswith("AUTO is suspended")
    assert set(told[0]) == {"reason", "since", "lifts", "lifts_at"}
    assert all(told[0].values())
