"""One outage, one story: what an earlier cause can produce joins it, whatever else opens."""

from dataclasses import replace

import pytest

from detection.domain.causes import Cause, Severity
from detection.domain.facts import Facts
from detection.domain.findings import ObjectRef
from detection.domain.statuses import Status
from detection.incidents.after_effects import AFTER_EFFECTS
from detection.models import Cluster
from tests.detection.incidents.sequences import (
    AGENT,
    CART,
    CLOSES,
    FAR,
    NODE,
    POD,
    WEB,
    Story,
    anomaly,
    at,
    breach,
    deployment,
    on_node,
    seen,
)

CRASH = seen(Cause.BAD_RELEASE, revision=2, related=(POD,))
RESTARTS = breach("container_restarts", since=60)
OVER = 120 + CLOSES


@pytest.fixture
def story(db: None) -> Story:
    return Story(Cluster.objects.create(name="c"))


@pytest.fixture
def crashed(story: Story) -> Story:
    """A bad release that was taken back: closed at 90 s."""
    return story.looks(15, 60, CRASH).resolved(90)


def only_the_crash(story: Story) -> None:
    assert story.opened == [("cart", "BAD_RELEASE")]


def test_restarts_that_are_still_counted_join_the_incident_that_is_over(crashed: Story) -> None:
    only_the_crash(crashed.looks(105, 900, RESTARTS))
    assert crashed.joined() == ["shop/Deployment/cart THRESHOLD_BREACH"]
    told = crashed.of().transitions.get(kind="symptom").reason
    assert "cart: container_restarts" in told
    assert "restarts are counted over 15 minutes" in told


def test_restarts_of_the_pods_of_the_old_revision_join_by_their_pod(crashed: Story) -> None:
    only_the_crash(crashed.look(105, breach("container_restarts", POD, 60)))
    assert crashed.joined() == ["shop/Pod/cart-7d9f-x2x4p THRESHOLD_BREACH"]


def test_a_signal_that_outlasts_the_time_opens(crashed: Story) -> None:
    crashed.look(1100, RESTARTS)
    only_the_crash(crashed)
    crashed.look(90 + 1080 + 15, RESTARTS)
    assert crashed.opened[1:] == [("cart", "THRESHOLD_BREACH")]


def test_an_anomaly_of_its_restarts_joins_thirteen_minutes_later(crashed: Story) -> None:
    only_the_crash(crashed.look(90 + 780, anomaly(since=600)))
    assert crashed.joined() == ["shop/Deployment/cart METRIC_ANOMALY"]


def test_an_anomaly_of_a_neighbour_joins_too(crashed: Story) -> None:
    only_the_crash(crashed.look(600, anomaly(WEB, since=400)))
    assert crashed.joined() == ["shop/Deployment/web METRIC_ANOMALY"]


def test_an_anomaly_elsewhere_opens(crashed: Story) -> None:
    crashed.look(600, anomaly(FAR, since=400))
    assert crashed.opened[1:] == [("ledger", "METRIC_ANOMALY")]


def test_a_neighbour_that_is_unusual_long_into_the_outage_has_another_reason(
    story: Story,
) -> None:
    story.looks(15, 4000, CRASH, every=500)
    story.look(4000, CRASH, anomaly(WEB, since=3900))
    assert ("web", "METRIC_ANOMALY") in story.opened


def test_a_neighbours_threshold_opens_at_once(crashed: Story) -> None:
    crashed.look(105, breach("container_restarts", WEB, 60))
    assert crashed.opened[1:] == [("web", "THRESHOLD_BREACH")]


def test_another_cause_of_the_same_owner_opens_at_once(crashed: Story) -> None:
    crashed.look(105, seen(Cause.IMAGE_NOT_FOUND, since=100, revision=3))
    assert crashed.opened[1:] == [("cart", "IMAGE_NOT_FOUND")]


def test_the_same_cause_again_opens(crashed: Story) -> None:
    crashed.look(400, seen(Cause.BAD_RELEASE, since=390, revision=4))
    assert crashed.opened[1:] == [("cart", "BAD_RELEASE")]


def test_a_threshold_that_began_long_before_the_failure_is_none_of_its_effects(
    story: Story,
) -> None:
    story.looks(615, 660, replace(CRASH, onset=at(600), opens_at=at(600))).resolved(690)
    story.look(705, breach("volume_used_ratio", since=0))
    assert story.opened[1:] == [("cart", "THRESHOLD_BREACH")]


def test_a_threshold_that_no_failure_produces_beside_an_echo_is_not_hidden_by_it(
    crashed: Story,
) -> None:
    crashed.look(600, RESTARTS, breach("volume_used_ratio", since=500))
    assert crashed.opened[1:] == [("cart", "THRESHOLD_BREACH")]


def test_restarts_since_a_new_revision_open(crashed: Story) -> None:
    """The crash is over since 90 s; a rollout at 300 s brings restarts of its own."""
    entry = deployment(age="300s")
    owner = ObjectRef("Deployment", "shop", "cart")
    crashed.look(600, breach("container_restarts", owner, 400), objects_=[entry])
    assert crashed.opened[1:] == [("cart", "THRESHOLD_BREACH")]


def test_an_echo_of_metrics_keeps_no_incident_open(story: Story) -> None:
    story.look(15, CRASH).look(30, RESTARTS).look(30 + CLOSES, RESTARTS)
    assert story.of().status == Status.RESOLVED
    only_the_crash(story)
    assert story.joined() == ["shop/Deployment/cart THRESHOLD_BREACH"]


def test_an_echo_keeps_it_open_where_the_scan_is_blind(story: Story) -> None:
    blind = {"kubernetes/pods": "403"}
    story.look(15, CRASH).look(30, RESTARTS, blind=blind).look(30 + CLOSES, RESTARTS, blind=blind)
    assert story.of().status == Status.DETECTED


def test_a_symptom_is_told_once(crashed: Story) -> None:
    crashed.looks(105, 300, RESTARTS).looks(315, 400, RESTARTS, anomaly(WEB, since=100))
    assert len(crashed.joined()) == 2


def test_pods_of_a_node_that_came_back_join_its_incident(story: Story) -> None:
    lost = seen(Cause.NODE_NOT_READY, NODE, severity=Severity.CRITICAL, related=(AGENT,))
    story.look(300, lost).look(315)
    story.look(330, on_node(Cause.DS_ONE_NODE, AGENT, since=20))
    story.look(345, on_node(Cause.UNCLASSIFIED, CART, since=20))
    assert story.opened == [("node-a", "NODE_NOT_READY")]
    assert len(story.joined(NODE)) == 2


def test_a_pod_that_is_not_ready_on_another_node_opens(story: Story) -> None:
    story.look(300, seen(Cause.NODE_NOT_READY, NODE)).look(315)
    story.look(330, on_node(Cause.DS_ONE_NODE, AGENT, "node-b", since=20))
    assert story.opened[1:] == [("agent", "DS_ONE_NODE")]


def test_a_pod_that_is_not_ready_five_minutes_after_its_node_came_back_opens(
    story: Story,
) -> None:
    story.look(300, seen(Cause.NODE_NOT_READY, NODE)).look(315).look(600)
    story.look(630, on_node(Cause.DS_ONE_NODE, AGENT, since=20))
    assert story.opened[1:] == [("agent", "DS_ONE_NODE")]


def test_a_caller_that_waits_for_its_next_start_joins_what_it_called(story: Story) -> None:
    down = seen(Cause.SERVICE_DELETED, replace(FAR, kind="Service"), related=(CART,))
    story.look(15, down).gone(30)
    story.look(OVER + 100, seen(Cause.CRASH_STABLE_REVISION, CART, since=10))
    assert story.opened == [("ledger", "SERVICE_DELETED")]
    story.look(30 + 345, seen(Cause.CRASH_STABLE_REVISION, CART, since=10))
    assert story.opened[1:] == [("cart", "CRASH_STABLE_REVISION")]


def test_a_caller_that_begins_to_crash_after_the_end_opens(story: Story) -> None:
    down = seen(Cause.SERVICE_DELETED, replace(FAR, kind="Service"), related=(CART,))
    story.look(15, down).gone(30)
    story.look(OVER + 60, seen(Cause.CRASH_STABLE_REVISION, CART, since=OVER))
    assert story.opened[1:] == [("cart", "CRASH_STABLE_REVISION")]


def test_a_bad_release_of_a_caller_opens_while_what_it_calls_is_down(story: Story) -> None:
    down = seen(Cause.SERVICE_DELETED, replace(FAR, kind="Service"), related=(CART,))
    story.look(15, down).look(60, down, seen(Cause.BAD_RELEASE, CART, since=50, revision=2))
    assert ("cart", "BAD_RELEASE") in story.opened


def test_a_replica_elsewhere_opens_long_after_a_node_was_lost(story: Story) -> None:
    """The owner had a pod on the lost node, which is still lost an hour later."""
    lost = seen(Cause.NODE_NOT_READY, NODE, related=(CART,))
    story.looks(300, 3600, lost, every=300)
    hung = on_node(Cause.HUNG_REPLICA, CART, "node-b", since=3500)
    waits = seen(Cause.INSUFFICIENT_CAPACITY, FAR, 3500, facts=Facts(unplaced=1, pods=1))
    story.look(3615, lost, hung, waits)
    assert {("cart", "HUNG_REPLICA"), ("ledger", "INSUFFICIENT_CAPACITY")} < set(story.opened)


def test_a_callers_full_volume_is_no_effect_of_what_it_calls(story: Story) -> None:
    down = seen(Cause.SERVICE_DELETED, replace(FAR, kind="Service"), related=(CART,))
    story.look(15, down).look(45).look(60, breach("volume_used_ratio", since=30))
    assert ("cart", "THRESHOLD_BREACH") in story.opened
    assert story.joined(FAR) == []


def test_information_disturbs_no_neighbour(story: Story) -> None:
    story.look(15, seen(Cause.CPU_THROTTLED, severity=Severity.INFO)).gone(30)
    story.look(OVER + 60, anomaly(WEB, since=50))
    assert story.opened[1:] == [("web", "METRIC_ANOMALY")]


def test_an_incident_of_metrics_that_is_open_goes_on_through_a_rollout(story: Story) -> None:
    """A rollout is no reason to close what was open before it."""
    hot = breach("container_cpu_throttled_ratio", ObjectRef("Deployment", "shop", "cart"))
    story.look(15, hot).look(30, hot, objects_=[deployment(age="10s")])
    assert (story.of().count, story.of().gone_since) == (2, None)


def test_each_row_says_why_and_names_what_can_be_absorbed() -> None:
    assert all(row.reason and row.symptoms and row.earlier for row in AFTER_EFFECTS)
    assert all(60 <= row.seconds <= 1800 for row in AFTER_EFFECTS)
