"""What is abnormal and no incident yet is kept, shown and dropped; it tells and decides nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from detection.clients import current_cluster
from detection.domain.causes import Cause, Severity
from detection.domain.facts import ContainerFacts
from detection.domain.findings import Finding, ObjectRef
from detection.incidents.watched import KEPT_SECONDS, shown, sights_of, watch
from detection.models import Incident, WatchedFailure

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(seconds=15)


def sign(name: str = "cart", cause: Cause = Cause.HUNG_REPLICA) -> Finding:
    return Finding(
        cause=cause,
        owner=ObjectRef("Deployment", "shop", name, f"uid-{name}"),
        severity=Severity.WARNING,
        summary=f"{name} is not ready",
        onset=NOW,
        opens_at=NOW + timedelta(minutes=5),
        facts=ContainerFacts(),
    )


def test_it_is_shown_with_the_time_at_which_it_becomes_an_incident() -> None:
    watch(current_cluster(), [sign()], [], NOW)
    (row,) = shown(current_cluster())
    assert (row.since, row.opens_at) == (NOW, NOW + timedelta(minutes=5))
    assert not Incident.objects.exists()


def test_it_goes_when_it_is_well_or_an_incident() -> None:
    cluster = current_cluster()
    watch(cluster, [sign(), sign("web")], [], NOW)
    watch(cluster, [sign()], [sign()], NOW + TICK)
    assert shown(cluster) == []
    assert len(sights_of(cluster)) == 2, "kept for its history"


def test_the_first_sight_stays_while_it_lasts_and_begins_anew_after_a_break() -> None:
    cluster = current_cluster()
    for tick in range(4):
        watch(cluster, [sign()], [], NOW + tick * TICK)
    (sight,) = sights_of(cluster).values()
    assert sight.since == NOW
    assert sight.bad_seconds(NOW + 3 * TICK, 600) == 45
    later = NOW + timedelta(minutes=5)
    watch(cluster, [sign()], [], later)
    (sight,) = sights_of(cluster).values()
    assert sight.since == later
    assert sight.bad_seconds(later, 600) == 45
    assert len(sight.spans) == 2


def test_bad_time_that_was_told_does_not_count_again() -> None:
    """A node's loss opened an incident at once for a pod that had recovered from another fault."""
    cluster = current_cluster()
    for tick in range(8):
        watch(cluster, [sign()], [sign()] if tick > 4 else [], NOW + tick * TICK)
    (sight,) = sights_of(cluster).values()
    assert sight.bad_seconds(NOW + 8 * TICK, 600) == 0


def test_a_blind_pass_takes_nothing_away() -> None:
    cluster = current_cluster()
    watch(cluster, [sign()], [], NOW)
    watch(cluster, [], [], NOW + TICK, is_blind=True)
    assert len(shown(cluster)) == 1
    watch(cluster, [], [], NOW + 2 * TICK)
    assert shown(cluster) == []


def test_it_is_forgotten_after_half_an_hour() -> None:
    cluster = current_cluster()
    watch(cluster, [sign()], [], NOW)
    watch(cluster, [], [], NOW + timedelta(seconds=KEPT_SECONDS + 1))
    assert not WatchedFailure.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_owners() -> None:
    cluster = current_cluster()
    for owners in (1, 150):
        signs = [sign(f"d{n}") for n in range(owners)]
        watch(cluster, signs, [], NOW)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            watch(cluster, signs, [], NOW + TICK)
        assert len(caught) <= 6


def test_another_cause_of_the_same_owner_goes_on() -> None:
    cluster = current_cluster()
    watch(cluster, [sign()], [], NOW)
    other = replace(sign(), cause=Cause.BAD_RELEASE)
    watch(cluster, [other], [], NOW + TICK)
    (row,) = shown(cluster)
    assert (row.cause, row.since) == (Cause.BAD_RELEASE, NOW)
