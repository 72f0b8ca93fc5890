"""Cause, severity and onset of an open incident: they move with evidence, and stay without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from detection.domain.causes import Cause, Severity
from detection.domain.findings import Finding
from detection.domain.statuses import Status
from detection.failures import Context, find_all
from detection.incidents import states
from detection.models import Cluster, Incident
from tests.detection.builders import objects, snapshot_from
from tests.detection.incidents.sequences import Story, anomaly, at, breach, seen

CRASH = seen(Cause.CRASH_STABLE_REVISION, severity=Severity.CRITICAL)
WEAKER = seen(Cause.UNCLASSIFIED, since=20)
MINUTES_41 = -41 * 60


@pytest.fixture
def story(db: None) -> Story:
    return Story(Cluster.objects.create(name="c"))


def test_a_failure_that_follows_a_false_anomaly_has_its_own_onset(story: Story) -> None:
    story.look(0, anomaly(since=MINUTES_41))
    story.look(300, anomaly(since=MINUTES_41), seen(Cause.CRASH_STABLE_REVISION, since=60))
    assert story.opened == [("cart", "CRASH_STABLE_REVISION")]
    assert story.began() == 60


def test_the_change_of_the_onset_is_on_record(story: Story) -> None:
    story.look(0, anomaly(since=MINUTES_41)).look(300, seen(Cause.HUNG_REPLICA, since=60))
    assert story.changes("onset") == [(at(MINUTES_41).isoformat(), at(60).isoformat())]


def test_the_onset_does_not_go_back_with_an_echo_of_metrics(story: Story) -> None:
    story.look(0, anomaly(since=MINUTES_41)).look(300, CRASH)
    story.look(315, CRASH, anomaly(since=MINUTES_41)).look(330, anomaly(since=MINUTES_41))
    assert story.began() == 0
    assert len(story.changes("onset")) == 1


def test_a_failure_seen_together_with_an_older_signal_keeps_its_own_onset(story: Story) -> None:
    story.look(300, anomaly(since=MINUTES_41), breach("volume_used_ratio", since=-900), CRASH)
    assert (story.opened, story.began()) == ([("cart", "CRASH_STABLE_REVISION")], 0)


def test_an_older_failure_of_another_cause_lends_no_onset(story: Story) -> None:
    throttled = seen(Cause.CPU_THROTTLED, since=-3 * 3600, severity=Severity.INFO)
    story.look(300, throttled, seen(Cause.BAD_RELEASE, since=200, revision=2))
    assert story.began() == 200


def test_two_views_of_one_fault_have_the_earlier_onset(story: Story) -> None:
    story.look(300, seen(Cause.UNCLASSIFIED, since=0), seen(Cause.BAD_RELEASE, since=40))
    assert story.began() == 0


def test_a_failure_that_is_named_better_keeps_its_onset(story: Story) -> None:
    story.look(300, seen(Cause.UNCLASSIFIED, since=0)).look(315, seen(Cause.HUNG_REPLICA, since=30))
    assert (story.began(), story.changes("onset")) == (0, [])


def test_another_failure_of_the_same_owner_has_its_own_onset(story: Story) -> None:
    story.look(30, seen(Cause.HUNG_REPLICA)).look(1815, seen(Cause.IMAGE_NOT_FOUND, since=1800))
    assert story.began() == 1800


def test_the_same_failure_of_a_new_revision_has_its_own_onset(story: Story) -> None:
    story.look(30, seen(Cause.BAD_RELEASE, revision=2))
    story.look(900, seen(Cause.BAD_RELEASE, since=800, revision=3))
    assert story.began() == 800


def test_the_onset_of_a_loop_is_not_that_of_its_newest_restart(story: Story) -> None:
    for step in range(1, 20):
        story.look(60 * step, seen(Cause.CRASH_STABLE_REVISION, since=60 * step - 50))
    assert (story.began(), story.changes("onset")) == (10, [])


def test_a_return_of_the_same_failure_moves_nothing(story: Story) -> None:
    story.look(30, CRASH).look(45).look(90, replace(CRASH, onset=at(80)))
    assert (story.began(), story.of().returns) == (0, 1)


def test_a_later_failure_does_not_have_the_times_of_one_that_is_over(story: Story) -> None:
    """Events and counters of the first one are still there when the second begins."""
    flapping = seen(Cause.UNCLASSIFIED, since=0)
    story.look(600, flapping).gone(615)
    story.look(1440, flapping)
    assert (len(story.opened), story.began()) == (2, 1440)
    assert story.changes("onset") == [(at(0).isoformat(), at(1440).isoformat())]


def test_a_failure_that_was_young_when_another_ended_keeps_its_times(story: Story) -> None:
    hung = replace(seen(Cause.HUNG_REPLICA, since=580), opens_at=at(880))
    story.look(600, seen(Cause.CONFIGMAP_MISSING)).gone(615).look(885, hung)
    assert (story.opened[1:], story.began()) == ([("cart", "HUNG_REPLICA")], 580)


def test_a_threshold_that_outlasts_its_cause_keeps_its_onset(story: Story) -> None:
    story.look(30, CRASH).gone(45)
    story.look(2000, breach("container_restarts", since=20))
    assert (len(story.opened), story.began()) == (2, 20)


def test_a_weaker_view_that_takes_turns_changes_nothing(story: Story) -> None:
    for step in range(20):
        story.look(15 * step, WEAKER if step % 3 else CRASH)
    incident = story.of()
    assert (incident.cause, incident.severity, incident.version) == (CRASH.cause, "critical", 1)
    assert story.changes("cause") == []


def test_a_weaker_view_that_lasts_is_the_new_cause(story: Story) -> None:
    story.look(0, CRASH).looks(15, 285, WEAKER)
    assert story.of().cause == Cause.CRASH_STABLE_REVISION
    story.look(315, WEAKER)
    assert story.of().cause == Cause.UNCLASSIFIED


def test_a_lower_cause_of_a_new_revision_counts_at_once(story: Story) -> None:
    story.look(0, seen(Cause.IMAGE_NOT_FOUND, revision=2))
    story.look(60, seen(Cause.BAD_RELEASE, since=50, revision=3))
    assert (story.of().cause, story.began()) == (Cause.BAD_RELEASE, 0)


def test_a_lower_cause_that_began_since_counts_at_once(story: Story) -> None:
    story.look(0, seen(Cause.SECRET_MISSING)).look(60, seen(Cause.HUNG_REPLICA, since=50))
    assert story.of().cause == Cause.HUNG_REPLICA


def test_a_better_cause_counts_at_once(story: Story) -> None:
    story.look(0, WEAKER).look(15, CRASH)
    assert story.of().cause == Cause.CRASH_STABLE_REVISION


def test_the_severity_of_a_loop_does_not_flip(story: Story) -> None:
    lighter = replace(CRASH, severity=Severity.WARNING)
    for step in range(20):
        story.look(15 * step, lighter if step % 4 else CRASH)
    assert (story.of().severity, story.of().version) == ("critical", 1)


def test_a_severity_that_stays_lower_falls(story: Story) -> None:
    lighter = replace(CRASH, severity=Severity.WARNING)
    story.look(0, CRASH).looks(15, 285, lighter)
    assert story.of().severity == "critical"
    story.look(315, lighter)
    assert (story.of().severity, story.of().version) == ("warning", 2)


def test_a_severity_that_rises_counts_at_once(story: Story) -> None:
    story.look(0, replace(CRASH, severity=Severity.WARNING)).look(15, CRASH)
    assert story.of().severity == "critical"


def test_a_dismissed_failure_is_not_asked_about_again_by_its_weaker_view(story: Story) -> None:
    story.look(0, CRASH)
    states.move_incident(story.of(), Status.DISMISSED, actor="ann", reason="known", now=at(5))
    story.looks(15, 120, WEAKER)
    assert (len(story.opened), story.of().status) == (1, Status.DISMISSED)


def test_an_incident_of_an_older_version_is_steady_too(story: Story) -> None:
    """Rows from before the columns say when they were last seen, and no more."""
    story.look(0, CRASH)
    Incident.objects.update(cause_seen=None, severity_seen=None)
    story.look(15, WEAKER)
    assert story.of().cause == Cause.CRASH_STABLE_REVISION


FIRST_CRASH = 30.0
WAITS = (0, 10, 20, 40, 80, 160, 300)


def loop_at(seconds: float, run: float) -> dict[str, Any]:
    """A container that runs for so long and ends, as a kubelet reports it at that time."""
    ended, restarts, end = FIRST_CRASH, 0, {"exit": 1, "ran": f"{run}s"}
    while True:
        starts = ended + WAITS[min(restarts, len(WAITS) - 1)]
        told = end | {"ended": f"{seconds - ended}s", "restarts": restarts}
        if seconds < starts:
            return told | {"waiting": "CrashLoopBackOff"}
        if seconds < starts + run:
            running = f"{seconds - starts}s"
            return told | {"running": running, "restarts": restarts + 1}
        restarts, ended = restarts + 1, starts + run


def scan_of_loop(seconds: float, run: float, healthy: int) -> list[Finding]:
    """One of the pods loops, so many others are well."""
    pods = [{"age": f"{seconds}s", "containers": {"app": loop_at(seconds, run)}}]
    pods += [{"age": "20d"}] * healthy
    entry = {
        "deployment": "cart",
        "replicas": len(pods),
        "age": "20d",
        "revisions": [{"pods": pods}],
    }
    snapshot = snapshot_from(objects([{"node": "node-a"}, entry], at(seconds)), at(seconds))
    return find_all(snapshot, Context(at(seconds)))


@pytest.mark.parametrize("healthy", [0, 2])
@pytest.mark.parametrize("run", [2.0, 20.0, 45.0, 90.0, 200.0])
def test_a_loop_through_all_its_phases_is_one_incident_that_does_not_change(
    story: Story, run: float, healthy: int
) -> None:
    for seconds in range(45, 2700, 15):
        story.look(seconds, *scan_of_loop(seconds, run, healthy))
    incident = story.of()
    assert [cause for _, cause in story.opened] == [incident.cause]
    assert story.changes("cause") == story.changes("onset") == []
    assert incident.version == 1
    assert abs(story.began() - FIRST_CRASH) <= 60
