"""When a CronJob was due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from detection.failures.workloads.cron import MOST_RUNS, runs_between

START = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "zone", "first"),
    [
        ("0 * * * *", "", datetime(2026, 3, 1, 1, 0, tzinfo=UTC)),
        ("@hourly", "", datetime(2026, 3, 1, 1, 0, tzinfo=UTC)),
        ("0 3 ? * *", "", datetime(2026, 3, 1, 3, 0, tzinfo=UTC)),
        ("0 3 * * *", "Asia/Tokyo", datetime(2026, 3, 1, 18, 0, tzinfo=UTC)),
        ("CRON_TZ=Asia/Tokyo 0 3 * * *", "", datetime(2026, 3, 1, 18, 0, tzinfo=UTC)),
    ],
)
def test_a_schedule_is_read_as_kubernetes_reads_it(
    schedule: str, zone: str, first: datetime
) -> None:
    found = runs_between(schedule, zone, START, START + timedelta(days=1))
    assert found is not None
    assert found[0] == first


@pytest.mark.parametrize("schedule", ["", "every day", "61 * * * *", "@every 1h"])
def test_what_is_no_schedule_tells_nothing(schedule: str) -> None:
    assert runs_between(schedule, "", START, START + timedelta(days=1)) is None


def test_an_unknown_time_zone_tells_nothing() -> None:
    assert runs_between("0 * * * *", "Atlantis/Capital", START, START + timedelta(1)) is None


def test_years_of_missed_runs_are_counted_no_further_than_is_useful() -> None:
    found = runs_between("* * * * *", "", START, START + timedelta(days=900))
    assert found is not None
    assert len(found) == MOST_RUNS
