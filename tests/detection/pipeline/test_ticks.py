"""Since when a cluster is watched without a gap: what began before is asked about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from detection.domain.causes import Cause
from detection.models import Cluster, Incident
from detection.pipeline.ticks import (
    LONGEST_GAP_SECONDS,
    SPARED_SECONDS,
    _note_watch,
    reason_to_skip,
)
from detection.runtime.source_visibility import ACCOUNT, save_sources

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SOON = NOW + timedelta(seconds=LONGEST_GAP_SECONDS)
LATE = SOON + timedelta(seconds=1)


def watched(name: str, now: datetime) -> datetime | None:
    """One pass over the cluster, as far as it matters here."""
    cluster, _ = Cluster.objects.get_or_create(name=name)
    _note_watch(cluster, now)
    save_sources(cluster, [ACCOUNT], {}, (), now)
    cluster.refresh_from_db()
    return cluster.watching_since


@pytest.mark.django_db
def test_passes_without_a_gap_are_one_watch() -> None:
    assert watched("a", NOW) == NOW
    assert watched("a", SOON) == NOW
    assert watched("a", SOON + timedelta(seconds=LONGEST_GAP_SECONDS + 1)) != NOW


@pytest.mark.django_db
def test_passes_over_another_cluster_are_no_watch_of_this_one() -> None:
    assert watched("a", NOW) == NOW
    watched("b", SOON)
    assert watched("a", LATE) == LATE


@pytest.mark.django_db
def test_an_api_server_that_is_overloaded_is_asked_once_a_minute() -> None:
    cluster = Cluster.objects.create(name="c")
    save_sources(cluster, [ACCOUNT], {}, (), NOW)
    assert reason_to_skip(cluster, NOW + timedelta(seconds=15)) == ""
    Incident.objects.create(
        cluster=cluster, open_key="c", owner_kind="Cluster", owner_name="c", first_seen=NOW,
        cause=Cause.APISERVER_OVERLOAD, severity="critical", last_seen=NOW, onset=NOW,
    )  # fmt: skip
    assert "overloaded" in reason_to_skip(cluster, NOW + timedelta(seconds=15))
    assert reason_to_skip(cluster, NOW + timedelta(seconds=SPARED_SECONDS)) == ""
