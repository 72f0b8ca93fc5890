"""What is kept of each owner: since when it is known, how often it would err, what changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from detection.anomaly.level_change import LevelChange
from detection.anomaly.outlook import Notebook, Outlook
from detection.detectors import outlook_records
from detection.models import (
    AnomalyOutlook,
    Cluster,
    Incident,
    MetricLevelChange,
    WorkloadBaseline,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
CART = ("Deployment", "shop", "cart")
AT = NOW - timedelta(minutes=40)
CHANGE = LevelChange("cpu/app", AT, 0.2, 0.6)


@pytest.fixture
def cluster(db: None) -> Cluster:
    return Cluster.objects.create(name="one")


def looked(**given: object) -> Notebook:
    known = {"known_since": NOW - timedelta(days=3), "false_alarms": 3, "history_hours": 72.0}
    return Notebook(looks=[Outlook(CART, **(known | given))])  # type: ignore[arg-type]


def incident(cluster: Cluster, cause: str) -> Incident:
    return Incident.objects.create(
        cluster=cluster, cause=cause, owner_kind=CART[0], owner_namespace=CART[1],
        owner_name=CART[2], open_key="k", onset=NOW, first_seen=NOW, last_seen=NOW,
        severity="info",
    )  # fmt: skip


def test_every_owner_is_known_from_its_first_sample_on(cluster: Cluster) -> None:
    since = NOW - timedelta(minutes=20)
    outlook_records.save(cluster, Notebook(first_seen={CART: since}), NOW)
    row = AnomalyOutlook.objects.get()
    assert (row.owner_name, row.known_since, row.expected_false_alarms) == ("cart", since, None)


def test_the_first_sample_is_not_moved_and_what_is_gone_for_a_day_goes(cluster: Cluster) -> None:
    outlook_records.save(cluster, Notebook(first_seen={CART: NOW}), NOW)
    later = NOW + timedelta(hours=1)
    outlook_records.save(cluster, Notebook(first_seen={CART: later}), later)
    assert AnomalyOutlook.objects.get().known_since == NOW
    outlook_records.save(cluster, Notebook(), NOW + timedelta(hours=26))
    assert not AnomalyOutlook.objects.exists()


def test_false_alarms_a_day_are_those_of_its_own_history(cluster: Cluster) -> None:
    outlook_records.save(cluster, looked(), NOW)
    row = AnomalyOutlook.objects.get()
    assert (row.expected_false_alarms, row.history_hours) == (1.0, 72.0)
    assert row.known_since == NOW - timedelta(days=3)


def test_without_enough_history_nothing_is_claimed(cluster: Cluster) -> None:
    outlook_records.save(cluster, looked(false_alarms=None, history_hours=0.0), NOW)
    assert AnomalyOutlook.objects.get().expected_false_alarms is None


def test_a_change_is_told_once_with_what_was_released_then(cluster: Cluster) -> None:
    WorkloadBaseline.objects.create(
        cluster=cluster, owner_uid="u", owner_kind=CART[0], owner_namespace=CART[1],
        owner_name=CART[2], template_hash="5d4f", replicas=1,
        first_available=AT - timedelta(minutes=3), last_available=NOW,
    )  # fmt: skip
    taken_for = incident(cluster, "METRIC_ANOMALY")
    for minute in range(3):
        outlook_records.save(cluster, looked(changed=(CHANGE,)), NOW + timedelta(minutes=minute))
    row = MetricLevelChange.objects.get()
    assert (row.metric, row.at, row.before, row.after) == ("cpu/app", AT, 0.2, 0.6)
    assert row.released == "revision 5d4f, available since 11:17 UTC"
    (told,) = taken_for.transitions.filter(kind="level_change")
    assert "cpu/app 0.2 → 0.6" in told.reason
    assert "5d4f" in told.reason


def test_while_a_failure_of_the_owner_is_known_nothing_is_a_new_level(cluster: Cluster) -> None:
    incident(cluster, "CRASH_LOOP")
    outlook_records.save(cluster, looked(changed=(CHANGE,)), NOW)
    assert not MetricLevelChange.objects.exists()


def test_what_holds_is_given_to_the_next_pass_and_what_ended_is_not(cluster: Cluster) -> None:
    outlook_records.save(cluster, looked(changed=(CHANGE,)), NOW)
    assert outlook_records.known_changes(cluster) == {CART: [CHANGE]}
    outlook_records.save(cluster, looked(ended=(CHANGE,)), NOW + timedelta(hours=2))
    assert outlook_records.known_changes(cluster) == {}
    assert MetricLevelChange.objects.get().ended_at == NOW + timedelta(hours=2)
