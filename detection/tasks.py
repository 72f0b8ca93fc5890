"""The tasks of detection: adapters around plain functions."""

from celery import shared_task

from detection.pipeline import ticks
from kubewise_site import pipeline
from kubewise_site.core import clock


@shared_task(name=pipeline.SCRAPE)
def scrape() -> None:
    ticks.scrape_tick(clock.now())


@shared_task(name=pipeline.TRAIN, soft_time_limit=3000, time_limit=3300)
def train() -> None:
    ticks.train_tick(clock.now())


@shared_task(name=pipeline.DETECT)
def detect() -> None:
    for incident_id in ticks.detect_tick(clock.now()):
        pipeline.advance(incident_id)
