"""What runs when. Operators may change the rows in the admin; settings change the others."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from kubewise_site import pipeline

SWEEP_SECONDS = 5
DAY_SECONDS = 86_400
MARK = "Set by KubeWise: every "


@dataclass(frozen=True)
class Tick:
    """`task` is published every `seconds`; a tick ends when the next one is due."""

    name: str
    task: str
    seconds: int


def ticks() -> tuple[Tick, ...]:
    return (
        Tick("scrape metrics", pipeline.SCRAPE, settings.PROMETHEUS_SCRAPE_INTERVAL_SECONDS),
        Tick("scan and detect", pipeline.DETECT, settings.WORKER_SLEEP_INTERVAL_SECONDS),
        Tick("sweep", pipeline.SWEEP, SWEEP_SECONDS),
        Tick("prune", pipeline.PRUNE, DAY_SECONDS),
        Tick("train the anomaly model", pipeline.TRAIN, DAY_SECONDS),
        Tick("suggest metric queries", pipeline.SUGGEST_QUERIES, DAY_SECONDS),
    )


def sync_schedule() -> list[str]:
    """Write the ticks as rows; a row that somebody edited stays, with a warning returned."""
    return [warning for tick in ticks() if (warning := _sync(tick))]


def _sync(tick: Tick) -> str:
    row = PeriodicTask.objects.filter(name=tick.name).select_related("interval").first()
    if row and row.description != _mark(row):
        return f"The schedule of “{tick.name}” was edited in the admin and stays as it is."
    interval, _ = IntervalSchedule.objects.get_or_create(
        every=tick.seconds, period=IntervalSchedule.SECONDS
    )
    PeriodicTask.objects.update_or_create(
        name=tick.name,
        defaults={
            "task": tick.task,
            "interval": interval,
            "queue": pipeline.QUEUES[tick.task],
            # `expires` would be dropped silently; `expire_seconds` is what beat understands.
            "expire_seconds": tick.seconds,
            "description": f"{MARK}{tick.seconds} s",
        },
    )
    return ""


def _mark(row: PeriodicTask) -> str:
    return f"{MARK}{row.interval.every if row.interval else 0} s"
