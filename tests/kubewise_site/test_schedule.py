"""The schedule follows the settings, except where somebody edited it."""

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pytest_django import Settings

from kubewise_site.pipeline import QUEUES
from kubewise_site.schedule import sync_schedule, ticks

pytestmark = pytest.mark.django_db


def test_every_tick_is_a_row_that_expires_before_the_next_is_due() -> None:
    assert sync_schedule() == []
    for tick in ticks():
        row = PeriodicTask.objects.get(name=tick.name)
        assert (row.task, row.queue) == (tick.task, QUEUES[tick.task])
        assert row.expire_seconds == tick.seconds


def test_a_changed_setting_changes_rows_that_nobody_edited(settings: Settings) -> None:
    sync_schedule()
    settings.WORKER_SLEEP_INTERVAL_SECONDS = 30
    assert sync_schedule() == []
    assert PeriodicTask.objects.get(name="scan and detect").interval.every == 30


def test_an_edited_row_stays_with_a_warning(settings: Settings) -> None:
    sync_schedule()
    row = PeriodicTask.objects.get(name="scan and detect")
    row.interval = IntervalSchedule.objects.create(every=2, period=IntervalSchedule.MINUTES)
    row.save()
    settings.WORKER_SLEEP_INTERVAL_SECONDS = 30
    assert "scan and detect" in sync_schedule()[0]
    assert PeriodicTask.objects.get(name="scan and detect").interval.every == 2
